"""GitHub Copilot CLI: its hooks, read and answered, and their installation."""
