"""Everything that must survive, in SQLite or PostgreSQL."""

from assent.adapters.store.opening import Reader, open_reader, open_store

__all__ = ["Reader", "open_reader", "open_store"]
