"""What is known about programs: the catalog's files, and their reader."""

from assent.adapters.catalog.reader import built_in_catalog, parse_catalog, read_programs

__all__ = ["built_in_catalog", "parse_catalog", "read_programs"]
