"""Clients of databases: which server or file they speak to, and what they are told to do there."""

import re
from collections.abc import Mapping, Sequence

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.languages.reading import Reading
from assent.core.risk.languages.sql import read_sql
from assent.core.risk.look import InnerCode, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.paths import shown
from assent.core.risk.shell import Word

_DIALECTS: Mapping[str, str] = {
    "psql": "postgres",
    "pgcli": "postgres",
    "usql": "postgres",
    "cockroach": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "mycli": "mysql",
    "sqlite3": "sqlite",
    "litecli": "sqlite",
    "clickhouse-client": "clickhouse",
    "clickhouse": "clickhouse",
    "duckdb": "duckdb",
    "snowsql": "snowflake",
    "sqlcmd": "tsql",
    "bq": "bigquery",
    "trino": "trino",
    "presto": "trino",
}
_SQL_FLAGS = names(
    "-c --command -e --execute -q --query -Q -cmd -execute --sql --statement --execute-query"
)
_FILE_FLAGS = names("-f --file -i --input-file --queries-file -init --init")
_HOST_FLAGS = names("-h --host -H --server -S --endpoint")
_NAME_FLAGS = names("-d --dbname --database --url --uri -u")
_LOOPBACK = re.compile(r"localhost|127(?:\.\d+){3}|\[?::1\]?|host\.docker\.internal|/.*|\.|")
_URL_HOST = re.compile(r"[a-z0-9+]+://(?:[^@/?]*@)?(\[[^\]]*\]|[^:/?,]*)", re.IGNORECASE)
_KEY_HOST = re.compile(r"\bhost(?:addr)?\s*=\s*'?([^\s']*)")
_TEMPORARY = ("/tmp/", "/private/tmp/", "/var/tmp/", "/var/folders/", "/private/var/folders/")
_ADDS = ("adds rows", "creates (CREATE T", "creates (CREATE I", "creates (CREATE V")
_CHANGES = names("external external-final")


# --- SQL


def read_sql_client(look: Look, found: Arguments) -> bool:
    """A client of a server: its SQL is read, and the server may be somebody else's."""
    dialect = _DIALECTS.get(look.name.rsplit("/", 1)[-1], "")
    texts = [(v.word, v.text) for v in found.values if v.flag in _SQL_FLAGS]
    for value in found.values:
        if value.flag in _FILE_FLAGS and value.text != "-":
            look.touch(value.word, Use.READ, value.text)
            look.act("unknown", f"runs the SQL in {shown(value.text or 'a file')}")
            texts.append((value.word, ""))
        elif value.use == "write" and value.text is not None:
            look.touch(value.word, Use.WRITE, value.text)
    if not texts:
        texts = _from_input(look)
    _server(look, found)
    for word, text in texts:
        if text is None:
            look.not_known(word, "with SQL that is known only when it runs")
        else:
            _say(look, read_sql(text, dialect), word)
    look.means(MEANINGS["network-read"])
    return True


def _from_input(look: Look) -> list[tuple[Word, str | None]]:
    if look.piped or look.stdin is not None:
        return [(look.words[0], look.stdin)]
    look.means(MEANINGS["interactive"])
    return []


def _say(look: Look, reading: Reading, word: Word) -> None:
    for act in reading.means:
        look.act(act.word, act.what, words=[word])
    for path, use in reading.files:
        look.touch(word, use, path)
    look.inner += (InnerCode("shell", word, script) for script in reading.shells)


def _server(look: Look, found: Arguments) -> None:
    """A server that is known only when it runs may be anybody's."""
    hosts: list[tuple[Word, str | None]] = []
    for value in found.values:
        if value.flag in _HOST_FLAGS:
            hosts.append((value.word, value.text))
        elif value.flag in _NAME_FLAGS:
            hosts.append((value.word, _host_of(value.word, value.text)))
    hosts += [(word, _host_of(word, word.text)) for word in found.operands]
    for word, host in hosts:
        if host is None:
            look.act("unknown", "asks a database that is known only when it runs", words=[word])
        elif not _LOOPBACK.fullmatch(host.lower()):
            look.act("network-read", f"asks the database at {shown(host)}", words=[word])


def _host_of(word: Word, text: str | None) -> str | None:
    """The host in a connection string; empty for a name alone, None when it is not certain."""
    known = text if text is not None else word.prefix
    found = _URL_HOST.match(known) or _KEY_HOST.search(known)
    if found is not None:
        ends = text is not None or found.end() < len(known)
        return found.group(1) if ends else None
    return "" if text is not None or word.number else None


# --- SQLite: a file


def read_sqlite(look: Look, found: Arguments) -> bool:
    """`sqlite3 FILE SQL`: the file is read or written, depending on the statements."""
    words = found.operands
    texts = [(v.word, v.text) for v in found.values if v.flag in ("-cmd", "-c", "--cmd")]
    texts += [(word, word.text) for word in words[1:]]
    for value in found.values:
        if value.flag in ("-init", "-f"):
            look.touch(value.word, Use.READ, value.text)
            look.act("unknown", f"runs the SQL in {shown(value.text or 'a file')}")
    if len(words) < 2 and not any(value.flag == "-c" for value in found.values):
        texts += _from_input(look)
    dialect = _DIALECTS.get(look.name, "sqlite")
    file = words[0] if words else None
    fixed = bool(found.flags & {"-readonly", "--readonly"}) or _only_reads(file)
    for word, text in texts:
        if text is None and not fixed:
            look.not_known(word, "with SQL that is known only when it runs")
        elif text is not None:
            _say_of_file(look, file, read_sql(text, dialect), word=word, fixed=fixed)
    path = _file_path(file)
    if file is not None and path != "":
        look.touch(file, Use.READ, path)
    return True


def _only_reads(file: Word | None) -> bool:
    return file is not None and (file.text or file.suffix).endswith(("mode=ro", "immutable=1"))


def _file_path(file: Word | None) -> str | None:
    """The path of a database; empty for one in memory."""
    if file is None or file.text is None:
        return None
    path = file.text.removeprefix("file:").split("?")[0] if "file:" in file.text else file.text
    return "" if path in (":memory:", "") else path


def _say_of_file(
    look: Look, file: Word | None, reading: Reading, *, word: Word, fixed: bool
) -> None:
    path = _file_path(file)
    for act in reading.means:
        if act.word not in _CHANGES:
            look.act(act.word, act.what, words=[word])
        elif fixed or path == "":
            continue
        elif act.what.startswith(_ADDS) or (path or "").startswith(_TEMPORARY):
            if file is not None:
                look.touch(file, Use.WRITE, path)
        else:
            look.act("discard", act.what, words=[word])
    for name, use in reading.files:
        look.touch(word, use, name)
    look.inner += (InnerCode("shell", word, script) for script in reading.shells)


# --- MongoDB: JavaScript

_CALLED = re.compile(r"([\w$]+)\s*\(")
_MONGO_ASKS = names(
    "find findOne count countDocuments estimatedDocumentCount distinct aggregate explain limit"
    " skip sort toArray pretty project forEach map filter getCollection getCollectionNames"
    " getCollectionInfos getSiblingDB getMongo getDB getIndexes stats dataSize storageSize"
    " totalSize totalIndexSize print printjson tojson JSON stringify ObjectId ISODate Date"
    " NumberLong NumberInt hello isMaster serverStatus version listDatabases getName hostInfo"
    " buildInfo currentOp status printReplicationInfo hasNext next size length keys values"
    " showDatabases validate isCapped hint batchSize maxTimeMS itcount"
)
_MONGO_SHOWS = re.compile(
    r"\s*show\s+(?:dbs|databases|collections|tables|users|roles|profile)\s*;?\s*"
)
_MONGO_FINAL = re.compile(r"drop|delete|remove|shutdown|kill|purge|truncate", re.IGNORECASE)
_MONGO_ODD = re.compile(
    r"\$out\b|\$merge\b|\$where\b|\$function\b|=>|\bfunction\b|process\.|`|\[\s*['\"]"
)


def read_mongo(look: Look, found: Arguments) -> bool:
    """`mongosh --eval`: methods that only ask are known, all others change."""
    texts = [(v.word, v.text) for v in found.values if v.flag in ("--eval", "-eval")]
    files = [w for w in found.operands if (w.text or "").endswith((".js", ".mongodb"))]
    files += [v.word for v in found.values if v.flag in ("-f", "--file")]
    look.touch_all(files, Use.READ)
    if files:
        look.act("code", "runs a script against the database")
    elif not texts:
        texts = _from_input(look)
    found.operands = [word for word in found.operands if word not in files]
    _server(look, found)
    for word, text in texts:
        _mongo_script(look, word, text)
    look.means(MEANINGS["network-read"])
    return True


def _mongo_script(look: Look, word: Word, text: str | None) -> None:
    called = set(_CALLED.findall(text or ""))
    if text is None:
        look.not_known(word, "with a script that is known only when it runs")
    elif any(_MONGO_FINAL.search(name) for name in called):
        look.act("external-final", f"deletes in the database ({shown(text)})", words=[word])
    elif _MONGO_SHOWS.fullmatch(text) or (called <= _MONGO_ASKS and not _MONGO_ODD.search(text)):
        look.act("network-read", "asks the database, and changes nothing", words=[word])
    else:
        look.act("external", f"may change the database ({shown(text)})", words=[word])


# --- Redis

_REDIS_ASKS = names(
    "get mget getrange strlen exists ttl pttl type keys scan dbsize info ping echo time hget hmget"
    " hgetall hkeys hvals hlen hexists hscan hstrlen lrange llen lindex lpos smembers scard"
    " sismember smismember sscan srandmember sinter sunion sdiff zrange zrangebyscore zrevrange"
    " zcard zcount zscore zmscore zrank zrevrank zscan zlexcount xlen xrange xrevrange xinfo"
    " xpending bitcount bitpos getbit pfcount geopos geodist geosearch object memory lastsave role"
    " command dump randomkey lolwut substr touch expiretime pubsub"
)
_REDIS_ASKS_TWO = names("client cluster config slowlog latency acl module function script")
_REDIS_ASKS_WORDS = names(
    "list info getname id nodes slots get len latest history doctor whoami cat help stats dump"
    " exists keyslot shards myid"
)
_REDIS_CHANGES = names(
    "set setex setnx psetex mset msetnx append incr incrby incrbyfloat decr decrby hset hmset"
    " hsetnx hincrby lpush rpush lpushx rpushx lset linsert sadd zadd zincrby xadd pfadd expire"
    " pexpire persist publish setrange setbit geoadd expireat copy getset"
)
_REDIS_MODES = names(
    "--scan --bigkeys --memkeys --hotkeys --stat --latency --latency-history --latency-dist"
)


def read_redis(look: Look, found: Arguments) -> bool:
    """`redis-cli COMMAND`: what only asks is known."""
    texts = [word.text for word in found.operands]
    hosts = [v.text for v in found.values if v.flag in ("-h", "-u")]
    here = all(_is_here(host) for host in hosts)
    for value in found.values:
        if value.use in ("read", "write"):
            look.touch(value.word, Use(value.use), value.text)
    if found.flags & {"--pipe", "--eval", "-x", "-X"}:
        look.act("external", f"changes a database ({look.said})")
    elif not texts and not found.flags & _REDIS_MODES:
        look.act("external" if look.piped else "interactive", "gives the database commands")
    else:
        look.means(MEANINGS[_redis_word(texts, here=here)])
    return True


def _is_here(host: str | None) -> bool:
    found = _URL_HOST.match(host or "")
    name = found.group(1) if found else host
    return name is not None and _LOOPBACK.fullmatch(name.lower()) is not None


def _redis_word(texts: Sequence[str | None], *, here: bool) -> str:
    lower = [(text or "\0").lower() for text in texts]
    if not lower or lower[0] in _REDIS_ASKS:
        return "network-read"
    if lower[0] in _REDIS_ASKS_TWO and lower[1:2] and lower[1] in _REDIS_ASKS_WORDS:
        return "network-read"
    if lower[0] in _REDIS_CHANGES:
        return "local-service" if here else "external"
    return "external-final"
