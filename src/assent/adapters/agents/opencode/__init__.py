"""opencode: its plugin hooks, read and answered, and their installation."""
