"""What the pages show, as data: requests, rows, diffs and records turned into words and pieces."""
