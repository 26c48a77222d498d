"""The `assent` command: one module per command, each imported only when it is called."""
