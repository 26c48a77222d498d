"""Containers and clusters: what a container is given of this machine, and what runs in it."""

import re
from collections.abc import Sequence

from assent.core.risk.arguments import Arguments, Value
from assent.core.risk.findings import Use
from assent.core.risk.look import InnerCommand, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.paths import shown
from assent.core.risk.readers.builtins import tells_secret
from assent.core.risk.shell import Word

_SHELLS = names("sh bash zsh ash dash fish ksh pwsh busybox /bin/sh /bin/bash /bin/ash /bin/zsh")
_SOCKETS = re.compile(r"/(?:docker|podman|containerd|crio|cri-dockerd)[^/:]*\.sock|/run/containerd")
_HERE = re.compile(
    r"default|desktop-linux|rootless|orbstack|(?:colima|minikube|lima|rancher)[\w-]*"
)
_VALUES = names("-v --volume --mount")
_SPACES = names("--net --network --pid --ipc --uts --userns --cgroupns")


def read_engine(look: Look, found: Arguments) -> bool:
    """What all calls of a container engine have in common: which engine is spoken to."""
    for word in look.words[1:]:
        text = word.text or word.prefix
        if not text.startswith("-"):
            break
        if text.partition("=")[0] in ("-H", "--host", "--url", "--connection", "-r", "--remote"):
            look.act("external", "speaks to a container engine elsewhere", words=[word])
    for value in found.values:
        if value.flag == "--context" and not _HERE.fullmatch(value.text or ""):
            look.act("external", "speaks to a container engine elsewhere", words=[value.word])
        if found.call.name[-1:] == ("inspect",) and "Env" in (value.text or ""):
            look.act("secret", "shows the environment of a container", words=[value.word])
    return False


def read_container_run(look: Look, found: Arguments) -> bool:
    """`docker run`: folders and rights that it is given, and the command that it runs."""
    read_engine(look, found)
    entry: Value | None = None
    for value in found.values:
        if value.flag in _VALUES:
            _mount(look, value)
        elif value.flag == "--entrypoint":
            entry = value
        elif value.use in ("read", "write"):
            look.touch(value.word, Use(value.use), value.text)
        elif value.flag in _SPACES and (value.text or "host").startswith(("host", "container:")):
            look.act("privilege", "shares this machine's own spaces", words=[value.word])
    found.tail = _after_image(look, found)
    _runs_inside(look, found, entry)
    look.means(MEANINGS["local-service"])
    return True


def _after_image(look: Look, found: Arguments) -> tuple[Word, ...]:
    """All that follows the image is for the container, flags included."""
    places = [n for n, word in enumerate(look.words) if found.operands[:1] == [word]]
    return look.words[places[0] + 1 :] if places else ()


def _runs_inside(look: Look, found: Arguments, entry: Value | None) -> None:
    tail = found.tail
    if entry is not None and entry.text != "":
        tail = (Word(entry.word.start, entry.word.end, text=entry.text, bare=True), *tail)
    elif tail and (tail[0].text or "").startswith("-"):
        tail = ()
    typed = {"-i", "--interactive"} & found.flags and {"-t", "--tty"} & found.flags
    if typed and (not tail or (len(tail) == 1 and tail[0].text in _SHELLS)):
        look.means(MEANINGS["interactive"])
    elif tail:
        look.inner.append(InnerCommand(tail, elsewhere=True))


def _mount(look: Look, value: Value) -> None:
    """A folder of this machine that the container may write."""
    source, fixed = _source(value)
    if source == "":
        return
    if source is None:
        look.act(
            "unknown", "gives a container a folder known only when it runs", words=[value.word]
        )
    elif _SOCKETS.search(source):
        look.act("privilege", "gives a container the container engine itself", words=[value.word])
    elif source == "/":
        look.act("privilege", "gives a container the whole machine", words=[value.word])
    else:
        look.touch(value.word, Use.SEARCH if fixed else Use.WRITE, source)


def _source(value: Value) -> tuple[str | None, bool]:
    """The folder, empty for a named volume, and whether it can only be read."""
    word = value.word
    text = value.text if value.text is not None else word.prefix
    if value.flag == "--mount":
        parts = dict(part.partition("=")[::2] for part in text.split(","))
        fixed = bool({"readonly", "ro"} & parts.keys())
        if parts.get("type", "volume") == "volume":
            return "", fixed
        return parts.get("source", parts.get("src")), fixed
    if value.text is None:
        # `$PWD/x:/y`, `$HOME/.ssh:/y`: what stands before the colon decides.
        return _known_source(word)
    source, colon, rest = text.partition(":")
    if not colon or not source.startswith(("/", ".", "~")):
        return "", False
    return source, rest.endswith((":ro", ",ro"))


def _known_source(word: Word) -> tuple[str | None, bool]:
    fixed = word.suffix.endswith(":ro")
    if word.prefix and not word.prefix.startswith(("/", ".", "~")):
        return "", fixed
    if ":" in word.prefix:
        return word.prefix.partition(":")[0], fixed
    if word.holds <= {"PWD"} and not word.outputs and not word.prefix:
        return ".", fixed
    return (".", fixed) if word.root else (None, fixed)


def read_container_exec(look: Look, found: Arguments) -> bool:
    """`docker exec NAME command`: runs in a container that is there already."""
    read_engine(look, found)
    for value in found.values:
        if value.use == "read":
            look.touch(value.word, Use.READ, value.text)
    _runs_inside(look, found, None)
    look.means(MEANINGS["local-service"])
    return True


def read_compose(look: Look, found: Arguments) -> bool:
    """`docker compose …` is the program `docker-compose`."""
    read_engine(look, found)
    texts = [word.text for word in look.words]
    place = texts.index("compose")
    first = look.words[place]
    program = Word(first.start, first.end, text="docker-compose", bare=True)
    look.inner.append(InnerCommand((program, *look.words[place + 1 :])))
    return True


def read_stop(look: Look, found: Arguments) -> bool:
    """`docker stop`: containers by their names, not all that there are."""
    read_engine(look, found)
    if any(word.outputs or not word.shown for word in found.operands):
        look.act("service", f"stops whatever containers there are ({look.said})")
    else:
        look.means(MEANINGS["local-service"])
    return True


def read_container_copy(look: Look, found: Arguments) -> bool:
    """`docker cp`: out of a container here, or into one."""
    read_engine(look, found)
    if len(found.operands) != 2:
        return False
    for word, use in zip(found.operands, (Use.READ, Use.WRITE), strict=True):
        inside = ":" in (word.text if word.text is not None else word.prefix)
        if not inside and word.text != "-":
            look.touch(word, use)
    look.means(MEANINGS["local-service"])
    return True


def read_build(look: Look, found: Arguments) -> bool:
    """`docker build`: a context from elsewhere is somebody else's code."""
    read_engine(look, found)
    for value in found.values:
        if value.use in ("read", "write") and value.text != "-":
            look.touch(value.word, Use(value.use), value.text)
        elif (
            value.flag in ("-o", "--output") and value.text is not None and "registry" in value.text
        ):
            look.means(MEANINGS["external-final"])
        elif value.flag == "--build-arg" and any(tells_secret(n) for n in value.word.holds):
            look.act("secret", "puts a secret into an image", words=[value.word])
    for word in found.operands:
        if word.text is None or "://" in word.text or word.text.startswith(("git@", "github.com/")):
            look.act("code", f"builds from {shown(word.text or word.prefix)}", words=[word])
    look.means(MEANINGS["project-run"])
    return True


# --- Kubernetes

_SECRET_KINDS = names("secret secrets")
_TELLING = re.compile(
    r"yaml|json|jsonpath|go-template|template|custom-columns|wide=", re.IGNORECASE
)


def read_resources(look: Look, found: Arguments) -> bool:
    """`kubectl get`: secrets by name tell nothing, what they hold does."""
    formats = [v.text for v in found.values if v.flag in ("-o", "--output", "--template")]
    telling = any(text is None or _TELLING.match(text) for text in formats)
    kinds = _kinds(found.operands)
    secret = telling and (kinds is None or kinds & _SECRET_KINDS)
    look.means(MEANINGS["secret" if secret else "network-read"])
    return True


def _kinds(operands: Sequence[Word]) -> frozenset[str] | None:
    """Kinds of things that are asked for; None when only running can tell."""
    if operands and operands[0].text is None:
        return None
    texts = [word.text or "" for word in operands]
    first = texts[0].lower().split(",") if texts else []
    slashed = [text.partition("/")[0].lower() for text in texts if "/" in text]
    return frozenset(kind.partition("/")[0].partition(".")[0] for kind in [*first, *slashed])


def read_in_pod(look: Look, found: Arguments) -> bool:
    """`kubectl exec POD -- command`: runs where others may be served."""
    if found.tail:
        look.inner.append(InnerCommand(found.tail, elsewhere=True))
    typed = {"-i", "--stdin"} & found.flags and {"-t", "--tty"} & found.flags
    shell = len(found.tail) == 1 and found.tail[0].text in _SHELLS
    look.means(MEANINGS["interactive" if typed and shell else "external"])
    return True


def read_outputs(look: Look, found: Arguments) -> bool:
    """`terraform output`: with `-json` or `-raw` it shows what is marked as secret, too."""
    named = [word.text or "token" for word in found.operands]
    if found.flags & {"-json", "-raw"} and (not named or any(tells_secret(n) for n in named)):
        look.means(MEANINGS["secret"])
    else:
        look.means(MEANINGS["network-read"])
    return True
