"""Use cases, one module each, and the ports they need. No adapter is imported here."""
