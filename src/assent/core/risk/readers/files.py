"""Programs that work on files in more than one way."""

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import Look

_PATTERNS = frozenset({"-e", "-f", "--regexp", "--file", "--files", "--type-list"})
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


def read_chmod(look: Look, found: Arguments) -> bool:
    """`chmod`: writable by everybody, or with the rights of its owner, is more than a change."""
    alone = len(found.operands) == 1 or "--reference" in found.flags
    if alone:
        look.touch_all(found.operands, Use.WRITE)
        return True
    mode = found.operands[0].text if found.operands else None
    if mode is None or mode[-1:] in ("2", "3", "6", "7") or "s" in mode or _opens(mode):
        look.act("unknown", f"lets others change files ({look.said})")
    return False


def _opens(mode: str) -> bool:
    who, plus, what = mode.partition("+")
    return bool(plus) and "w" in what and (who in ("", "a") or "o" in who)
