"""Which regular expressions a team rule may have: those that cannot take long on any line.

Python's `re` goes back and forth over a text, and has no time limit. So what makes it do that
often is refused: a repetition inside a repetition, a choice inside a repetition, two open
repetitions side by side, more than two of them, references back and looking around.
"""

import re
import warnings

MAX_LENGTH = 200
MAX_OPEN = 2
MAX_COUNT = 100
SHORT = 10
"""A repetition that counts no further costs little."""

_TOKEN = re.compile(
    r"""
    (?P<escape>\\.)
    | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    | (?P<open>\((?:\?:|(?!\?)))
    | (?P<odd>\(\?)
    | (?P<close>\))
    | (?P<choice>\|)
    | (?P<repeat>(?:[*+?]|\{\d*,?\d*\})[?+]?)
    | (?P<plain>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def refused_pattern(pattern: str) -> str:
    """Why `pattern` is refused; empty when it is not."""
    if not pattern or len(pattern) > MAX_LENGTH:
        return f"a pattern has 1 to {MAX_LENGTH} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        return f"this is no regular expression: {error}"
    return _costly([(str(m.lastgroup), m.group()) for m in _TOKEN.finditer(pattern)])


def _costly(tokens: list[tuple[str, str]]) -> str:
    groups: list[bool] = []
    # Of each group that is open: whether it holds a repetition or a choice.
    is_complex, last_open, before_open, count = False, False, False, 0
    for kind, text in tokens:
        match kind:
            case "odd":
                return "only plain groups `(...)` and `(?:...)` are taken"
            case "escape" if text[1].isdigit():
                return "a pattern cannot refer back to what it found"
            case "open":
                groups.append(False)
            case "choice":
                groups[-1:] = [True] * bool(groups)
            case "repeat":
                fault, is_open = _repetition(text)
                count += is_open
                fault = fault or _crowded(text, count, is_complex, is_open and before_open)
                if fault:
                    return fault
                groups[-1:] = [True] * bool(groups)
                is_complex, last_open = False, is_open
            case _:
                is_complex = kind == "close" and groups.pop()
                groups[-1:] = [groups[-1] or is_complex] if groups else []
                before_open, last_open = last_open, False
    return ""


def _crowded(text: str, count: int, is_complex: bool, is_beside: bool) -> str:  # noqa: FBT001
    if is_complex and text != "?":
        return "a repetition may hold no other repetition and no choice"
    if is_beside:
        return "two open repetitions may not stand side by side"
    return f"a pattern has at most {MAX_OPEN} open repetitions" if count > MAX_OPEN else ""


def _repetition(text: str) -> tuple[str, bool]:
    """What is wrong with it, and whether it is long enough to count as open."""
    counted = re.match(r"\{(\d*)(,?)(\d*)\}", text)
    if counted is None:
        return "", text[0] in "*+"
    most = counted[3] or (counted[1] if not counted[2] else "")
    if not most:
        return "", True
    wrong = int(most) > MAX_COUNT
    return f"a repetition counts to {MAX_COUNT} at most" if wrong else "", int(most) > SHORT
