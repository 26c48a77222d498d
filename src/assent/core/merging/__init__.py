"""The merge queue as values: what is done next, what an acceptance still covers, what is said."""
