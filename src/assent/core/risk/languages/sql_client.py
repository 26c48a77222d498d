"""The commands of psql, sqlite3 and mysql that stand between statements."""

import re
from collections.abc import Callable
from typing import TypeAlias

from assent.core.risk.findings import Use
from assent.core.risk.languages.reading import Act, Reading, one, together
from assent.core.risk.languages.sql_text import Command
from assent.core.risk.names import names
from assent.core.risk.paths import shown

ReadSql: TypeAlias = Callable[[str], Reading]

_PLAIN = re.compile(r"[\w .,*?+%=<>@^#/\[\]-]*")
"""Words of a command in which nothing is quoted, substituted or run."""
_TELLS = "asks the client, and changes nothing"
_PSQL_TELLS = re.compile(
    r"\\(?:d\w*[+S]*|l[+]?|z|x|t|a|H|f|C|T|q|h|help|pset|timing|conninfo|encoding|echo|qecho|warn"
    r"|errverbose|sf[+]?|sv[+]?|g|gx|gdesc|watch|crosstabview|\?)(?![\w+])"
)
_SQLITE_TELLS = names(
    "tables schema mode headers header indexes indices databases dbinfo width nullvalue"
    " separator show stats timer eqp explain echo bail changes fullschema help quit exit dump"
    " print version vfsname sha3sum lint"
)
_COPY = re.compile(
    r"\\copy\s+(.+)\s(to|from)\s+(program\s+)?('[^']*'|[^\s']+)(?:\s.*)?", re.I | re.S
)


def read_command(command: Command, client: str, read_sql: ReadSql) -> Reading:
    """What this command does in `client`; `unknown` when it is not known."""
    text = command.text.strip()
    span = (command.start, command.start + len(command.text))
    if client == "psql":
        return _read_psql(text, span, read_sql)
    if client == "sqlite3":
        return _read_sqlite(text, span)
    return _read_mysql(text, span)


def _unknown(text: str, span: tuple[int, int]) -> Reading:
    return one("unknown", f"gives the client a command that is not known: {shown(text)}", span)


def _output(target: str, span: tuple[int, int]) -> Reading:
    """Sends what comes next to a file, or to a program after a bar."""
    name = target.strip().strip("'\"")
    if not name or name in ("stdout", "pstdout", "off"):
        return one("read", _TELLS, span)
    if name.startswith("|"):
        return Reading(shells=(name[1:].strip(),))
    return Reading(files=((name, Use.WRITE),)) if _PLAIN.fullmatch(name) else _unknown(name, span)


def _script(path: str, span: tuple[int, int]) -> Reading:
    runs = Act("code", f"runs the commands in {shown(path)}", span)
    name = path.strip().strip("'\"")
    if name.startswith("|"):
        return Reading((runs,), shells=(name[1:].strip(),))
    return Reading((runs,), files=((name, Use.READ),) if name else ())


def _shell(script: str, span: tuple[int, int]) -> Reading:
    if not script.strip():
        return one("interactive", "opens a shell", span)
    return Reading(shells=(script.strip(),))


def _read_psql(text: str, span: tuple[int, int], read_sql: ReadSql) -> Reading:
    if text.startswith("\\!"):
        return _shell(text[2:], span)
    head, _, rest = text.partition(" ")
    if head in ("\\o", "\\out", "\\w", "\\write") or (head in ("\\g", "\\gx") and rest.strip()):
        return _output(rest, span)
    if head in ("\\i", "\\ir", "\\include", "\\include_relative"):
        return _script(rest, span)
    if head == "\\copy":
        return _read_copy(text, span, read_sql)
    if head in ("\\c", "\\connect") and re.fullmatch(r"[\w-]*", rest.strip()):
        return one("read", _TELLS, span)
    if head == "\\gexec":
        return one("code", "runs what the query gives as SQL", span)
    if head in ("\\e", "\\edit", "\\ef", "\\ev"):
        return one("interactive", "opens an editor", span)
    if head == "\\password":
        return one("privilege", "changes a password", span)
    told = _PSQL_TELLS.match(text)
    words = text[told.end() :].rstrip(";") if told else ""
    if told and _PLAIN.fullmatch(words.replace("'", "").replace('"', "")):
        return one("read", _TELLS, span)
    return _unknown(text, span)


def _read_copy(text: str, span: tuple[int, int], read_sql: ReadSql) -> Reading:
    found = _COPY.fullmatch(text)
    if found is None:
        return _unknown(text, span)
    what, way, program, target = found.groups()
    name = target.strip("'")
    query = re.fullmatch(r"\((.*)\)", what.strip(), re.DOTALL)
    readings = [read_sql(query[1]) if query else Reading()]
    if way.lower() == "from":
        readings.append(one("external", f"loads rows into {shown(what)}", span))
    if program:
        readings.append(Reading(shells=(name,)))
    elif name.lower() not in ("stdin", "stdout", "pstdin", "pstdout"):
        use = Use.READ if way.lower() == "from" else Use.WRITE
        readings.append(Reading(files=((name, use),)))
    return together(readings)


def _read_sqlite(text: str, span: tuple[int, int]) -> Reading:
    name, _, rest = text[1:].partition(" ")
    words = rest.split()
    if name in ("shell", "system"):
        return _shell(rest, span)
    if name in ("output", "once") and not rest.strip().startswith("-"):
        return _output(rest, span)
    if name == "read":
        return _script(rest, span)
    if name in ("load", "excel", "www"):
        return one("code", f"runs other code: {shown(text)}", span)
    if name in ("save", "backup", "clone", "log") and len(words) == 1:
        return _output(rest, span)
    if name in ("import", "restore"):
        change = Act("external", f"loads rows: {shown(text)}", span)
        files = [w.strip("'\"") for w in words if not w.startswith("-")][:1]
        return Reading((change,), files=tuple((file, Use.READ) for file in files))
    if name in _SQLITE_TELLS and _PLAIN.fullmatch(rest.replace("'", "").replace('"', "")):
        return one("read", _TELLS, span)
    return _unknown(text, span)


def _read_mysql(text: str, span: tuple[int, int]) -> Reading:
    if text.startswith("\\!"):
        return _shell(text[2:], span)
    if text.startswith("\\."):
        return _script(text[2:], span)
    if text.startswith("\\T"):
        return _output(text[2:], span)
    if text.startswith("\\P"):
        return Reading(shells=(text[2:].strip(),))
    if re.fullmatch(r"\\(?:[schp?wW]|u\s+\w+)", text):
        return one("read", _TELLS, span)
    return _unknown(text, span)
