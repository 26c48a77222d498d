"""git: in which repositories it works, what is pushed where, and which files it names."""

import re

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Pushes, Touch, Use
from assent.core.risk.look import Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Evidence, Scope
from assent.core.risk.names import names
from assent.core.risk.shell import Word, join

_READS_FILES = names("show cat-file blame diff log grep archive")
_LISTS = names(
    "-a -r -l --list --all --remotes --contains --no-contains --merged --no-merged --points-at"
    " --show-current"
)
_HARMLESS_SETTINGS = re.compile(
    r"(?:user\.(?:name|email)|color\.[a-z.]+|advice\.[a-z]+|commit\.gpgsign|tag\.gpgsign"
    r"|core\.quotepath|core\.autocrlf|init\.defaultbranch|log\.[a-z]+|diff\.(?:renames|algorithm)"
    r"|merge\.conflictstyle|rebase\.auto(?:stash|squash)|pull\.rebase|gc\.auto|fetch\.prune"
    r"|push\.default|protocol\.version|core\.pager=cat|core\.editor=true|sequence\.editor=true)"
    r"(?:=.*)?",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN_KEY = re.compile(r"token|password|secret|credential|extraheader", re.IGNORECASE)
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/@{}~^-]*")
_FINAL = MEANINGS["external-final"]


def read_git(look: Look, found: Arguments) -> bool:
    """What every git command has in common: its folder, its settings, its repository."""
    _settings(look, found)
    for value in found.values:
        if value.flag in ("-C", "--git-dir", "--work-tree"):
            _move(look, value.word, value.text)
    look.repository()
    name = found.call.name[0] if found.call.name else ""
    if name in _READS_FILES:
        _touch_operands(look, found)
    return False


def _settings(look: Look, found: Arguments) -> None:
    """`-c key=value` may make git run a program."""
    for value in found.values:
        if value.flag in ("-c", "--config-env") and not (
            value.flag == "-c" and value.text and _HARMLESS_SETTINGS.fullmatch(value.text)
        ):
            what = "sets git's configuration, which can make it run programs"
            look.act("code", what, words=[value.word])


def _move(look: Look, word: Word, text: str | None) -> None:
    if text is None:
        look.folders = ()
        return
    look.folders = tuple(join(folder, text.removesuffix("/.git")) for folder in look.folders)
    look.found += [Touch(folder, Use.LIST, (word.start, word.end)) for folder in look.folders]


def _touch_operands(look: Look, found: Arguments) -> None:
    """An operand may be a file, or `commit:file`: a secret is one in the history too."""
    for word in found.operands:
        text = (word.text or "").rsplit(":", 1)[-1]
        if text and "/" not in text[:1] and word.text is not None:
            look.touch(word, Use.READ, text)


def read_push(look: Look, found: Arguments) -> bool:
    """`git push`: one outward effect for each branch that is named."""
    read_git(look, found)
    remote, *refs = [word.text for word in found.operands] or ["origin"]
    forced = bool(found.raised)
    everything = found.flags & {"--all", "--mirror", "--tags", "--branches"}
    for ref in refs or [""]:
        _push(look, remote, "*" if everything else ref, forced=forced)
    return True


def _push(look: Look, remote: str | None, ref: str | None, *, forced: bool) -> None:
    over = ref is not None and ref.startswith("+")
    source, _, target = (ref or "").removeprefix("+").rpartition(":")
    deletes = ref is not None and ref.startswith(":")
    branch = target.removeprefix("refs/heads/") or source
    meaning = MEANINGS["external-final" if forced or over or deletes else "external"]
    verb = "deletes on the remote" if deletes else "pushes"
    what = f"{verb} over history ({look.said})" if forced or over else f"{verb} ({look.said})"
    evidence = Evidence(
        "git-push",
        meaning.effect,
        meaning.factors,
        what,
        span=look.span,
        scope=Scope("push", f"{remote}/{branch}") if remote and branch else Scope("push", ""),
        undo="push the old commit again; whoever fetched keeps this one",
    )
    if ref is None or remote is None or branch == "*" or meaning is _FINAL or not look.folders:
        look.found.append(evidence)
        return
    look.found += (Pushes(folder, remote, branch, evidence) for folder in look.folders)


def read_names(look: Look, found: Arguments) -> bool:
    """`git branch`, `git tag`: without a name, or with a flag that lists, they only tell."""
    read_git(look, found)
    if found.raised or (found.operands and not found.flags & _LISTS):
        return False
    look.means(MEANINGS["read"])
    return True


def read_checkout(look: Look, found: Arguments) -> bool:
    """`git checkout`: a branch alone is a switch; files are written over."""
    read_git(look, found)
    texts = [word.text for word in look.words]
    makes = found.flags & {"-b", "-B", "--orphan", "-t", "--track", "--detach"}
    files = found.operands[1:] if found.operands else []
    if "--" in texts:
        files = list(look.words[texts.index("--") + 1 :])
    makes = set() if files else makes
    plain = not files and len(found.operands) == 1 and _is_branch(found.operands[0])
    if found.unknown is None and (makes or plain) and not (files and "--" in texts):
        look.means(MEANINGS["work"], rule="git-switch")
    else:
        look.touch_all(files or found.operands, Use.DELETE)
        if not files and not found.operands:
            look.act("discard", f"may discard changes ({look.said})")
    return True


def _is_branch(word: Word) -> bool:
    """Named like a branch; `.` and names with an ending may be files."""
    text = word.text
    if text is None:
        return word.single
    last = text.rsplit("/", 1)[-1]
    return (
        _BRANCH.fullmatch(text) is not None
        and not text.endswith("/")
        and ("." not in last or re.search(r"\d\.(?:\d|x)", last) is not None)
    )


def read_restore(look: Look, found: Arguments) -> bool:
    """`git restore`: taking back what was staged is harmless, writing over files is not."""
    read_git(look, found)
    staged = found.flags & {"--staged", "-S"} and not found.flags & {"--worktree", "-W"}
    if staged:
        look.means(MEANINGS["work"], rule="git-unstage")
        return True
    look.touch_all(found.operands, Use.DELETE)
    if not found.operands:
        look.act("discard", f"may discard changes ({look.said})")
    return True


def read_config(look: Look, found: Arguments) -> bool:
    """`git config`: reading is harmless but for tokens; a setting may run programs."""
    read_git(look, found)
    keys = [word.text or "?" for word in found.operands]
    asks = found.flags & {"--get", "--get-all", "--get-regexp", "--list", "-l"} or len(keys) == 1
    if asks:
        if any(_TOKEN_KEY.search(key) for key in keys):
            look.act("secret", f"shows a secret of git's configuration ({look.said})")
        look.means(MEANINGS["read"])
    elif found.flags & {"--global", "--system", "--file", "-f"}:
        look.act("outside", f"changes git's settings outside the workspace ({look.said})")
    elif len(keys) == 2 and _HARMLESS_SETTINGS.fullmatch(f"{keys[0]}={keys[1]}"):
        look.means(MEANINGS["work"], rule="git-config")
    else:
        look.act("code", f"changes what git does or runs ({look.said})")
    return True
