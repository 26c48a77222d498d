"""Where SQL statements begin and end, and the commands between them that are for the client.

Each server parts text in its own way, and what one takes for a comment another runs. The text is
therefore read in a stated style, and a reading that meets what the style cannot have is void.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Style:
    """How a server, and the client in front of it, part a text."""

    name: str
    """Of the dialect, for the parser; empty for what most have in common."""
    client: str = ""
    """Whose own commands can stand between the statements."""
    escapes: bool = False
    """Whether a backslash quotes in a string."""
    hashes: bool = False
    """Whether `#` begins a comment."""
    strict_dashes: bool = False
    """Whether `--` is a comment only before a space."""
    dollars: str = ""
    """Regular expression of the tag between the dollars that quote; empty for none."""
    brackets: bool = False
    """Whether `[name]` quotes."""
    ticks: bool = False
    """Whether backticks quote."""
    unread: str = ""
    """Regular expression of what this server quotes or comments in a way that is not read here,
    comments that it runs among them."""
    lexer: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lexer", re.compile(_lexer(self), re.DOTALL | re.IGNORECASE))


def _quoted(mark: str, *, escapes: bool) -> str:
    inner = rf"[^{mark}\\]|\\.|{mark}{mark}" if escapes else rf"[^{mark}]|{mark}{mark}"
    return rf"{mark}(?:{inner})*{mark}(?!{mark})"


def _lexer(style: Style) -> str:
    """Quoted texts, comments, statement ends and client commands; other text matches nothing."""
    comments = [r"--(?=\s|$)[^\n]*" if style.strict_dashes else r"--[^\n]*"]
    comments += [r"#[^\n]*"] if style.hashes else []
    block = r"/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/"
    quotes = [_quoted("`", escapes=False)] if style.ticks else []
    if style.name == "postgres":
        quotes.append(r"(?<![A-Za-z0-9_$])E" + _quoted("'", escapes=True))
    quotes += [_quoted(mark, escapes=style.escapes) for mark in "'\""]
    quotes += [rf"\$(?P<tag>{style.dollars})\$.*?\$(?P=tag)\$"] if style.dollars else []
    quotes += [r"\[[^\]]*\]"] if style.brackets else []
    unread = [rf"(?P<unread>{style.unread})"] if style.unread else []
    client = _CLIENTS.get(style.client, [])
    parts = [
        *unread,
        rf"(?P<comment>{'|'.join([*comments, block])})",
        rf"(?P<quoted>{'|'.join(quotes)})",
        *client,
        r"(?P<end>;)",
        r"(?P<broken>['\"`]|/\*)",
    ]
    return "|".join(parts)


_CLIENTS: Mapping[str, list[str]] = {
    "psql": [r"(?P<client>\\[^\n]*)"],
    "mysql": [r"(?P<go>\\[gG](?!\w))", r"(?P<client>\\[^\n]*)"],
    "sqlite3": [r"(?P<dot>(?:(?<=\n)|\A)\.[^\n]*)"],
}

_TAG = r"(?:[A-Za-z_]\w*)?"
STYLES: Mapping[str, Style] = {
    "": Style("", ticks=True),
    "postgres": Style("postgres", "psql", dollars=_TAG, unread=r"(?<!\w)U&\""),
    "mysql": Style(
        "mysql",
        "mysql",
        escapes=True,
        hashes=True,
        strict_dashes=True,
        ticks=True,
        unread=r"/\*M?!",
    ),
    "sqlite": Style("sqlite", "sqlite3", brackets=True, ticks=True),
    "bigquery": Style("bigquery", escapes=True, hashes=True, ticks=True, unread=r"'''|\"{3}"),
    "snowflake": Style("snowflake", escapes=True, unread=r"\$\$|//"),
    "tsql": Style("tsql", brackets=True),
    "duckdb": Style("duckdb", "sqlite3", dollars=_TAG),
}

NAMES: Mapping[str, str] = {
    "psql": "postgres",
    "postgresql": "postgres",
    "redshift": "postgres",
    "cockroachdb": "postgres",
    "mariadb": "mysql",
    "sqlite3": "sqlite",
    "mssql": "tsql",
    "sqlserver": "tsql",
}
"""Other names of the dialects."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, with blanks where its comments were."""

    text: str
    start: int
    """Where it begins in the code."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command for the client: its line, from the backslash or the dot."""

    text: str
    start: int


def parts_of(code: str, style: Style) -> tuple[Statement | Command, ...] | None:
    """The statements and client commands of `code`; None when it cannot be read in `style`."""
    parts = tuple(_parts(code, style))
    return None if None in parts else tuple(part for part in parts if part is not None)


def _parts(code: str, style: Style) -> Iterator[Statement | Command | None]:
    clean, begin, place = [], 0, 0
    for found in style.lexer.finditer(code):
        kind = found.lastgroup if found.lastgroup != "tag" else "quoted"
        clean.append(code[place : found.start()])
        place = found.end()
        if kind == "quoted":
            clean.append(found.group())
        elif kind == "comment":
            clean.append(" " * len(found.group()))
        elif kind == "dot" and "".join(clean).strip():
            yield None
        elif kind in ("end", "go", "dot", "client"):
            text = "".join(clean)
            if kind == "client" and not _ends_statement(found.group()):
                yield Command(found.group(), found.start())
                clean.append(" " * len(found.group()))
                continue
            yield from _stated(text, begin)
            if kind in ("dot", "client"):
                yield Command(found.group(), found.start())
            clean, begin = [], place
        else:
            yield None
    clean.append(code[place:])
    yield from _stated("".join(clean), begin)


_SENDS = re.compile(r"\\(?:g|gx|gset|gexec|gdesc|watch|crosstabview)\b")


def _ends_statement(command: str) -> bool:
    return _SENDS.match(command) is not None


def _stated(text: str, begin: int) -> Iterator[Statement]:
    stripped = text.strip()
    if stripped:
        yield Statement(stripped, begin + text.index(stripped))
