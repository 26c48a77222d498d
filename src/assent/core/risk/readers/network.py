"""What goes over the network: who is asked, what is sent along, and what is written or run here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assent.core.risk.arguments import Arguments, Value
from assent.core.risk.findings import Use
from assent.core.risk.look import InnerCode, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.paths import shown
from assent.core.risk.readers.builtins import tells_secret
from assent.core.risk.shell import Word

_ASKING = names("GET HEAD OPTIONS TRACE PROPFIND")
_LOOPBACK = re.compile(
    r"(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal"
    r"|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.localhost)"
)
_METADATA = names(
    "169.254.169.254 metadata.google.internal metadata 100.100.100.200 [fd00:ec2::254]"
)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\]")
_URL = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://)?(?:([^/?#@]*)@)?([^/?#:@\[]*|\[[^\]]*\])(?::(\d+))?(.*)", re.S
)
_PUBLIC_NUMBER = re.compile(
    r"(?!10\.|127\.|0\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)\d{1,3}(?:\.\d{1,3}){3}"
    r"|\d+|0x[0-9a-f]+"
)
_SHORTENERS = names(
    "bit.ly tinyurl.com t.co goo.gl is.gd ow.ly buff.ly rebrand.ly cutt.ly shorturl.at rb.gy v.gd"
    " t.ly s.id tiny.cc bl.ink adf.ly"
)
_FETCHED = names("http https ftp ftps sftp scp")
_ADMIN_PORTS = names(
    "2375 2376 2379 2380 4001 4646 5984 6443 7700 8001 8086 8200 8300 8444 8500 8983 9093 9200"
    " 9201 9300 9600 10250 10255 10259 15672 19999 27017"
)
_ADMIN_PATHS = re.compile(
    r"/_(?!search|count|msearch|cat\b|cluster/health|mapping|analyze|health)|/-/"
    r"|\b(?:shutdown|delete|drop|purge|flush|truncate|destroy|wipe|reset|restart|factory|kill"
    r"|terminate|disable|remove|erase|uninstall)(?![a-z])|admin/|/actuator/",
    re.IGNORECASE,
)
_ACTS_BY_ASKING = re.compile(
    r"/(?:send[A-Z]\w*|(?:do)?delete\b|doDelete|shutdown|destroy|quitquitquit|abortabortabort)"
    r"|[?&](?:action|cmd|command|op|method)=(?:delete|drop|remove|purge|shutdown|send|exec)",
    re.IGNORECASE,
)
_SECRET_PATHS = re.compile(
    r"/(?:secrets?|credentials?|passwords?|private[-_]?keys?)(?:/|$)|/v1/secret/|/actuator/(?:env|heapdump)",
    re.IGNORECASE,
)
_CREDENTIAL_HEADER = re.compile(r"authorization|cookie|token|key|secret|auth", re.IGNORECASE)


@dataclass(slots=True)
class Request:
    """A request over the network, gathered from the words of a call."""

    urls: list[Word] = field(default_factory=list)
    method: str | None = "GET"
    """None when only running can tell."""
    files: list[tuple[Word, str | None]] = field(default_factory=list)
    """What is sent from files."""
    sends: list[Word] = field(default_factory=list)
    """Words whose text is sent: headers, users, bodies."""
    by: str = ""
    """The program, for a sentence."""


# --- one request


def judge(look: Look, request: Request) -> None:
    """Add what the request does. A request to this machine changes only this machine."""
    for word, path in request.files:
        if path != "-":
            look.touch(word, Use.READ, path)
    if not request.urls:
        look.not_known(None, "without an address")
    for word in request.urls:
        _one(look, request, word)


def _one(look: Look, request: Request, word: Word) -> None:
    address = _Address.of(word)
    if address is None:
        look.not_known(word, f"with an address that is known only when it runs ({look.said})")
        return
    if address.scheme == "file":
        look.touch(word, Use.READ, address.rest if word.text is not None else None)
        return
    if address.scheme not in _FETCHED or address.odd:
        look.act("external", f"reaches {shown(address.host)} in an unusual way", words=[word])
        return
    if address.host in _METADATA or _SECRET_PATHS.search(address.rest):
        look.act("secret", f"asks {shown(address.host)} for credentials", words=[word])
    if _PUBLIC_NUMBER.fullmatch(address.host) or address.host in _SHORTENERS:
        look.act("unknown", f"asks {address.host}, which hides who answers", words=[word])
    if not address.local:
        _leaks(look, [word, *request.sends])
    _acts(look, request, address)


def _acts(look: Look, request: Request, address: "_Address") -> None:
    method, here = request.method, address.local
    host = shown(address.host)
    if method is None:
        look.act("external", f"sends {host} a request of a kind known only when it runs")
    elif method in _ASKING and not request.files:
        acting = _ACTS_BY_ASKING.search(address.rest)
        look.act("external" if acting else "network-read", f"asks {host} ({look.said})")
    elif method == "DELETE":
        word = "discard" if here else "external-final"
        look.act(word, f"deletes at {host} ({look.said})")
    elif not here:
        look.act("external", f"sends to {host} ({look.said})")
    elif address.port in _ADMIN_PORTS or _ADMIN_PATHS.search(address.rest):
        if not address.rest.split("?")[0].endswith(("_search", "_count", "_msearch", "_analyze")):
            look.act("service", f"changes a service of this machine ({look.said})")
    else:
        look.act("local-service", f"sends to a service of this machine ({look.said})")


def _leaks(look: Look, words: Iterable[Word]) -> None:
    """What the words hold goes to others."""
    for word in words:
        secret = next((name for name in sorted(word.holds) if tells_secret(name)), None)
        if secret is not None:
            look.act("secret", f"sends the variable {secret} to others", words=[word])
        elif word.outputs:
            look.act("secret", "sends to others what another command prints", words=[word])


@dataclass(frozen=True, slots=True)
class _Address:
    scheme: str
    host: str
    port: str
    rest: str
    odd: bool
    """Written so that another host is reached than it seems."""

    @property
    def local(self) -> bool:
        return _LOOPBACK.fullmatch(self.host) is not None

    @classmethod
    def of(cls, word: Word) -> "_Address | None":
        """None when the host is not certain."""
        text = word.text if word.text is not None else word.prefix
        parts = _URL.fullmatch(text)
        if parts is None:
            return None
        scheme, user, host, port, rest = (part or "" for part in parts.groups())
        host, scheme = host.lower(), scheme.lower() or "http"
        certain = word.text is not None or bool(rest) or text.endswith((":", "/"))
        if scheme == "file":
            return cls(scheme, host, port, rest, odd=False)
        if not certain or not _HOST.fullmatch(host):
            # A host of other letters may look like one that is known.
            return None if host.isascii() else cls(scheme, host, port, rest, odd=True)
        odd = "." in user or "xn--" in host or (rest.startswith(":") and word.text is not None)
        return cls(scheme, host.rstrip("."), port, rest, odd)


# --- curl

_CURL_BODY = names("-d --data --data-ascii --data-binary --data-raw --data-urlencode --json")
_CURL_FORM = names("-F --form --form-string")
_CURL_WRITES = names(
    "-o --output -D --dump-header -c --cookie-jar --trace --trace-ascii --stderr --etag-save"
    " --libcurl --hsts --alt-svc"
)
_CURL_READS = names("-E --cert --key --cacert --proxy-cacert --etag-compare --crlfile --pubkey")
_CURL_SENT = names("-H --header -u --user -A --user-agent -e --referer -b --cookie --oauth2-bearer")
_DOCKER_SOCKET = re.compile(r"(?:docker|podman|containerd|crio)[^/]*\.sock$")


def read_curl(look: Look, found: Arguments) -> bool:
    """`curl`: its method follows from its flags."""
    request = Request(by="curl")
    request.urls = [*found.operands, *(v.word for v in found.values if v.flag == "--url")]
    in_query = bool(found.flags & {"-G", "--get"})
    methods = [v.text for v in found.values if v.flag in ("-X", "--request")]
    request.method = "HEAD" if found.flags & {"-I", "--head"} else "GET"
    for value in found.values:
        _curl_value(look, request, value, in_query=in_query)
    if methods:
        request.method = _worst_method(methods)
    _curl_files(look, found)
    judge(look, request)
    return True


def _worst_method(methods: Sequence[str | None]) -> str | None:
    upper = [None if text is None else text.upper() for text in methods]
    return next((text for text in upper if text is None or text not in _ASKING), upper[0])


def _curl_value(look: Look, request: Request, value: Value, *, in_query: bool) -> None:
    flag, text = value.flag, value.text
    if flag in _CURL_BODY or flag in _CURL_FORM:
        request.method = request.method if in_query else "POST"
        request.sends.append(value.word)
        _curl_body(request, value)
    elif flag in ("-T", "--upload-file"):
        request.method = "PUT"
        request.files.append((value.word, text))
    elif flag in _CURL_SENT:
        request.sends.append(value.word)
        if text is not None and text.startswith("@"):
            request.files.append((value.word, text[1:]))
        elif flag in ("-b", "--cookie") and text is not None and "=" not in text:
            look.touch(value.word, Use.READ, text)
    elif flag in _CURL_WRITES:
        if text not in ("-", "%"):
            look.touch(value.word, Use.WRITE, text)
    elif flag in _CURL_READS:
        look.touch(value.word, Use.READ, text)
    elif flag in ("--unix-socket", "--abstract-unix-socket"):
        _socket(look, value)
    elif flag in ("-w", "--write-out") and (text is None or "%output" in text or text[:1] == "@"):
        look.not_known(value.word)


def _curl_body(request: Request, value: Value) -> None:
    """`@file` and `name=@file` stand for what a file holds."""
    text, flag = value.text or "", value.flag
    if flag in ("--data-raw", "--form-string"):
        return
    if flag in _CURL_FORM:
        name, equals, path = text.partition("=")
        if equals and path[:1] in ("@", "<"):
            request.files.append((value.word, path[1:].split(";")[0]))
    elif flag == "--data-urlencode":
        name, at, path = text.partition("@")
        if at and "=" not in name:
            request.files.append((value.word, path))
    elif text.startswith("@"):
        request.files.append((value.word, text[1:]))
    elif value.text is None and value.word.prefix.startswith("@"):
        request.files.append((value.word, None))


def _socket(look: Look, value: Value) -> None:
    if value.text is None or _DOCKER_SOCKET.search(value.text):
        look.act("privilege", "speaks to a container engine itself", words=[value.word])
    else:
        look.not_known(value.word)


def _curl_files(look: Look, found: Arguments) -> None:
    """Files that are named by what is fetched."""
    for value in found.values:
        if value.flag == "--output-dir":
            look.touch(value.word, Use.WRITE, value.text)
    if found.flags & {"-O", "--remote-name", "--remote-name-all"}:
        _named_by_address(look, found.operands)


def _named_by_address(look: Look, urls: Sequence[Word]) -> None:
    """A download is written here, under the last part of its address."""
    for word in urls:
        name = (word.text or "").split("?")[0].rstrip("/").rsplit("/", 1)[-1]
        look.touch(word, Use.WRITE, f"./{name}" if name else "./download")


# --- wget and httpie


def read_wget(look: Look, found: Arguments) -> bool:
    """`wget`: what it fetches is written here, unless told otherwise."""
    request = Request(urls=list(found.operands), by="wget")
    methods = [v.text for v in found.values if v.flag == "--method"]
    to: Value | None = None
    for value in found.values:
        if value.flag in ("--post-data", "--body-data"):
            request.method = "POST"
            request.sends.append(value.word)
        elif value.flag in ("--post-file", "--body-file"):
            request.method = "POST"
            request.files.append((value.word, value.text))
        elif value.flag in ("--header", "--user", "--password", "--http-password"):
            request.sends.append(value.word)
        elif value.flag in ("-O", "--output-document"):
            to = value
        elif value.use in ("read", "write"):
            look.touch(value.word, Use(value.use), value.text)
    if methods:
        request.method = _worst_method(methods)
    _wget_target(look, found, to)
    if not (found.flags & {"-i", "--input-file"} and not request.urls):
        judge(look, request)
    return True


def _wget_target(look: Look, found: Arguments, to: Value | None) -> None:
    if to is not None:
        if to.text != "-":
            look.touch(to.word, Use.WRITE, to.text)
        return
    folder = any(v.flag in ("-P", "--directory-prefix") for v in found.values)
    if not found.flags & {"--spider"} and not folder:
        _named_by_address(look, found.operands)


_METHOD = re.compile(r"[A-Z]{3,9}")
_ITEM = re.compile(r"[^=:@/?]+(:=@|=@|:=|==|=|@|:)", re.S)


def read_httpie(look: Look, found: Arguments) -> bool:
    """`http METHOD URL item…`: items tell whether something is sent."""
    words = list(found.operands)
    request = Request(by=look.name)
    given = None
    if words and words[0].text is not None and _METHOD.fullmatch(words[0].text):
        given = words.pop(0).text
    request.urls = [_short(word) for word in words[:1]]
    for word in words[1:]:
        _httpie_item(request, word)
    if look.stdin is not None or (found.flags & {"--raw"}):
        request.method = "POST"
    request.method = given or request.method
    for value in found.values:
        if value.flag in ("-a", "--auth"):
            request.sends.append(value.word)
        elif value.use in ("read", "write"):
            look.touch(value.word, Use(value.use), value.text)
    judge(look, request)
    return True


def _short(word: Word) -> Word:
    """`:3000/path` is short for this machine."""
    if word.text is not None and word.text.startswith((":", "/")):
        host = "localhost" if word.text.startswith(":") else "localhost/"
        rest = word.text if host == "localhost" else word.text[1:]
        rest = rest[1:] if rest.startswith(":/") else rest
        return Word(word.start, word.end, text=f"{host}{rest}")
    return word


def _httpie_item(request: Request, word: Word) -> None:
    text = word.text if word.text is not None else word.prefix
    mark = _ITEM.match(text)
    kind = mark.group(1) if mark else "="
    request.sends.append(word)
    if kind in (":", "=="):
        return
    request.method = "POST"
    if kind.endswith("@"):
        request.files.append((word, text[mark.end() :] if mark else None))


# --- other machines

_REMOTE = re.compile(r"(?:[^/:@]+@)?(?:[^/:]+|\[[0-9a-fA-F:.]+\]):(?!//)|(?:scp|sftp|rsync|ssh)://")
_SSH_CODE = re.compile(
    r"(?:proxycommand|localcommand|knownhostscommand|proxyusefdpass|pkcs11provider"
    r"|securitykeyprovider|include|match|sshaskpass|xauthlocation|authorizedkeyscommand)\b",
    re.IGNORECASE,
)
_FORGE_LOGIN = re.compile(r"git@(?:github\.com|gitlab\.com|bitbucket\.org|ssh\.github\.com)")


def read_ssh(look: Look, found: Arguments) -> bool:
    """`ssh HOST command`: the rest is a script for a shell on the other machine."""
    _ssh_options(look, found)
    tail = found.tail
    host = found.operands[0] if found.operands else None
    if host is not None and host.text and _FORGE_LOGIN.fullmatch(host.text) and not tail:
        look.means(MEANINGS["network-read"])
        return True
    if tail:
        texts = [word.text for word in tail if word.text is not None]
        text = " ".join(texts) if len(texts) == len(tail) else None
        look.inner.append(InnerCode("shell", tail[0], text, elsewhere=True))
    _leaks(look, tail)
    look.means(MEANINGS["external" if tail or look.piped else "interactive"])
    return True


def _ssh_options(look: Look, found: Arguments) -> None:
    """Options can name programs that run here."""
    for value in found.values:
        if value.flag == "-o" and (value.text is None or _SSH_CODE.match(value.text.strip())):
            look.act("code", "runs a command as it connects", words=[value.word])
        elif value.use == "shell":
            look.inner.append(InnerCode("shell", value.word, value.text))
        elif value.use in ("read", "write"):
            look.touch(value.word, Use(value.use), value.text)
        if value.flag == "-F" and value.text not in ("/dev/null", "none"):
            look.act("code", "connects as a file says, which can run commands", words=[value.word])


def read_transfer(look: Look, found: Arguments) -> bool:
    """`scp`, `rsync`: copies from or to another machine, or here."""
    _ssh_options(look, found)
    words = found.operands
    sources, target = (words[:-1], words[-1]) if len(words) > 1 else (words, None)
    away = [word for word in sources if remote(word)]
    look.touch_all((word for word in sources if word not in away), Use.READ)
    if target is not None and remote(target):
        look.act("external", f"uploads to {shown(target.text or target.prefix)}", words=[target])
        _leaks(look, words)
        return True
    if target is not None:
        look.touch(target, Use.WRITE)
    if away or target is None:
        look.means(MEANINGS["network-read" if away or not words else "list"])
    return True


def remote(word: Word) -> bool:
    """Whether the word names a place on another machine, or may do so."""
    text = word.text if word.text is not None else word.prefix
    if _REMOTE.match(text) or "::" in text:
        return True
    return word.text is None and not text.startswith(("/", "./", "../", "~")) and not word.shown


def read_rsync(look: Look, found: Arguments) -> bool:
    """`rsync`: may delete what the source does not have, and runs a shell to reach others."""
    dry = found.flags & {"-n", "--dry-run", "--list-only"}
    for value in found.values:
        if value.flag in ("-e", "--rsh") and not _plain_ssh(value.text):
            look.inner.append(InnerCode("shell", value.word, value.text))
            look.act("code", "connects by a command of its own", words=[value.word])
        elif value.flag == "--rsync-path":
            look.act("code", "runs a command there", words=[value.word])
    if dry:
        look.touch_all([w for w in found.operands if not remote(w)], Use.LIST)
        look.means(MEANINGS["network-read"])
        return True
    return read_transfer(look, found)


def _plain_ssh(text: str | None) -> bool:
    """`ssh` with a port or a key, which reaches the same machine."""
    words = (text or "").split()
    if words[:1] != ["ssh"]:
        return False
    options = "".join(w for n, w in enumerate(words) if words[n - 1] == "-o" or w.startswith("-o"))
    return not re.search(r"command|provider|[;&|`$<>]|-F", options + (text or ""), re.IGNORECASE)


def read_nc(look: Look, found: Arguments) -> bool:
    """`nc`: asks whether a port is open, listens, sends, or runs a program for the other side."""
    runs = {"-e", "-c", "--exec", "--sh-exec", "--lua-exec"} & found.flags
    for value in found.values:
        if value.flag in runs:
            look.inner.append(InnerCode("shell", value.word, value.text))
    if runs:
        look.act("code", "gives another machine a program to talk to")
        look.means(MEANINGS["external"])
    elif found.flags & {"-z"} and not found.flags & {"-l"}:
        _leaks(look, found.operands)
        look.means(MEANINGS["network-read"])
    elif found.flags & {"-l", "--listen"}:
        look.act("service", f"listens for connections ({look.said})")
    else:
        look.means(MEANINGS["external"])
    return True


_SOCAT_RUNS = re.compile(r"(?:EXEC|SYSTEM|SHELL)(?=:)", re.IGNORECASE)
_SOCAT_LISTENS = re.compile(r"[A-Z0-9-]*(?:LISTEN|RECV|ACCEPT)[A-Z0-9-]*:", re.IGNORECASE)
_SOCAT_FILES = re.compile(r"(?:OPEN|FILE|GOPEN|CREATE|CREAT)(?=:)", re.IGNORECASE)


def read_socat(look: Look, found: Arguments) -> bool:
    """`socat`: joins two addresses, of which either may be a program, a file or a socket."""
    for word in found.operands:
        text = word.text if word.text is not None else word.prefix
        if _SOCAT_RUNS.match(text):
            look.inner.append(InnerCode("shell", word, _after_colon(word)))
            look.act("code", "gives a program to another side", words=[word])
        elif _SOCAT_FILES.match(text):
            look.touch(word, Use.WRITE, _after_colon(word))
            look.touch(word, Use.READ, _after_colon(word))
        elif _SOCAT_LISTENS.match(text):
            look.act("service", "listens for connections", words=[word])
    look.means(MEANINGS["external"])
    return True


def _after_colon(word: Word) -> str | None:
    return None if word.text is None else word.text.partition(":")[2].split(",")[0]


def read_lookup(look: Look, found: Arguments) -> bool:
    """`dig`, `ping`: a name that is asked for can carry something away."""
    _leaks(look, look.words[1:])
    if any("@" in (word.text or "") and "/" in (word.text or "") for word in found.operands):
        look.not_known(found.operands[0])
    return False
