"""Pure decisions. No I/O, clock, ids, environment, logging or async: they arrive as arguments."""
