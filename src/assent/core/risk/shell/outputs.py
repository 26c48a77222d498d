"""What commands print, where their words tell."""

import re

from assent.core.risk.names import names
from assent.core.risk.shell.model import FRESH_PATH, STAND_INS, Simple, Word
from assent.core.risk.shell.values import HOME, Value

_SYSTEM_FOLDERS = ("/bin/", "/usr/bin/")
_QUIET = names("cd pushd popd set shopt export local unset read trap : true false shift")
_ECHO_FLAGS = re.compile(r"-[nE]+")
_PRINTF = re.compile(r"[^%\\]*(?:(?:%[s%]|\\[n\\])[^%\\]*)*")
_PRINTF_PIECE = re.compile(r"%s|%%|\\n|\\\\|[^%\\]+")
_PROGRAM = re.compile(r"[A-Za-z0-9_.+-]+")
_NUMBER_DATE = re.compile(r"\+(?:%[sYmdHMSjNyuw]|\d)+")
_COUNTS = names("-l -c -w -m")
_FRESH = re.compile(r"/tmp/[A-Za-z0-9_.-]*XXX[A-Za-z0-9_.-]*|[A-Za-z0-9_.-]*XXX[A-Za-z0-9_.-]*")
_MAX_PRINTF = 64


def printed(command: Simple) -> str | None:
    """The exact text that a command prints; None when that is not known."""
    if command.assigned or any(redirect.writes for redirect in command.redirects):
        return None
    texts = _texts(command.words)
    if not texts:
        return None
    name, rest = _base(texts[0]), texts[1:]
    if name == "cat" and rest in ([], ["-"]) and not command.redirects:
        return command.stdin
    if name == "echo":
        return _echoed(rest)
    if name == "printf" and rest:
        return _printf(rest)
    return "" if name in (":", "true") else None


def output_value(found: list[Simple], home: str) -> Value | None:
    """What `$(…)` of these commands stands for; None when nothing is known of it."""
    telling = [command for command in found if not _is_quiet(command)]
    if len(telling) != 1:
        return None
    command = telling[0]
    text = printed(command)
    if text is not None:
        return Value(text.rstrip("\n"))
    texts = _texts(command.words)
    if not texts or command.assigned or command.redirects:
        return _counted(command)
    return _computed(texts, command, home) or _counted(command)


def tells(found: list[Simple]) -> frozenset[str]:
    """The variables that these commands print."""
    told: set[str] = set()
    for command in found:
        if command.words and _base(command.words[0].text or "") in ("echo", "printf"):
            told.update(*(word.holds for word in command.words))
        if command.input is not None:
            told.update(command.input.holds)
    return frozenset(told)


def _texts(words: tuple[Word, ...]) -> list[str]:
    """All words, if all are known to the letter."""
    texts: list[str] = []
    for word in words:
        text = word.text
        if text is None or word.glob or text.startswith(("~", "./~")):
            return []
        texts.append(text)
    return texts


def _base(name: str) -> str:
    for folder in _SYSTEM_FOLDERS:
        if name.startswith(folder):
            return name[len(folder) :]
    return name


def _is_quiet(command: Simple) -> bool:
    return not command.words or command.words[0].text in _QUIET


def _echoed(words: list[str]) -> str | None:
    end = "\n"
    while words and _ECHO_FLAGS.fullmatch(words[0]):
        end = "" if "n" in words[0] else end
        words = words[1:]
    if any("\\" in word for word in words) or (words and re.fullmatch("-[neE]+", words[0])):
        return None
    return " ".join(words) + end


def _printf(words: list[str]) -> str | None:
    form, rest = words[0], words[1:]
    if form == "--" and rest:
        form, rest = rest[0], rest[1:]
    if form.startswith("-") or not _PRINTF.fullmatch(form) or len(rest) > _MAX_PRINTF:
        return None
    pieces = _PRINTF_PIECE.findall(form)
    takes = pieces.count("%s")
    texts: list[str] = []
    while True:
        for piece in pieces:
            if piece == "%s":
                texts.append(rest.pop(0) if rest else "")
            else:
                texts.append({"%%": "%", "\\n": "\n", "\\\\": "\\"}.get(piece, piece))
        if not rest or not takes:
            return "".join(texts)


def _computed(texts: list[str], command: Simple, home: str) -> Value | None:
    name, rest = _base(texts[0]), texts[1:]
    if name == "pwd" and rest in ([], ["-P"], ["-L"]):
        return _folder(command)
    if texts == ["git", "rev-parse", "--show-toplevel"] and command.folders == (home,):
        return Value(root=True)
    if name in ("dirname", "basename") and rest and not rest[0].startswith("-"):
        return _path_part(name, rest)
    if name == "mktemp":
        return _fresh(rest)
    if (name in ("which", "command", "type") and rest) and _PROGRAM.fullmatch(rest[-1]):
        asks = {"which": [], "command": ["-v"], "type": ["-p"]}[name]
        return Value(outputs=True, program=rest[-1]) if rest[:-1] == asks else None
    return None


def _folder(command: Simple) -> Value | None:
    if len(command.folders) != 1 or command.folders[0].startswith(STAND_INS):
        return None
    folder = command.folders[0]
    return Value(HOME + folder[1:] if folder.startswith("~") else folder)


def _path_part(name: str, rest: list[str]) -> Value | None:
    path = rest[0]
    if path.strip("/") == "":
        return None
    folder, _, last = path.rstrip("/").rpartition("/")
    if name == "dirname":
        kept = folder.rstrip("/") if folder else ("/" if path.startswith("/") else ".")
        return Value(kept or "/") if len(rest) == 1 else None
    ending = rest[1] if len(rest) == 2 else ""
    if ending and last.endswith(ending) and last != ending:
        last = last[: -len(ending)]
    return Value(last) if len(rest) <= 2 else None


def _fresh(rest: list[str]) -> Value | None:
    """`mktemp` makes a file in the folder for temporary files, unless it is told otherwise."""
    operands = [word for word in rest if not word.startswith("-")]
    flags = [word for word in rest if word.startswith("-")]
    in_tmp = not operands or operands[0].startswith("/tmp/") or "-t" in flags
    plain = all(_FRESH.fullmatch(word) for word in operands) or flags[-1:] == ["-t"]
    if set(flags) <= {"-d", "-q", "-t", "-u"} and len(operands) <= 1 and in_tmp and plain:
        if any("/" in word and not word.startswith("/tmp/") for word in operands):
            return None
        return Value(FRESH_PATH)
    return None


def _counted(command: Simple) -> Value | None:
    """Programs that print one number, whatever they read."""
    texts = [word.text for word in command.words]
    name = _base(texts[0] or "")
    rest = texts[1:]
    number = (
        (name == "wc" and len(rest) == 1 and rest[0] in _COUNTS)
        or (name == "date" and len(rest) == 1 and bool(_NUMBER_DATE.fullmatch(rest[0] or "")))
        or (name == "nproc" and not rest)
        or (name == "id" and rest in (["-u"], ["-g"]))
    )
    return Value(outputs=True, number=True) if number else None
