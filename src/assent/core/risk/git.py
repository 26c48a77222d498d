"""Which git commands only read, add or commit, and what the others would do."""

import re

from assent.core.risk.factors import RiskClass
from assent.core.risk.findings import Use
from assent.core.risk.look import Look
from assent.core.risk.model import Effect
from assent.core.risk.names import names
from assent.core.risk.safe import Arguments, Form, parse
from assent.core.risk.shell import Word, join

_DIFF_LONG = names(
    "stat numstat shortstat dirstat summary patch-with-stat name-only name-status cached"
    " staged color no-color word-diff word-diff-regex color-words no-renames find-renames"
    " find-copies ignore-all-space ignore-space-change ignore-blank-lines ignore-space-at-eol"
    " unified patch raw no-patch minimal patience histogram diff-algorithm diff-filter quiet"
    " exit-code check full-index binary abbrev relative function-context pickaxe-all"
    " pickaxe-regex merge-base compact-summary no-ext-diff no-textconv no-prefix"
    " inter-hunk-context ita-visible-in-index submodule cc"
)
_LOG_LONG = _DIFF_LONG | names(
    "oneline pretty format graph all branches tags remotes decorate no-decorate decorate-refs"
    " author committer grep since until after before max-count skip reverse merges no-merges"
    " first-parent follow date abbrev-commit no-abbrev-commit left-right cherry-pick"
    " cherry-mark cherry left-only right-only topo-order date-order author-date-order"
    " invert-grep all-match regexp-ignore-case extended-regexp fixed-strings perl-regexp"
    " walk-reflogs source no-walk ancestry-path simplify-by-decoration full-history dense"
    " sparse boundary count children parents show-pulls notes no-notes no-show-signature"
    " log-size use-mailmap no-mailmap min-parents max-parents not remove-empty merge"
)
_DIFF_SHORT, _DIFF_VALUED = "abBcCDfgiIlLmMnNpqrRsStuUwWxyzGPEFv0", "nLSGUIl"


def _form(long: str = "", short: str = "", valued: str = "", most: int = 1_000_000) -> Form:
    names = frozenset(long.split())
    return Form(None, short=short, valued=valued, long=names, most=most, injectable=True)


_LOG = Form(None, short=_DIFF_SHORT, valued=_DIFF_VALUED, long=_LOG_LONG, injectable=True)
_DIFF = Form(None, short=_DIFF_SHORT, valued="lSGUI", long=_DIFF_LONG, injectable=True)

READING: dict[str, Form] = {
    "status": _form(
        "short branch porcelain ignored untracked-files show-stash ahead-behind no-ahead-behind"
        " no-renames find-renames long verbose column no-column ignore-submodules",
        "sbvzu",
    ),
    "diff": _DIFF,
    "log": _LOG,
    "show": _LOG,
    "whatchanged": _LOG,
    "reflog": _LOG,
    "rev-list": _LOG,
    "diff-tree": _LOG,
    "diff-index": _DIFF,
    "diff-files": _DIFF,
    "shortlog": _form("summary numbered email since until all no-merges", "snec"),
    "rev-parse": _form(
        "show-toplevel abbrev-ref short verify git-dir absolute-git-dir is-inside-work-tree quiet"
        " symbolic-full-name git-common-dir show-prefix show-cdup is-bare-repository all branches"
        " tags show-superproject-working-tree is-inside-git-dir path-format end-of-options",
        "q",
    ),
    "ls-files": _form(
        "others exclude-standard cached modified deleted ignored stage unmerged killed directory"
        " error-unmatch full-name no-empty-directory eol deduplicate debug exclude",
        "zcdomisutvk",
        "x",
    ),
    "ls-tree": _form("name-only name-status full-name full-tree long abbrev format", "drtlz"),
    "cat-file": _form("batch-check batch-all-objects", "tspe"),
    "blame": _form(
        "porcelain line-porcelain show-email root abbrev since date color-lines color-by-age"
        " show-name show-number incremental first-parent",
        "wMClesfnpb",
        "L",
    ),
    "describe": _form("tags always dirty abbrev long all contains match exact-match exclude"),
    "grep": _form(
        "line-number ignore-case files-with-matches name-only count extended-regexp fixed-strings"
        " perl-regexp word-regexp untracked cached heading break no-color color show-function"
        " function-context and or not all-match max-depth after-context before-context context"
        " max-count only-matching column text no-index",
        "niIlLcEFGPwvhHWpoqazr0",
        "eABCm",
    ),
    "merge-base": _form("is-ancestor all octopus fork-point independent"),
    "for-each-ref": _form("format sort count contains merged no-merged points-at"),
    "show-ref": _form("heads tags verify quiet hash abbrev dereference head", "qsd"),
    "show-branch": _form("all remotes current list", "ar"),
    "name-rev": _form("name-only tags refs all always"),
    "check-ignore": _form("verbose quiet non-matching stdin no-index", "vqnz"),
    "count-objects": _form("verbose human-readable", "vH"),
    "cherry": _form("abbrev", "v"),
    "range-diff": _DIFF,
    "version": _form(""),
    "symbolic-ref": _form("short quiet", "q", most=1),
    "branch": _form(
        "list all remotes show-current contains no-contains merged no-merged sort format no-color"
        " color verbose column points-at ignore-case abbrev",
        "arvi",
    ),
    "tag": _form(
        "list sort format contains no-contains merged no-merged points-at column", "l0", "n"
    ),
    "remote": _form("verbose", "v"),
    "stash": _form("stat name-only name-status patch oneline", "pu"),
    "worktree": _form("porcelain verbose", "vz"),
    "config": _form("get get-all get-regexp show-origin show-scope local global null", "z"),
}
_SUBCOMMANDS = {
    "remote": ("", "get-url"),
    "stash": ("list", "show"),
    "worktree": ("list",),
    "reflog": ("", "show", "HEAD"),
}
_LISTING = {
    "branch": names("list contains no-contains merged no-merged points-at"),
    "tag": names("list l contains no-contains merged no-merged points-at"),
}
_ADD = _form("all update verbose dry-run intent-to-add no-all ignore-removal", "AuvnN")
_COMMIT = _form("message all quiet signoff verbose allow-empty file", "aqsv", "mF")
_NEW_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_TOKEN_KEY = re.compile(r"token|password|secret|credential|extraheader|url", re.IGNORECASE)
_NO_PAGER = frozenset({"--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs"})

_H, _M, _X = RiskClass.HIGH, RiskClass.MEDIUM, RiskClass.IRREVERSIBLE
_Danger = tuple[str, str, Effect, RiskClass, str]


# The first row that fits says what a command does: its name, one of its flags if any are given.
_DANGERS: tuple[_Danger, ...] = (
    ("push", "-f --force --mirror", Effect.EXTERNAL, _X, "pushes over history"),
    ("push", "--force-with-lease", Effect.EXTERNAL, _X, "pushes over history"),
    ("push", "-d --delete --prune", Effect.EXTERNAL, _X, "deletes on the remote"),
    ("push", "", Effect.EXTERNAL, _H, "pushes"),
    ("reset", "--hard", Effect.DELETE, _H, "discards changes"),
    ("clean", "", Effect.DELETE, _H, "deletes files that git does not know"),
    ("stash", "drop clear", Effect.DELETE, _H, "deletes stashed changes"),
    ("branch", "-D -d --delete -M -f --force", Effect.DELETE, _H, "deletes a branch"),
    ("tag", "-d --delete -f --force", Effect.DELETE, _H, "deletes a tag"),
    ("worktree", "remove prune", Effect.DELETE, _H, "deletes a worktree"),
    ("restore checkout checkout-index", "", Effect.DELETE, _H, "may discard changes"),
    ("rm", "", Effect.DELETE, _H, "deletes files"),
    ("gc prune", "", Effect.DELETE, _H, "deletes what only the reflog knows"),
    ("reflog", "expire delete", Effect.DELETE, _X, "deletes the reflog"),
    (
        "rebase filter-branch filter-repo replace update-ref",
        "",
        Effect.HISTORY_REWRITE,
        _H,
        "rewrites history",
    ),
    ("commit", "--amend", Effect.HISTORY_REWRITE, _M, "rewrites the last commit"),
    ("commit", "-n --no-verify", Effect.HISTORY_REWRITE, _M, "commits without the hooks"),
    (
        "reset merge cherry-pick revert am apply pull",
        "",
        Effect.HISTORY_REWRITE,
        _M,
        "changes the branch",
    ),
    ("fetch clone ls-remote submodule", "", Effect.NETWORK, _M, "reaches a remote"),
    ("config", "", Effect.CODE_EXEC, _H, "changes or shows what git runs"),
    ("remote", "", Effect.EXTERNAL, _H, "changes where git pushes"),
    ("bisect difftool mergetool hook", "", Effect.CODE_EXEC, _H, "runs other programs"),
    ("send-email", "", Effect.EXTERNAL, _H, "sends mail"),
    ("credential", "", Effect.CREDENTIAL, _H, "shows secrets"),
)


def check_git(look: Look) -> None:
    """Find what a git command does and in which repositories."""
    rest, look.folders = _globals(look)
    look.words = (look.words[0], *rest)
    look.repository()
    if not rest:
        look.inert()
        return
    name = rest[0].text
    if name in ("add", "commit"):
        _write(look, name, rest)
    elif name in ("switch", "checkout") and _makes_branch(rest):
        _write_here(look)
        what = f"makes the branch {rest[2].text}"
        look.effect("new-branch", Effect.WORKSPACE_WRITE, RiskClass.LOW, what=what)
    elif name is None:
        look.not_known_safe(rest[0])
    elif name in READING and _only_reads(name, parse(rest[1:], READING[name])):
        _touch_operands(look, rest)
        look.reads()
    else:
        _dangerous(look, name, rest)


def _globals(look: Look) -> tuple[tuple[Word, ...], tuple[str, ...]]:
    """What comes after git's own flags, and the folders that it works in."""
    words, folders = list(look.words[1:]), look.folders
    while words and (words[0].text or "").startswith("-"):
        flag = words.pop(0)
        if flag.text in _NO_PAGER:
            continue
        if flag.text == "--version" and not words:
            return (), folders
        target = words.pop(0) if flag.text == "-C" and words else None
        if target is None or target.text is None or target.glob or not target.text:
            look.never_safe(flag, f"runs git with `{flag.text}`, which can make it run programs")
            break
        folders = tuple(join(folder, target.text) for folder in folders)
        look.touch(target, Use.LIST)
    return tuple(words), folders


def _only_reads(name: str, found: Arguments) -> bool:
    operands = [word.text or "" for word in found.operands]
    first = operands[0] if operands else ""
    if found.unknown is not None:
        return False
    if name in _SUBCOMMANDS:
        return first in _SUBCOMMANDS[name]
    if name in _LISTING:
        return not operands or bool(found.flags & _LISTING[name])
    if name == "config":
        asked = found.flags & {"get", "get-all", "get-regexp"}
        return bool(asked) and not any(_TOKEN_KEY.search(key) for key in operands)
    if name == "grep":
        return "no-index" not in found.flags
    return name != "cat-file" or bool(found.flags)


def _touch_operands(look: Look, rest: tuple[Word, ...]) -> None:
    """An operand may be a file, or `commit:file`: a secret is one in the history too."""
    for word in rest[1:]:
        text = (word.text or "").rsplit(":", 1)[-1]
        if text and not text.startswith("-"):
            look.touch(word, Use.READ, text)


def _makes_branch(rest: tuple[Word, ...]) -> bool:
    texts = [word.text or "" for word in rest]
    new = {"switch": ("-c", "--create"), "checkout": ("-b",)}[texts[0]]
    return len(texts) == 3 and texts[1] in new and bool(_NEW_BRANCH.fullmatch(texts[2]))


def _write_here(look: Look) -> None:
    look.touch(Word(look.words[0].start, look.words[-1].end, text="."), Use.WRITE)


def _write(look: Look, name: str, rest: tuple[Word, ...]) -> None:
    found = parse(rest[1:], _ADD if name == "add" else _COMMIT)
    told = name == "add" or found.flags & {"m", "message", "F", "file"}
    if found.unknown is not None or not told:
        _dangerous(look, name, rest, found.unknown)
        return
    for flag, word, text in found.values:
        if flag in ("F", "file") and text != "-":
            look.touch(word, Use.READ, text)
    _write_here(look)
    what = "stages files" if name == "add" else "commits"
    look.effect(f"git-{name}", Effect.WORKSPACE_WRITE, RiskClass.LOW, what=what)


def _has_flag(texts: list[str], flags: str) -> bool:
    """Whether one of `flags` is given, a short one perhaps among others: `-am`."""
    wanted = flags.split()
    letters = {flag[1] for flag in wanted if len(flag) == 2}
    return any(
        text.partition("=")[0] in wanted
        or (text.startswith("-") and text[1:2] != "-" and not letters.isdisjoint(text[1:]))
        for text in texts
    )


def _dangerous(look: Look, name: str, rest: tuple[Word, ...], unknown: Word | None = None) -> None:
    texts = [word.text or "" for word in rest[1:]]
    overwrites = name == "push" and any(text.startswith(("+", ":")) for text in texts)
    for commands, flags, effect, risk, what in _DANGERS:
        if name in commands.split() and (not flags or overwrites or _has_flag(texts, flags)):
            said = f"{what} ({look.said})"
            look.effect(f"git-{name}", effect, risk, what=said, words=rest)
            return
    look.not_known_safe(unknown or rest[0])
