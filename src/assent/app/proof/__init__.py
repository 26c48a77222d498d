"""Who said what, as signed statements: making them, checking them, keeping them."""
