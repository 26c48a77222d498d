"""What a decision is as a signed statement, and what a log of them proves. No I/O, no keys."""
