"""What a Python program does, read by its syntax tree."""

from assent.core.risk.languages.reading import Reading, one


def read_python(code: str) -> Reading:
    """What `code` does when it is run; `unknown` when that cannot be told. Never raises."""
    return one("code", "runs Python code") if code else Reading()
