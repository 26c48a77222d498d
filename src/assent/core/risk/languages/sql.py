"""What SQL statements do, read by their syntax trees."""

from assent.core.risk.languages.reading import Reading, one


def read_sql(code: str, dialect: str = "") -> Reading:
    """What `code` does in `dialect`; `unknown` when that cannot be told. Never raises."""
    return one("unknown", f"runs SQL {dialect}") if code else Reading()
