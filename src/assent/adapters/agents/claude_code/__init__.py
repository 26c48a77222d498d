"""Claude Code: its hooks, read and answered, and their installation."""
