"""Perl, Ruby, PHP, Lua and R: the few shapes of one-liners that only compute and print.

Each is told by its tokens, all of which must be known; anything else runs code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.risk.findings import Use
from assent.core.risk.languages.reading import LIMIT, Reading, one, together
from assent.core.risk.names import names

_LIBRARIES = names("json yaml time date set pp bigdecimal digest securerandom")
_MORE = "which does more than is known to be harmless"


@dataclass(frozen=True, slots=True)
class _Tongue:
    """What a program in this language may be made of."""

    called: str
    words: frozenset[str]
    """All names that may stand in it."""
    readers: frozenset[str] = frozenset()
    """Names among them that read the file named next, in brackets."""
    loaders: frozenset[str] = frozenset()
    """Names among them that load the library named next, one of `_LIBRARIES`."""
    dotted: bool = False
    """Whether a name may have dots in it."""
    variables: str = ""
    """Regular expression of variables that may stand in it; they are never called."""
    inserts: str = r"(?!)"
    """Regular expression of what is computed in a text in double quotes."""
    marks: str = r"[-+*<>=!,;:.()\[\]?\n]"


_PHP = _Tongue(
    "PHP",
    names(
        "echo print PHP_VERSION PHP_EOL PHP_OS PHP_INT_MAX PHP_BINARY phpversion strlen strtoupper"
        " strtolower ucfirst trim json_encode json_decode JSON_PRETTY_PRINT implode explode count"
        " array true false null var_dump print_r date time microtime sprintf printf number_format"
        " substr str_replace str_repeat round floor ceil max min abs array_sum range md5 sha1"
        " crc32 base64_encode base64_decode bin2hex strrev sqrt intdiv in_array array_keys"
        " array_values extension_loaded function_exists class_exists version_compare php_uname"
        " file_get_contents is_numeric gettype password_hash"
    ),
    readers=names("file_get_contents"),
    variables=r"\$(?!GLOBALS)[A-Za-z]\w*+(?!\s*[({\[]|\s*->|\s*::)",
    inserts=r"\{\$|\$\{|\$\w+(?:\[|->)",
)
_RUBY = _Tongue(
    "Ruby",
    names(
        "puts p print pp require RUBY_VERSION RUBY_PLATFORM RUBY_ENGINE"
        " RUBY_PATCHLEVEL Time Date now today to_s to_i to_f to_a"
        " upcase downcase capitalize reverse"
        " length size join split strip chomp inspect sort uniq sum min max first last keys values"
        " JSON parse pretty_generate generate STDIN read File exist? basename dirname extname"
        " zip flatten compact count include? start_with? end_with? round floor ceil abs true false"
        " nil Integer Float String Array Gem VERSION Version rand lines chars strftime"
    ),
    readers=names("read"),
    loaders=names("require"),
    inserts=r"#[{$@]",
)
_LUA = _Tongue(
    "Lua",
    names(
        "print string format upper lower rep reverse len sub tostring tonumber type math floor ceil"
        " max min pi sqrt abs huge random table concat _VERSION os date time clock true false nil"
        " local"
    ),
    marks=r"[-+*<>=!,;:.()?\n]",
)
_R = _Tongue(
    "R",
    names(
        "cat print paste paste0 R.version.string R.version getRversion packageVersion sessionInfo"
        " sqrt mean sum c seq length max min round abs exp log median sd var TRUE FALSE NULL"
        " nchar toupper tolower rev sort unique format Sys.time Sys.Date as.character sep"
        " installed.packages rownames head tail"
    ),
    dotted=True,
)


def _read(code: str, tongue: _Tongue) -> Reading:
    """Every token must be known; a call must be of a known name, a file must be named."""
    word = r"[A-Za-z_][\w.]*[?]?" if tongue.dotted else r"[A-Za-z_]\w*[?]?"
    token = re.compile(
        rf"(?P<space>[ \t]+)|(?P<variable>{tongue.variables or '(?!)'})|(?P<word>{word})"
        rf"|(?P<number>\d[\d_.]*)|(?P<single>'(?:[^'\\]|\\.)*')|(?P<double>\"(?:[^\"\\]|\\.)*\")"
        rf"|(?P<mark>{tongue.marks})"
    )
    place = 0
    found: list[re.Match[str]] = []
    while len(code) <= LIMIT and (match := token.match(code, place)) is not None:
        place = match.end()
        if match.lastgroup != "space":
            found.append(match)
    known = place == len(code) and all(_is_known(each, tongue) for each in found)
    files = _files(found, tongue) if known else None
    if files is None:
        return one("code", f"runs {tongue.called} code, {_MORE}")
    return Reading(files=tuple((file, Use.READ) for file in files))


def _is_known(token: re.Match[str], tongue: _Tongue) -> bool:
    if token.lastgroup == "word":
        return token.group() in tongue.words
    if token.lastgroup == "double":
        return re.search(tongue.inserts, token.group()) is None
    return True


def _is_computed(called: re.Match[str]) -> bool:
    return called.lastgroup not in ("word", "mark") or called.group() in (")", "]")


def _files(found: list[re.Match[str]], tongue: _Tongue) -> list[str] | None:
    """The files it reads; None when something is called, or read, that is not known."""
    files: list[str] = []
    texts = [each.group() for each in found] + ["", "", ""]
    for place, token in enumerate(found):
        before = found[place - 1] if place else None
        if token.group() == "(" and before is not None and _is_computed(before):
            return None
        if token.group() in tongue.loaders and texts[place + 1][1:-1] not in _LIBRARIES:
            return None
        if token.group() in tongue.readers and texts[max(place - 2, 0)] != "STDIN":
            name = texts[place + 2]
            if texts[place + 1] != "(" or name[:1] not in ("'", '"') or texts[place + 3] != ")":
                return None
            if "\\" in name or "://" in name or name[1:2] == "|":
                return None
            files.append(name[1:-1])
    return files


# --- Perl

_PERL_COMPUTES = re.compile(r"[$@]\w*\s*[\[{]|[$@]\$|->|\(\?\??\{|[$@]\(")
"""In a pattern or a text: what is computed, as in `@{[system("x")]}`."""


_PERL_FIELD = re.compile(r"\$F\[-?\d+\]")


def _perl_part(mark: str) -> str:
    return rf"(?:[^\\{mark}]|\\(?s:.))*"


_MARKS = "/|#,!%:~"
_PERL_SUBSTITUTIONS = "|".join(
    rf"(?:s|tr|y){mark}{_perl_part(mark)}{mark}{_perl_part(mark)}{mark}"
    for mark in map(re.escape, _MARKS)
)
_BRACED = r"(?:[^\\{}]|\\(?s:.))*"
_PERL_TEXT = r"\"(?:[^\"\\]|\\(?s:.))*\"|'(?:[^'\\]|\\(?s:.))*'"
_PERL_VALUE = rf"(?:{_PERL_TEXT}|\$[_.&0-9,]|\$F\[-?\d+\]|@F|\d+|uc|lc|length|reverse)"
_PERL_MATCH = rf"(?:!\s*)?(?:/(?:[^\\/]|\\(?s:.))*/|m\{{{_BRACED}\}})[gimsx]*"
_PERL_TEST = (
    rf"(?:{_PERL_MATCH}|\$\.\s*(?:==|<=|>=|<|>|%)\s*\d+|\d+\s*\.\.\s*\d+|eof"
    rf"|{_PERL_MATCH}\s*\.\.\.?\s*{_PERL_MATCH}|\$F\[\d+\]\s*(?:==|>|<|eq|ne)\s*(?:\d+|{_PERL_TEXT}))"
)
_PERL_STATEMENT = re.compile(
    rf"\s*(?:(?:{_PERL_SUBSTITUTIONS}|s\{{{_BRACED}\}}\s*\{{{_BRACED}\}})[gimsxrcd]*"
    rf"|(?:print|say|next|last|chomp|exit|{_PERL_MATCH}\s*(?:and|&&)\s*print)"
    rf"(?:\s*(?:\(\s*)?{_PERL_VALUE}(?:\s*[,.]\s*{_PERL_VALUE})*(?:\s*\))?)?)"
    rf"(?:\s*(?:if|unless)\s*(?:\(\s*)?{_PERL_TEST}(?:\s*(?:&&|\|\||and|or)\s*{_PERL_TEST})*(?:\s*\))?)?"
    r"\s*(?:;|$)"
)


def read_perl(code: str) -> Reading:
    """Substitutions, and printing of lines that match; never raises."""
    place = 0
    bare = re.sub(r"\\(?s:.)", "", code)
    if len(code) > LIMIT or _PERL_COMPUTES.search(_PERL_FIELD.sub("", bare)):
        return one("code", f"runs Perl code, {_MORE}")
    while place < len(code) and code[place:].strip():
        found = _PERL_STATEMENT.match(code, place)
        if found is None or found.end() == place:
            return one("code", f"runs Perl code, {_MORE}")
        place = found.end()
    return Reading()


def read_php(code: str) -> Reading:
    """Printing of what is computed; never raises."""
    return _read(code, _PHP)


def read_ruby(code: str) -> Reading:
    """Printing of what is computed, and of files that are named; never raises."""
    return _read(code, _RUBY)


def read_lua(code: str) -> Reading:
    """Printing of what is computed; never raises."""
    return _read(code, _LUA)


def read_r(code: str) -> Reading:
    """Printing of what is computed; never raises."""
    return _read(code, _R)


# --- stores

_REDIS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        names(
            "PING ECHO GET MGET KEYS SCAN EXISTS TYPE TTL PTTL STRLEN GETRANGE HGET HGETALL HKEYS"
            " HVALS HLEN HMGET HEXISTS HSCAN LRANGE LLEN LINDEX LPOS SMEMBERS SCARD SISMEMBER"
            " SRANDMEMBER SSCAN SINTER SUNION SDIFF ZRANGE ZCARD ZSCORE ZRANK ZCOUNT ZSCAN"
            " ZRANGEBYSCORE ZREVRANGE DBSIZE INFO TIME LASTSAVE RANDOMKEY XLEN XRANGE XREVRANGE"
            " XINFO BITCOUNT GETBIT PFCOUNT GEOPOS GEODIST OBJECT COMMAND ROLE SELECT HELLO QUIT"
            " LOLWUT EXPIRETIME DUMP ZMSCORE SMISMEMBER HSTRLEN HRANDFIELD READONLY"
        ),
        ("network-read", "asks Redis, and changes nothing"),
    ),
    **dict.fromkeys(
        names("FLUSHALL FLUSHDB"), ("external-final", "deletes all that the database holds")
    ),
    **dict.fromkeys(names("DEL UNLINK GETDEL"), ("external-final", "deletes keys")),
    **dict.fromkeys(names("SHUTDOWN DEBUG FAILOVER"), ("service", "stops or steers Redis")),
    **dict.fromkeys(
        names("EVAL EVALSHA FCALL FUNCTION SCRIPT MODULE"), ("code", "runs code in Redis")
    ),
    **dict.fromkeys(names("ACL AUTH"), ("privilege", "uses or changes rights")),
    **dict.fromkeys(names("MONITOR"), ("secret", "shows what others send to Redis")),
}
_REDIS_READS = frozenset(
    (first, second)
    for first, several in (
        ("CLIENT", "LIST INFO ID GETNAME"),
        ("MEMORY", "USAGE STATS"),
        ("SLOWLOG", "GET LEN"),
        ("CLUSTER", "INFO NODES"),
        ("PUBSUB", "CHANNELS"),
        ("ACL", "WHOAMI"),
        ("LATENCY", "LATEST"),
    )
    for second in several.split()
)


def read_redis(code: str) -> Reading:
    """Commands of Redis, one in a line; never raises."""
    if len(code) > LIMIT:
        return one("unknown", "gives Redis commands that are too long to be read")
    lines = [line.split() for line in code.splitlines()]
    return together(one(*_redis(words)) for words in lines if words)


def _redis(words: list[str]) -> tuple[str, str]:
    first, second = words[0].strip("'\"").upper(), "".join(words[1:2]).upper()
    if (first, second) in _REDIS_READS:
        return _REDIS["PING"]
    if first == "CONFIG" and second == "GET":
        plain = all(re.fullmatch(r"[a-z-]+", each) and "pass" not in each for each in words[2:])
        return _REDIS["PING"] if plain else ("secret", "shows the settings of Redis")
    return _REDIS.get(first) or ("external", f"changes what Redis holds ({first[:20]})")


_MONGO_TEXT = r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
_MONGO_VALUE = (
    rf"(?:{_MONGO_TEXT}|/(?:[^/\\\n]|\\.)+/[ims]*|-?\d[\d.]*(?![\d.])|\$?[A-Za-z_]\w*(?=\s*:)"
    rf"|\b(?:true|false|null)\b|[\s{{}}\[\]:,]"
    rf"|(?:new\s+)?(?:Date|ObjectId|ISODate|NumberLong|NumberInt|UUID)\((?:{_MONGO_TEXT}|\d*)\))*"
)
_MONGO_READ = re.compile(
    r"\s*(?:(?:print|printjson|console\.log|EJSON\.stringify|JSON\.stringify)\s*\()*\s*"
    rf"(?:show\s+\w+|use\s+\w+|(?:rs|sh)\.status\(\)"
    rf"|db(?:\.getSiblingDB\({_MONGO_VALUE}\))?"
    rf"(?:\.(?:version|stats|serverStatus|getCollectionNames|getCollectionInfos|hostInfo|getName"
    rf"|serverBuildInfo|currentOp|getMongo)\(\)"
    r"|\.(?:runCommand|adminCommand)\(\s*(?:\{\s*)?[\"']?(?:ping|listDatabases|buildInfo|serverStatus"
    r"|listCollections|dbStats|hello|connectionStatus)[\"']?\s*(?::\s*1\s*\}\s*)?\)"
    rf"|(?:\.\w+|\.getCollection\({_MONGO_VALUE}\)|\[(?:'[\w.-]*'|\"[\w.-]*\")\])+"
    rf"\.(?:find|findOne|count|countDocuments|estimatedDocumentCount|distinct|aggregate|getIndexes"
    rf"|stats|dataSize|totalSize|storageSize)\({_MONGO_VALUE}\))"
    rf"(?:\.(?:pretty|limit|skip|sort|count|toArray|size|explain|projection|hint|ok|databases|length)"
    rf"(?:\({_MONGO_VALUE}\))?)*)\s*\)*\s*;?"
)
_MONGO_REFUSED = re.compile(
    r"\$(?:out|merge|where|function|accumulator)\b|mapReduce|function|=>|\\[ux]"
)
_MONGO_ACTS = (
    (r"drop\w*|deleteMany|deleteOne|remove", "external-final", "deletes what MongoDB holds"),
    (r"createUser|grant\w+|revoke\w+|updateUser|createRole", "privilege", "changes rights"),
    (r"shutdownServer|fsyncLock|killOp", "service", "stops or steers MongoDB"),
    (
        (
            r"insert\w*|update\w*|replaceOne|bulkWrite|save|createIndex\w*|findOneAnd\w+"
            r"|findAndModify|createCollection|renameCollection"
        ),
        "external",
        "changes what MongoDB holds",
    ),
)


def read_mongo(code: str) -> Reading:
    """Statements for the shell of MongoDB, of which only plain questions are known."""
    if "system.users" in code:
        return one("secret", "reads the users of MongoDB")
    statements = [each for each in re.split(r"[;\n]", code) if each.strip()]
    plain = len(code) <= LIMIT and _MONGO_REFUSED.search(code) is None
    if plain and statements and all(_MONGO_READ.fullmatch(each) for each in statements):
        return one("network-read", "asks MongoDB, and changes nothing")
    for pattern, word, what in _MONGO_ACTS:
        if re.search(rf"\.\s*(?:{pattern})\s*\(", code[:LIMIT]):
            return one(word, what)
    return one("code", "runs code in the shell of MongoDB")
