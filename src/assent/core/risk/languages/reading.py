"""What reading a piece of code brings to light, in words that the engine knows."""

from collections.abc import Iterable
from dataclasses import dataclass

from assent.core.risk.findings import Span, Use

LIMIT = 20_000
"""Characters of code that are read; what is longer is not known."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the code does."""

    word: str
    """A key of `meanings.MEANINGS`."""
    what: str
    """One sentence part for a person, verb first: `drops the table users`."""
    span: Span = None
    """Character range in the code; None when it is about the code as a whole."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a piece of code would do. An empty one does nothing but compute and print."""

    means: tuple[Act, ...] = ()
    """What it does besides using files and running programs."""
    files: tuple[tuple[str, Use], ...] = ()
    """The paths it names, as written, with what happens to them."""
    shells: tuple[str, ...] = ()
    """The shell scripts that it runs."""
    commands: tuple[tuple[str, ...], ...] = ()
    """The argument vectors that it runs, without a shell."""


def one(word: str, what: str, span: Span = None) -> Reading:
    """A reading that says just this."""
    return Reading(means=(Act(word, what, span),))


def together(readings: Iterable[Reading]) -> Reading:
    """What several pieces of code do; each thing once, in order."""
    several = tuple(readings)
    return Reading(
        means=tuple(dict.fromkeys(act for each in several for act in each.means)),
        files=tuple(dict.fromkeys(file for each in several for file in each.files)),
        shells=tuple(dict.fromkeys(script for each in several for script in each.shells)),
        commands=tuple(dict.fromkeys(words for each in several for words in each.commands)),
    )
