"""The languages inside commands: what a piece of code given to an interpreter would do.

Pure and total: `read_code(language, code)` answers for any text, within bounds; what it cannot
read it calls `unknown` or `code`, never harmless.
"""

from collections.abc import Callable, Mapping

from assent.core.risk.languages.python import read_python
from assent.core.risk.languages.reading import Act, Reading, one
from assent.core.risk.languages.sql import read_sql

__all__ = ["LANGUAGES", "Act", "Reading", "read_code", "read_python", "read_sql"]

LANGUAGES: Mapping[str, Callable[[str], Reading]] = {
    "python": read_python,
    "sql": read_sql,
}
"""The languages that are read, by the names that the catalog uses."""


def read_code(language: str, code: str) -> Reading:
    """What `code` in `language` does. A language that is not read here just runs."""
    reader = LANGUAGES.get(language)
    return reader(code) if reader else one("code", f"runs code given to {language}")
