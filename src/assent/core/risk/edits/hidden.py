"""Characters that a person does not see, or sees in another order than a program reads them."""

import re
from enum import StrEnum

_ORDER = "\u202a-\u202e\u2066-\u2069"
_TAGS = "\U000e0000-\U000e007f"
_ZERO = "\u00ad\u180e\u200b\u2060-\u2064\ufeff"
_JOINERS = "\u200c\u200d"

_DECEIVES = re.compile(f"[{_ORDER}{_TAGS}]")
_HIDES = re.compile(
    rf"[{_ZERO}]|(?<=[\x20-\x7e])[{_JOINERS}]|[{_JOINERS}](?=[\x20-\x7e])"
    "|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
_FLAG = re.compile(f"\U0001f3f4[{_TAGS}]{{1,8}}")
"""Flags of regions are spelled with tag characters."""


class Hiding(StrEnum):
    """How badly a text hides something."""

    NOTHING = ""
    UNSEEN = "unseen"
    """Zero widths and controls."""
    DECEIVING = "deceiving"
    """Marks that change the order in which text is shown, and invisible tag characters."""


def hiding_in(text: str) -> Hiding:
    """The worst in `text`. Joiners between letters or emoji are what they are made for."""
    if text.isascii() and text.isprintable():
        return Hiding.NOTHING
    plain = _FLAG.sub("", text)
    if _DECEIVES.search(plain):
        return Hiding.DECEIVING
    return Hiding.UNSEEN if _HIDES.search(plain) else Hiding.NOTHING
