"""git: in which repositories it works, what is pushed where, and which files it names."""

import re

from assent.core.risk.arguments import Arguments, Value
from assent.core.risk.findings import Pushes, Rewrites, Touch, Use
from assent.core.risk.look import Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence, Scope
from assent.core.risk.names import names
from assent.core.risk.shell import Word, join

_READS_FILES = names(
    "show cat-file blame annotate diff log grep archive whatchanged range-diff rev-list"
    " diff-tree diff-index diff-files"
)
_TAKES_FILES = names("add stage commit")
_LISTS = names(
    "-a -r -l --list --all --remotes --contains --no-contains --merged --no-merged --points-at"
    " --show-current"
)
_ASKS_CONFIG = names("--get --get-all --get-regexp --get-urlmatch --get-color --list -l")
_UNSETS_CONFIG = names("--unset --unset-all --remove-section --rename-section")
_HARMLESS_SETTINGS = re.compile(
    r"(?:user\.(?:name|email)|color\.[a-z.-]+|advice\.[a-z]+|commit\.(?:gpgsign|verbose)"
    r"|tag\.(?:gpgsign|sort)|core\.(?:quotepath|autocrlf|eol|safecrlf|filemode|ignorecase|abbrev"
    r"|longpaths|precomposeunicode|untrackedcache|commentchar|bigfilethreshold)"
    r"|init\.defaultbranch|log\.[a-z]+|diff\.(?:renames|renamelimit|algorithm|colormoved\w*"
    r"|context|mnemonicprefix|noprefix|submodule|wserrorhighlight)"
    r"|merge\.(?:conflictstyle|ff|renames|renamelimit|stat|log)"
    r"|rebase\.(?:autostash|autosquash|updaterefs|stat|missingcommitscheck|abbreviatecommands)"
    r"|pull\.(?:rebase|ff)|gc\.auto|fetch\.(?:prune|prunetags|parallel|writecommitgraph)"
    r"|push\.(?:default|followtags|autosetupremote)|protocol\.version|rerere\.(?:enabled|autoupdate)"
    r"|status\.[a-z]+|column\.[a-z]+|blame\.[a-z]+|grep\.[a-z]+|versionsort\.[a-z]+"
    r"|branch\.(?:autosetupmerge|autosetuprebase|sort)|submodule\.(?:recurse|fetchjobs)"
    r"|branch\..+\.(?:rebase|description|merge)|pack\.[a-z]+|index\.[a-z]+|feature\.[a-z]+"
    r"|stash\.[a-z]+|checkout\.[a-z]+|help\.autocorrect|http\.postbuffer|format\.[a-z]+"
    r"|core\.pager=cat|core\.editor=true|sequence\.editor=true)"
    r"(?:=.*)?",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN_KEY = re.compile(r"token|password|secret|credential|extraheader", re.IGNORECASE)
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/@{}~^-]*")
_FINAL = MEANINGS["external-final"]
_HELPED = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
"""An address that names the program by which it is reached: `ext::sh -c id`."""
_BACK = re.compile(r".*[~^]\d*|.*@\{.*\}|[0-9a-f]{7,40}", re.DOTALL)
"""An older commit."""


def read_git(look: Look, found: Arguments) -> bool:
    """What every git command has in common: its folder, its settings, its repository."""
    _settings(look, found)
    look.repository()
    name = found.call.name[0] if found.call.name else ""
    if name in _READS_FILES:
        _touch_operands(look, found)
    elif name in _TAKES_FILES:
        plain = (word for word in found.operands if word.text and not word.glob)
        look.touch_all(plain, Use.READ)
    for word in found.operands:
        if word.text and _HELPED.match(word.text):
            look.act("code", "runs a program to reach an address", words=[word])
    return _rewrites(look, found, name)


def _settings(look: Look, found: Arguments) -> None:
    """Flags before the subcommand: other folders and repositories, and configuration, which may
    make git run a program."""
    for value in _before(look, found):
        if value.flag == "-C":
            _move(look, found, value)
        elif value.flag == "--git-dir":
            look.touch(value.word, Use.RUN, value.text)
        elif value.flag == "--work-tree":
            look.touch(value.word, Use.LIST, value.text)
        elif value.flag in ("-c", "--config-env") and not (
            value.flag == "-c" and value.text and _HARMLESS_SETTINGS.fullmatch(value.text)
        ):
            what = "sets git's configuration, which can make it run programs"
            look.act("code", what, words=[value.word])


def _before(look: Look, found: Arguments) -> list[Value]:
    """The values of flags that stand before the subcommand."""
    taken = {id(value.word) for value in found.values}
    before = set()
    for word in look.words[1:]:
        if found.call.name and word.text == found.call.name[0] and id(word) not in taken:
            break
        before.add(id(word))
    return [value for value in found.values if id(value.word) in before]


def _move(look: Look, found: Arguments, value: Value) -> None:
    """`-C folder`. Which repository is changed must be known; reading one is harmless, and the root
    of this one is this one."""
    word, text = value.word, value.text
    if text is not None:
        look.folders = tuple(join(folder, text) for folder in look.folders)
        span = word.start, word.end
        look.found += [Touch(folder, Use.LIST, span) for folder in look.folders]
    elif not word.root:
        look.folders = ()
        if _changes(found):
            look.act("unknown", "works on a repository that is known only when it runs")


def _changes(found: Arguments) -> bool:
    """Whether the repository is changed in a way that is harmless in one's own."""
    call = found.call
    if call.name in (("branch",), ("tag",)):
        return bool(found.operands) and not found.flags & _LISTS
    return call.means.effect is Effect.WORKSPACE_WRITE or call.name in (("checkout",), ("restore",))


def _rewrites(look: Look, found: Arguments, name: str) -> bool:
    """Commits that are made anew: how bad that is depends on who has the old ones."""
    amends = name == "commit" and "--amend" in found.flags
    moves = name == "reset" and any(_BACK.fullmatch(w.text or "") for w in found.operands)
    if name != "rebase" and not amends and not moves:
        return False
    meaning = MEANINGS["history"]
    evidence = Evidence(
        rule="git-history",
        effect=meaning.effect,
        factors=meaning.factors,
        what=f"{meaning.says} ({look.said})",
        span=look.span,
        undo=meaning.undo,
    )
    if not look.folders and name == "rebase":
        look.found.append(evidence)
    usual = name != "rebase"
    look.found += (Rewrites(folder, evidence, usual=usual) for folder in look.folders)
    return name == "rebase"


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
        look.touch_all(files or found.operands, Use.DISCARD)
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
    look.touch_all(found.operands, Use.DISCARD)
    if not found.operands:
        look.act("discard", f"may discard changes ({look.said})")
    return True


def read_config(look: Look, found: Arguments) -> bool:
    """`git config`: reading is harmless but for tokens; a setting may run programs."""
    read_git(look, found)
    keys = [word.text or "?" for word in found.operands]
    verb = found.call.name[1] if len(found.call.name) > 1 else ""
    unsets = bool(found.flags & _UNSETS_CONFIG) or verb == "unset"
    asks = found.flags & _ASKS_CONFIG or verb in ("get", "list") or (len(keys) == 1 and not verb)
    if asks and not unsets:
        if any(_TOKEN_KEY.search(key) for key in keys):
            look.act("secret", f"shows a secret of git's configuration ({look.said})")
        look.means(MEANINGS["read"])
    elif found.flags & {"--global", "--system", "--file", "-f"}:
        look.act("outside", f"changes git's settings outside the workspace ({look.said})")
    elif keys and _HARMLESS_SETTINGS.fullmatch("=".join(keys[:2])):
        look.means(MEANINGS["work"], rule="git-config")
    else:
        look.act("code", f"changes what git does or runs ({look.said})")
    return True
