"""What of a change may leave the machine: secrets hidden line by line, and what is unseen shown.

Line by line, so that no text in a file can hide the lines behind it from a reviewer.
"""

import re
from collections.abc import Iterable, Sequence

from assent.core.redact import HIDDEN, redact
from assent.core.risk.edits.secrets import find_secrets

_KEY_BEGINS = re.compile(r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END[ A-Z0-9]{0,40}PRIVATE KEY")
_KEY_LINE = re.compile(r"""[\s"'+,\\n#*/]*[A-Za-z0-9+/=]{16,}[\s"'+,\\n;)]*""")
"""A line of a key: one run of base64, perhaps quoted."""
_KEY_WIDTH = 400

_CODE = (
    *(".c", ".cc", ".cpp", ".cs", ".dart", ".ex", ".exs", ".go", ".h", ".hpp", ".java", ".js"),
    *(".jsx", ".kt", ".mjs", ".php", ".py", ".pyi", ".rb", ".rs", ".scala", ".swift", ".ts"),
    ".tsx",
)
_NO_LITERAL = re.compile(
    r"""
      [\[({*]{0,4}[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){0,6}[()\[\],:{}.;]+[\w()\[\],:{}.;]*
    | (?:[a-z]+(?:_[a-z]+)*|[A-Z][a-z]+(?:[A-Z][a-z]+)*|[A-Z]+(?:_[A-Z]+)*)[,;:.)\]}]*
    | [\d_]{1,7}[,;:.)\]}]*
    """,
    re.VERBOSE,
)
"""Code behind a telling name, where an unquoted value is never a secret: an expression, plain words
as a name, or a small number."""
_LITERAL = 60
"""Characters of a value that may be such code."""
_COMMENT = re.compile(r"#|//|/\*|^\s*\*|--|;;")

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2028\u2029"
    "\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_SHOWN = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
_SURROGATES = re.compile("[\ud800-\udfff]")


def mask_lines(lines: Iterable[str], path: str = "") -> list[str]:
    """`lines` with secrets replaced by `[hidden]`; one for each, in order.

    In source code an unquoted value that is code (`token = request.headers["x"]`) stays readable:
    it names a secret and is none. In comments, and in files that hold bare values, nothing does.
    """
    code = path.lower().endswith(_CODE)
    masked: list[str] = []
    in_key = False
    for line in lines:
        in_key = in_key or _KEY_BEGINS.search(line) is not None
        if in_key and len(line) <= _KEY_WIDTH and _KEY_LINE.fullmatch(line):
            masked.append(HIDDEN)
        else:
            masked.append(visible(_mask_line(line, code=code)))
        in_key = in_key and _KEY_ENDS.search(line) is None
    return masked


def mask_text(text: str) -> str:
    """The same for prose."""
    return "\n".join(mask_lines(text.splitlines()))


def visible(text: str) -> str:
    """`text` with each character that a reader does not see as `\\u{200b}`."""
    return _SURROGATES.sub("\ufffd", _UNSEEN.sub(lambda found: _escaped(found.group()), text))


def unescaped(text: str) -> str:
    """`text` as it was before `visible`."""
    return _SHOWN.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    number = int(found.group(1), 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else found.group()


def _escaped(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _mask_line(line: str, *, code: bool) -> str:
    masked = redact(line)
    if masked == line or not code or _COMMENT.search(line):
        return masked
    shown = _with_code(line, masked.split(HIDDEN))
    # What has the form of a secret stays hidden whatever stands around it.
    return masked if shown is None or find_secrets(shown) else shown


def _with_code(line: str, parts: Sequence[str]) -> str | None:
    """The line with those hidden values shown that are code; None when they cannot be told."""
    if not line.startswith(parts[0]):
        return None
    shown, at = [parts[0]], len(parts[0])
    for place, part in enumerate(parts[1:], start=2):
        last = place == len(parts)
        end = len(line) - len(part) if last else line.find(part, at + 1)
        if end <= at or not line.startswith(part, end):
            return None
        value = line[at:end]
        is_code = len(value) <= _LITERAL and _NO_LITERAL.fullmatch(value)
        shown += [value if is_code and line[at - 1] not in "\"'`" else HIDDEN, part]
        at = end + len(part)
    return "".join(shown)
