"""What SQL statements do, read by their syntax trees.

The first word of a statement tells what it does; a query is parsed in addition, because it can
hide a change. What cannot be parsed is unknown, however harmless its first word.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import sqlglot.errors
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import Token, TokenType

from assent.core.risk.findings import Use
from assent.core.risk.languages.reading import LIMIT, Act, Reading, one, together
from assent.core.risk.languages.sql_client import read_command
from assent.core.risk.languages.sql_names import (
    PRAGMA_VALUES,
    PRAGMAS,
    READ_FILE,
    acting,
    holds_secrets,
)
from assent.core.risk.languages.sql_text import (
    NAMES,
    STYLES,
    Command,
    Statement,
    Style,
    parts_of,
)
from assent.core.risk.names import names
from assent.core.risk.paths import shown

MAX_TOKENS = 1_500
MAX_STATEMENTS = 100
MAX_DEPTH = 40
UNREAD = "is SQL that cannot be read"
ASKS = "asks the database, and changes nothing"

Says: TypeAlias = tuple[str, str]
"""A word of the meanings, and what is done; the first names of the statement are put after it."""

_HEAD = re.compile(r"[\s(]*([A-Za-z]+)")
_QUERIES = names("SELECT WITH VALUES TABLE")
_HEADS: Mapping[str, Says] = {
    "INSERT": ("external", "adds rows"),
    "REPLACE": ("external", "replaces rows"),
    "UPSERT": ("external", "adds or changes rows"),
    "MERGE": ("external", "merges rows"),
    "UPDATE": ("external", "changes rows"),
    "DELETE": ("external", "deletes rows"),
    "CREATE": ("external", "creates"),
    "ALTER": ("external", "alters"),
    "RENAME": ("external", "renames"),
    "COMMENT": ("external", "changes a comment"),
    "DROP": ("external-final", "drops"),
    "TRUNCATE": ("external-final", "empties"),
    "PURGE": ("external-final", "purges"),
    "UNDROP": ("external", "restores"),
    "RESTORE": ("external-final", "overwrites from a backup"),
    "BACKUP": ("external", "makes a backup"),
    "GRANT": ("privilege", "grants rights"),
    "REVOKE": ("privilege", "takes rights away"),
    "DENY": ("privilege", "denies rights"),
    "REASSIGN": ("privilege", "changes owners"),
    "SECURITY": ("privilege", "changes security labels"),
    "DO": ("code", "runs a block of code"),
    "CALL": ("code", "calls a procedure"),
    "EXEC": ("code", "runs a procedure"),
    "EXECUTE": ("code", "runs a prepared statement"),
    "PREPARE": ("code", "prepares a statement"),
    "LOAD": ("external", "loads"),
    "IMPORT": ("external", "imports"),
    "EXPORT": ("external", "exports"),
    "UNLOAD": ("external", "exports"),
    "COPY": ("external", "copies between a table and files"),
    "PUT": ("external", "uploads files"),
    "GET": ("external", "downloads files"),
    "ATTACH": ("external", "attaches a database"),
    "DETACH": ("external", "detaches a database"),
    "INSTALL": ("code", "installs an extension"),
    "VACUUM": ("external", "rewrites tables"),
    "ANALYZE": ("external", "collects statistics"),
    "ANALYSE": ("external", "collects statistics"),
    "OPTIMIZE": ("external", "rewrites tables"),
    "REPAIR": ("external", "repairs tables"),
    "CHECKPOINT": ("external", "writes a checkpoint"),
    "CLUSTER": ("external", "rewrites tables"),
    "REINDEX": ("external", "rebuilds indexes"),
    "REFRESH": ("external", "refreshes"),
    "LOCK": ("external", "locks tables"),
    "UNLOCK": ("external", "unlocks tables"),
    "NOTIFY": ("external", "notifies others"),
    "FLUSH": ("external", "flushes"),
    "RESET": ("external", "resets"),
    "CHANGE": ("external", "changes the replication"),
    "STOP": ("service", "stops"),
    "START": ("service", "starts"),
    "KILL": ("service", "ends a session"),
    "SHUTDOWN": ("service", "stops the server"),
    "SET": ("unknown", "changes settings, which can change what later statements mean:"),
    "DECLARE": ("unknown", "declares"),
    "LISTEN": ("unknown", "listens"),
    "UNLISTEN": ("unknown", "stops listening"),
    "DISCARD": ("unknown", "discards what the session holds"),
    "SYSTEM": ("code", "runs a program"),
    "SOURCE": ("code", "runs the SQL of a file"),
    "DELIMITER": ("unknown", "changes where statements end"),
    "EDIT": ("interactive", "opens an editor"),
    "PAGER": ("code", "runs a program"),
    "TEE": ("outside", "writes a file"),
}
_RIGHTS = re.compile(r"\b(?:USER|ROLE|LOGIN|GROUP|OWNED|POLICY|PRIVILEGES)\b", re.IGNORECASE)
_OPENS_RIGHTS = re.compile(
    r"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:USER|ROLE|LOGIN|GROUP|OWNED|POLICY"
    r"|DEFAULT\s+PRIVILEGES)\b"
    r"|SET\s+(?:(?:LOCAL|SESSION)\s+)?(?:ROLE|PASSWORD|AUTHORIZATION)\b",
    re.IGNORECASE,
)
_OPENS_CODE = re.compile(
    r"(?:CREATE|ALTER)\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:AGGREGATE\s+)?"
    r"(?:CONSTRAINT\s+|EVENT\s+|TEMP\s+|TEMPORARY\s+|TRUSTED\s+|PROCEDURAL\s+)*"
    r"(?:FUNCTION|PROCEDURE|TRIGGER|LANGUAGE|EXTENSION|EVENT|RULE|ASSEMBLY|TASK|SERVER|SYSTEM)\b",
    re.IGNORECASE,
)
_COPY_PROGRAM = re.compile(r"\b(?:FROM|TO)\s+PROGRAM\s+(?:E|\$\$)?'?([^']*)", re.IGNORECASE)
_BEGINS = re.compile(
    r"(?:BEGIN(?:\s+(?:TRAN(?:SACTION)?|WORK|DEFERRED|IMMEDIATE|EXCLUSIVE))?|START\s+TRANSACTION)"
    r"(?:\s+(?:READ\s+(?:ONLY|WRITE)|ISOLATION\s+LEVEL\s+[A-Z]+(?:\s+[A-Z]+)?|,))*",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?:COMMIT|ROLLBACK|END|ABORT)(?:\s+(?:TRAN(?:SACTION)?|WORK))?", re.IGNORECASE)
_USE = re.compile(r"USE\s+(?:(?:DATABASE|SCHEMA|WAREHOUSE)\s+)?[\w.`\"\[\]]+", re.IGNORECASE)
_PRAGMA = re.compile(
    r"PRAGMA\s+(?:\w+\.)?(\w+)\s*(?:\(\s*['\"\[`]?([\w. ]*)['\"\]`]?\s*\))?", re.IGNORECASE
)
_EXPLAIN = re.compile(
    r"(?:EXPLAIN|DESCRIBE|DESC)\b((?:\s*\([^()']*\)|\s+(?:QUERY\s+PLAN|VERBOSE|EXTENDED|PARTITIONS"
    r"|COSTS|ANALY[SZ]E|FORMAT\s*=?\s*\w+|USING\s+\w+|FOR\s+(?=SELECT|WITH)))*)\s*"
    r"(?=[(]*(?:SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|REPLACE|MERGE)\b)",
    re.IGNORECASE,
)
_ANALYZES = re.compile(r"\bANALY[SZ]E\b(?!\s+(?:FALSE|OFF|0)\b)", re.IGNORECASE)
_TELLS = re.compile(
    r"(?:SHOW|DESCRIBE|DESC|SUMMARIZE)(?:\s+(?:[\w.$@`\"%*=]+|'[^'\\]*'|\[\w+\]))+", re.IGNORECASE
)
_STRAY = names(
    "DROP TRUNCATE DELETE INSERT UPDATE ALTER CREATE GRANT REVOKE EXEC EXECUTE MERGE KILL"
    " SHUTDOWN BACKUP RESTORE DENY BULK RECONFIGURE WRITETEXT"
)
"""Words that begin a statement in T-SQL, where nothing need stand between two statements."""
_CALL_LIKE = (TokenType.L_PAREN, TokenType.COMMA, TokenType.DOT, TokenType.EQ, TokenType.R_PAREN)
_TYPES = names(
    "bit varbit bytea money macaddr macaddr8 cidr inet uuid xml name char point polygon path line"
    " lseg box circle tsvector tsquery oid regclass regtype regproc pg_lsn jsonpath int2 int4 int8"
    " float4 float8 real smallint bigint numeric int4range int8range numrange daterange tsrange"
    " tstzrange integer jsonb json text bool boolean int character varchar bpchar varying"
    " double precision"
)
"""Types that Postgres lets stand before a literal: `point '(1,2)'`."""


_DIALECTS = {name: Dialect.get_or_raise(name or None) for name in STYLES}
"""Loaded at once: the first statement must not wait for it."""


def read_sql(code: str, dialect: str = "") -> Reading:
    """What `code` does in `dialect`; `unknown` when that cannot be told. Never raises.

    With no dialect, or one that is not known here, it does the worst that it does in any.
    """
    if len(code) > LIMIT or "\0" in code:
        return one("unknown", "runs SQL that is too long to be read")
    called = dialect.lower()
    style = STYLES.get(NAMES.get(called, called) or "-")
    return _read(code, (style,) if style else tuple(STYLES.values()))


def _read(code: str, styles: tuple[Style, ...]) -> Reading:
    """The worst of all ways in which these styles part the text."""
    parted = [(parts, style) for style in styles if (parts := parts_of(code, style)) is not None]
    if any(len(parts) > MAX_STATEMENTS for parts, _ in parted):
        return one("unknown", "runs SQL that is too long to be read")
    if len(parted) < len(styles):
        return one("unknown", "runs SQL that servers would part in different ways")
    ways: dict[tuple[Statement | Command, ...], list[Style]] = {}
    for parts, style in parted:
        ways.setdefault(parts, []).append(style)
    readings = [_read_way(parts, alike) for parts, alike in ways.items()]
    understood = [reading for reading in readings if not _is_unread(reading)]
    found = together(_without_unread(reading) for reading in readings)
    if not understood:
        found = together((found, one("unknown", UNREAD)))
    return found if found != Reading() or not code.strip() else one("read", ASKS)


def _is_unread(reading: Reading) -> bool:
    return any(act.what == UNREAD for act in reading.means)


def _without_unread(reading: Reading) -> Reading:
    rest = tuple(act for act in reading.means if act.what not in (UNREAD, ASKS))
    return Reading(rest, reading.files, reading.shells, reading.commands)


def _read_way(parts: tuple[Statement | Command, ...], alike: list[Style]) -> Reading:
    """What the parts do in the first of `alike` that understands them all."""
    reading = Reading()
    for style in alike:
        reading = together((_session(parts), *(_read_part(part, style) for part in parts)))
        if not _is_unread(reading):
            break
    return reading


def _session(parts: Iterable[Statement | Command]) -> Reading:
    """Whether transactions are begun and ended in the same text."""
    depth = 0
    for part in parts:
        if isinstance(part, Statement) and _BEGINS.fullmatch(part.text):
            depth += 1
        elif isinstance(part, Statement) and _ENDS.fullmatch(part.text):
            depth -= 1
        if depth not in (0, 1):
            break
    return Reading() if depth == 0 else one("unknown", "leaves or ends a transaction of others")


def _read_part(part: Statement | Command, style: Style) -> Reading:
    if isinstance(part, Command):
        return read_command(part, style.client, lambda code: _read(code, (style,)))
    return _read_statement(part, style)


def _read_statement(statement: Statement, style: Style) -> Reading:
    text = statement.text
    span = (statement.start, statement.start + len(text))
    found = _HEAD.match(text)
    head = found[1].upper() if found else ""
    explained = _EXPLAIN.match(text)
    if explained:
        return _read_explained(statement, style, explained)
    if head in _QUERIES:
        return _read_query(text, style, span)
    if head in _HEADS:
        return _read_change(head, text, style, span)
    if _only_tells(text, style):
        return one("read", ASKS, span)
    if _BEGINS.fullmatch(text) or _ENDS.fullmatch(text) or _USE.fullmatch(text):
        return one("read", ASKS, span)
    return one("unknown", f"runs SQL that is not known: {shown(text)}", span)


def _only_tells(text: str, style: Style) -> bool:
    if _TELLS.fullmatch(text):
        return True
    pragma = _PRAGMA.fullmatch(text) if style.name in ("", "sqlite", "duckdb") else None
    if pragma is None:
        return False
    return pragma[1].lower() in (PRAGMAS if pragma[2] else PRAGMA_VALUES)


def _read_explained(statement: Statement, style: Style, head: re.Match[str]) -> Reading:
    """A plan is only made, unless it is asked to be measured."""
    span = (statement.start, statement.start + len(statement.text))
    inner = Statement(statement.text[head.end() :], statement.start + head.end())
    if _ANALYZES.search(head[1]):
        runs = one("unknown", "runs the statement in order to explain it", span)
        return together((runs, _read_statement(inner, style)))
    tokens = _tokens(inner.text, style)
    if tokens is None or _parse(tokens, style) is None:
        return one("unknown", UNREAD, span)
    return together((_named(tokens, style, span), one("read", ASKS, span)))


def _read_change(head: str, text: str, style: Style, span: tuple[int, int]) -> Reading:
    word, says = _HEADS[head]
    acts = [Act(word, f"{says} ({shown(' '.join(text.split()))})", span)]
    if _OPENS_RIGHTS.match(text):
        acts.append(Act("privilege", f"changes who has which rights ({shown(text)})", span))
    if _OPENS_CODE.match(text):
        acts.append(Act("code", "creates what the server runs", span))
    if head == "ALTER" and re.search(r"\bDROP\b", text, re.IGNORECASE):
        acts.append(Act("external-final", f"drops a part of it ({shown(text)})", span))
    reading = Reading(tuple(acts))
    program = _COPY_PROGRAM.search(text) if head == "COPY" else None
    if program:
        runs = Reading((Act("code", "runs a program on the server", span),), shells=(program[1],))
        reading = together((reading, runs))
    tokens = _tokens(text, style)
    if tokens is None:
        return together((reading, one("unknown", UNREAD, span)))
    if head in ("UPDATE", "DELETE") and _takes_all(tokens, style):
        every = f"{says} without saying which ({shown(text)})"
        reading = together((one("external-final", every, span), reading))
    return together((reading, _named(tokens, style, span)))


def _takes_all(tokens: list[Token], style: Style) -> bool:
    """Whether nothing narrows what is changed; what cannot be parsed is told by its words."""
    tree = _parse(tokens, style)
    changes = [tree] if isinstance(tree, exp.Update | exp.Delete) else []
    if changes:
        return any(_is_wide(change) for change in changes)
    return all(token.token_type is not TokenType.WHERE for token in tokens)


def _is_wide(change: exp.Expr) -> bool:
    where = change.args.get("where")
    if where is None:
        return change.args.get("limit") is None
    return where.find(exp.Column) is None or _is_always_true(where.this)


def _is_always_true(test: exp.Expr) -> bool:
    if isinstance(test, exp.EQ) and test.left == test.right:
        return True
    if isinstance(test, exp.Or):
        return any(
            _is_always_true(side) or side.find(exp.Column) is None for side in test.flatten()
        )
    return isinstance(test, exp.Paren) and _is_always_true(test.this)


# --- queries


def _read_query(text: str, style: Style, span: tuple[int, int]) -> Reading:
    tokens = _tokens(text, style)
    if tokens is None:
        return one("unknown", UNREAD, span)
    named = _named(tokens, style, span)
    tree = _parse(tokens, style)
    if tree is None:
        return together((named, one("unknown", UNREAD, span)))
    acts = [Act(word, what, span) for kind, word, what in _IN_QUERIES if tree.find(kind)]
    if tree.find(exp.Command) or not isinstance(tree, exp.Query | exp.Values | exp.Table):
        acts.append(Act("unknown", UNREAD, span))
    if any(_is_wide(change) for change in tree.find_all(exp.Update, exp.Delete)):
        acts.append(Act("external-final", "changes or deletes all rows in a query", span))
    return together((Reading(tuple(acts)), named, one("read", ASKS, span)))


_IN_QUERIES: tuple[tuple[type[exp.Expression], str, str], ...] = (
    (exp.Into, "external", "puts what it finds into a table or a file"),
    (exp.Lock, "external", "locks the rows that it reads"),
    (exp.Insert, "external", "adds rows in a query"),
    (exp.Update, "external", "changes rows in a query"),
    (exp.Delete, "external", "deletes rows in a query"),
    (exp.Merge, "external", "merges rows in a query"),
    (exp.Create, "external", "creates in a query"),
    (exp.Drop, "external-final", "drops in a query"),
    (exp.NextValueFor, "external", "takes the next number of a sequence"),
)


def _tokens(text: str, style: Style) -> list[Token] | None:
    """The tokens; None when they are too many, too deep, or parted unlike the text was."""
    try:
        tokens = _DIALECTS[style.name].tokenize(text)
    except (sqlglot.errors.SqlglotError, ValueError, RecursionError):
        return None
    depth = deepest = 0
    for token in tokens:
        if token.token_type in _OPENERS:
            depth += 1
            deepest = max(deepest, depth)
        elif token.token_type in _CLOSERS:
            depth -= 1
        if token.token_type is TokenType.SEMICOLON or token.comments:
            return None
    return tokens if len(tokens) <= MAX_TOKENS and deepest <= MAX_DEPTH else None


_OPENERS = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE)
_CLOSERS = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END)


def _parse(tokens: list[Token], style: Style) -> exp.Expression | None:
    """The one statement that the tokens are; None when they are not.

    The parser has a grammar of its own for the arguments of some functions, which can be narrower
    than the server's; names are judged by the tokens, so it is tried once more without them.
    """
    known = _without_types(tokens) if style.name in ("", "postgres", "duckdb") else tokens
    return _parse_tokens(known, style) or _parse_tokens(_without_functions(known), style)


def _parse_tokens(tokens: list[Token], style: Style) -> exp.Expression | None:
    parser = _DIALECTS[style.name].parser(error_level=sqlglot.errors.ErrorLevel.IMMEDIATE)
    try:
        trees = parser.parse(tokens, "")
    except (sqlglot.errors.SqlglotError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    tree = trees[0] if len(trees) == 1 else None
    return tree if isinstance(tree, exp.Expression) else None


def _without_functions(tokens: list[Token]) -> list[Token]:
    """The tokens with the same plain name for every function."""
    found: list[Token] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        named = token.token_type is TokenType.VAR and following is not None
        called = following is not None and following.token_type is TokenType.L_PAREN
        if named and called:
            plain = Token(TokenType.VAR, "f", start=token.start, end=token.end)
            found.append(plain)
        else:
            found.append(token)
    return found


def _without_types(tokens: list[Token]) -> list[Token]:
    """The tokens without types before literals and the `@` of absolute values, as in Postgres."""
    kept: list[Token] = []
    for token in tokens:
        if token.token_type is TokenType.STRING:
            while kept and kept[-1].text.lower() in _TYPES:
                kept.pop()
        if token.token_type is not TokenType.PARAMETER:
            kept.append(token)
    return kept


def _named(tokens: list[Token], style: Style, span: tuple[int, int]) -> Reading:
    """What the names of functions and tables give away, wherever they stand."""
    readings: list[Reading] = []
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        calls = following is not None and following.token_type is TokenType.L_PAREN
        if token.token_type is TokenType.STRING:
            continue
        if calls:
            readings.append(_called(tokens, place, style, span))
        database = tokens[place - 2].text if place > 1 and tokens[place - 1].text == "." else ""
        if holds_secrets(database, token.text):
            readings.append(one("secret", f"reads {token.text}, which holds secrets", span))
        if style.client == "psql" and _is_variable(tokens, place):
            readings.append(one("unknown", "puts in a variable, not known what it holds", span))
        quoted = token.token_type is TokenType.IDENTIFIER
        stray = (
            place > 0 and not quoted and style.name in ("", "tsql") and token.text.upper() in _STRAY
        )
        if stray and following is not None and following.token_type not in _CALL_LIKE:
            readings.append(one("unknown", f"may run {token.text} as a statement", span))
    return together(readings)


def _is_variable(tokens: list[Token], place: int) -> bool:
    """Whether psql puts text in place of this colon and the name after it."""
    if tokens[place].token_type is not TokenType.COLON or place + 1 == len(tokens):
        return False
    before, after = tokens[place - 1], tokens[place + 1]
    slices = before.token_type in (TokenType.NUMBER, TokenType.VAR, TokenType.R_PAREN)
    return after.start == tokens[place].end + 1 and not (slices and place > 0)


def _called(tokens: list[Token], place: int, style: Style, span: tuple[int, int]) -> Reading:
    name = tokens[place].text
    if READ_FILE.get(name.lower()) == style.name and style.name:
        return _read_file(tokens[place + 2 :], name, span)
    word = acting(name)
    return one(word, f"calls {name}, which does more than answer", span) if word else Reading()


def _read_file(arguments: list[Token], name: str, span: tuple[int, int]) -> Reading:
    first = arguments[0] if arguments else None
    if first is None or first.token_type is not TokenType.STRING:
        return one("unknown", f"reads a file with {name}, not known which", span)
    if "://" in first.text:
        return one("network-read", f"reads {shown(first.text)}", span)
    return Reading(files=((first.text, Use.READ),))
