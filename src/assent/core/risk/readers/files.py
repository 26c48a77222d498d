"""Programs that work on files in more than one way."""

import re

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Touch, Use
from assent.core.risk.look import Look
from assent.core.risk.shell import join

_PATTERNS = frozenset({"-e", "-f", "--regexp", "--file", "--files", "--type-list"})
_HARMLESS_KEYS = re.compile(r"\+\+?(?:\d*[Ggp%]?|F|/[^\n]*|\?[^\n]*)")
_SUBSTITUTION = re.compile(
    r"(?:s|y|tr)([/|,#!:])(?:(?!\1|\(\?|[$@][{(\w])[^\\]|\\.)*\1(?:(?!\1|[@]|\$\{).)*\1[gimsxrcd]*;?"
)
"""One that runs nothing: without code in its pattern, and without `e`."""
_PLAIN = re.compile(r"[\w. -]+")
_OWNERS_RIGHTS = re.compile(r"0*[2-7][0-7]{3}")
_CLAUSE = re.compile(r"(?P<who>[ugoa]*)(?P<how>[+=-])(?P<what>[rwxXstugo]*)")
_RECURSIVE = frozenset({"-r", "-R", "--recursive", "--dereference-recursive"})


def read_grep(look: Look, found: Arguments) -> bool:
    """`grep` and its like: the first operand is a pattern unless a flag gives one."""
    files = found.operands if found.flags & _PATTERNS else found.operands[1:]
    wide = found.call.means.word == "search" or bool(found.flags & _RECURSIVE)
    for value in found.values:
        if value.use == "read":
            look.touch(value.word, Use.READ, value.text)
        elif value.flag in ("-g", "--glob", "--include", "--iglob") and value.text:
            # Files picked by a pattern of names: secrets are picked like others.
            look.touch_here(Use.READ, value.text.removeprefix("!"))
    for word in files:
        if word.text != "-":
            look.touch(word, Use.SEARCH if wide or word.glob else Use.READ)
    if not files and wide and not look.piped:
        look.touch_here(Use.SEARCH)
    return True


def read_copy(look: Look, found: Arguments) -> bool:
    """`cp`, `mv`: with `-t` every operand is a source."""
    if look.name == "mv" and found.operands and found.operands[-1].text == "/dev/null":
        look.touch_all(found.operands[:-1], Use.DELETE)
        return True
    if not found.flags & {"-t", "--target-directory"}:
        return False
    use = Use.READ if look.name.endswith("cp") else Use.WRITE
    look.touch_all(found.operands, use)
    look.touch_all([v.word for v in found.values if v.use == "write"], Use.WRITE)
    return True


def read_make(look: Look, found: Arguments) -> bool:
    """`mkdir`, `touch`: making something that is new loses nothing, so that the folder in which it
    will lie says enough of a name that commands print."""
    for word in found.operands:
        folder, slash, _ = word.prefix.rpartition("/")
        if word.text is None and word.outputs and word.shown and slash and folder.strip("./"):
            look.touch(word, Use.WRITE, folder)
        else:
            look.touch(word, Use.WRITE)
    look.found += [
        Touch(join(folder, value.text), Use.LIST)
        for value in found.values
        if value.use == "list" and value.text
        for folder in look.folders
    ]
    return True


def read_pager(look: Look, found: Arguments) -> bool:
    """`less +command`: keys that are pressed at the start may run a command."""
    for word in found.operands:
        text = word.text or ""
        if text.startswith("+") and not _HARMLESS_KEYS.fullmatch(text):
            look.act("code", "presses keys that may run a command", words=[word])
    return False


def read_rename(look: Look, found: Arguments) -> bool:
    """`rename`: of files after a substitution in Perl, or after two plain texts."""
    given = bool(found.flags & {"-e", "-E"})
    first = "" if given or not found.operands else found.operands[0].text
    files = found.operands if given else found.operands[1:]
    if first is None or (first and not _SUBSTITUTION.fullmatch(first)):
        plain = first is not None and _PLAIN.fullmatch(first) is not None
        files = found.operands[2:]
        if not plain or look.name not in ("rename", "mmv"):
            look.not_known(found.operands[0])
    look.touch_all(files, Use.WRITE)
    return not given


def read_chmod(look: Look, found: Arguments) -> bool:
    """`chmod`: writable by everybody, or with the rights of its owner, is more than a change."""
    alone = len(found.operands) == 1 or "--reference" in found.flags
    if alone:
        look.touch_all(found.operands, Use.WRITE)
        return True
    mode = found.operands[0].text if found.operands else None
    if mode is not None and (_OWNERS_RIGHTS.fullmatch(mode) or _adds(mode, "s", "ugo")):
        look.act("privilege", f"lets a program run with the rights of its owner ({look.said})")
    elif mode is None or mode[-1:] in ("2", "3", "6", "7") or _adds(mode, "w", "o"):
        look.act("unknown", f"lets others change files ({look.said})")
    return False


def _adds(mode: str, right: str, whom: str) -> bool:
    """Whether a symbolic mode gives `right` to one of `whom`. The umask holds where none is named,
    and keeps others from writing."""
    return any(
        right in clause["what"]
        and clause["how"] in "+="
        and (right == "s" or "a" in clause["who"] or not set(whom).isdisjoint(clause["who"]))
        for clause in _CLAUSE.finditer(mode)
    )
