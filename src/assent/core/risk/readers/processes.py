"""Processes and devices: which of them are the script's own."""

import re

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.shell import Word

_JOB = re.compile(r"%(?:\d+|[%+-]?)")
_ASKS = frozenset({"-l", "-L", "--list", "--table", "-0"})
_DEVICES = re.compile(r"/dev/(?!null$|stdout$|stderr$|zero$|u?random$|tty$|fd/)")


def read_kill(look: Look, found: Arguments) -> bool:
    """`kill`: a job of this shell, or a number that the script remembers, is its own affair."""
    words = look.words[1:]
    if any(word.text in _ASKS for word in words):
        look.means(MEANINGS["inert"])
        return True
    if found.operands and all(_own(word) for word in found.operands):
        look.act("local-service", "ends a process that this script started")
    else:
        look.act("service", f"ends processes ({look.said})")
    return True


def _own(word: Word) -> bool:
    """A job, or what `$!` said; a number that other programs told may be anybody's process."""
    if word.text is not None:
        return _JOB.fullmatch(word.text) is not None
    return word.shown and not word.outputs and not word.prefix


def read_dd(look: Look, found: Arguments) -> bool:
    """`dd`: `if=` is read, `of=` is written; a device is overwritten for good."""
    del found
    for word in look.words[1:]:
        text = word.text if word.text is not None else word.prefix
        key, equals, path = text.partition("=")
        if not equals and not text.startswith("--"):
            look.not_known(word)
        elif key == "of" and _DEVICES.match(path):
            look.act("disk", f"writes over {path}", words=[word])
        elif key in ("if", "of"):
            known = path if word.text is not None else None
            look.touch(word, Use.WRITE if key == "of" else Use.READ, known)
    look.means(MEANINGS["inert"])
    return True


def read_settings(look: Look, found: Arguments) -> bool:
    """`sysctl NAME` asks, `NAME=value` sets."""
    sets = any(w.text is None or "=" in w.text or "/." in w.text for w in found.operands)
    if sets or not found.operands or found.unknown is not None:
        look.means(MEANINGS["service"])
    else:
        look.means(MEANINGS["inert"])
    return True


_SHOWN = re.compile(
    r"\.{1,2}|.*/|https?://.*|.*\.(?:html?|png|jpe?g|gif|svg|pdf|md|txt|json|csv|webp|log|mp4|xcodeproj"
    r"|xcworkspace|code-workspace)",
    re.IGNORECASE | re.DOTALL,
)


def read_open(look: Look, found: Arguments) -> bool:
    """`open`: shows pages, pictures and folders; anything else may be run."""
    named = any(value.flag in ("-a", "-b") for value in found.values)
    for word in found.operands:
        text = word.text if word.text is not None else word.prefix
        if not _SHOWN.fullmatch(text if word.text is not None else text + word.suffix):
            look.act("code", f"opens {text or 'something'} by a program for it", words=[word])
    if named:
        look.act("service", f"starts another program ({look.said})")
    look.means(MEANINGS["local-service"])
    return True
