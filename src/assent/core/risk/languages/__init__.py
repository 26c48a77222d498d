"""The languages inside commands: what a piece of code given to an interpreter would do.

Pure and total: `read_code(language, code)` answers for any text, within bounds; what it cannot
read it calls `unknown` or `code`, never harmless.
"""

from collections.abc import Callable, Mapping

from assent.core.risk.languages.javascript import read_javascript
from assent.core.risk.languages.python import read_python
from assent.core.risk.languages.reading import Act, Reading, one
from assent.core.risk.languages.scripts import (
    read_lua,
    read_mongo,
    read_perl,
    read_php,
    read_r,
    read_redis,
    read_ruby,
)
from assent.core.risk.languages.sql import read_sql

__all__ = ["LANGUAGES", "Act", "Reading", "read_code", "read_python", "read_sql"]

LANGUAGES: Mapping[str, Callable[[str], Reading]] = {
    "javascript": read_javascript,
    "lua": read_lua,
    "mongo": read_mongo,
    "perl": read_perl,
    "php": read_php,
    "python": read_python,
    "r": read_r,
    "redis": read_redis,
    "ruby": read_ruby,
    "sql": read_sql,
}
"""The languages that are read, by the names that the catalog uses."""


def read_code(language: str, code: str) -> Reading:
    """What `code` in `language` does. A language that is not read here just runs.

    SQL for a known server is called by its dialect too: `sql:postgres`.
    """
    name, _, dialect = language.partition(":")
    if name == "sql":
        return read_sql(code, dialect)
    reader = LANGUAGES.get(name)
    return reader(code) if reader else one("code", f"runs code given to {language}")
