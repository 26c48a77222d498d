"""What a message says: class, what it is, whose, until when, and a link. Nothing of a payload.

Titles hold words of agents, and channels make links, mentions and markup of what they are sent. So
they are broken up by characters of no width, and what is hidden in them is shown by its number.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from assent.app.notifications.items import Item, Occasion
from assent.core.risk.factors import RiskClass

ALIKE = 5
"""More than so many that wait become a digest."""
LISTED = 5
"""Items of a digest that are listed, the worst first."""
NAMED = 40
"""Items of a digest whose names are told."""

MARKS = {
    RiskClass.TRIVIAL: "·",
    RiskClass.LOW: "○",
    RiskClass.MEDIUM: "◆",
    RiskClass.HIGH: "▲",
    RiskClass.IRREVERSIBLE: "⬣",
}
_LEADS = {
    Occasion.OPENED: "waits for you",
    Occasion.REMINDER: "still waits for you",
    Occasion.ESCALATED: "waits for you now: nobody answered",
    Occasion.REFERRED: "was referred to you",
    Occasion.DECIDED: "was decided",
    Occasion.IN_NAME: "was decided in your name",
    Occasion.CHANGE_WAITS: "waits for you",
    Occasion.CHANGE_EJECTED: "left the merge queue",
    Occasion.CHANGE_RETURNED: "was sent back",
    Occasion.SECURITY: "Assent: your account changed",
}
_ACTIVE = re.compile(r"(?<=[@<#`*_~|])|(?<=:)(?=//)|(?<=\])(?=\()|(?<=www)(?=\.)", re.IGNORECASE)
_APART = "\u200b"


@dataclass(frozen=True, slots=True)
class Words:
    """How names and times are told to one person."""

    link: str
    """Where the page is, without a slash at the end."""
    zone: tzinfo = UTC
    title_of: Callable[[str], str] = str
    """An agent's name as people know it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A message: its subject, its body, and the one link that leads on."""

    title: str
    body: str
    link: str


def word(items: Sequence[Item], words: Words) -> Text:
    """The message about `items`, of which there is at least one."""
    if len(items) == 1:
        return _one(items[0], words)
    waiting = [item for item in items if item.occasion.waits]
    if len(waiting) == len(items) and len(items) > ALIKE:
        return _digest(items, words)
    first = _worst_first(items)
    title = f"{len(items)} from Assent, the worst: {_class(first[0].risk)}"
    if waiting:
        title = f"{len(waiting)} wait for you, the worst: {_class(_worst_first(waiting)[0].risk)}"
    return Text(title, "\n\n".join(_block(item, words) for item in first), f"{words.link}/")


def link_to(item: Item, words: Words) -> str:
    """The page about it. It opens after login, and holds neither a token nor a decision."""
    if item.name.startswith("REQ-"):
        return f"{words.link}/requests/{item.name}"
    if item.name.startswith("CH-"):
        return f"{words.link}/changes/{item.name}"
    return f"{words.link}/account"


def line_of(item: Item) -> str:
    """`▲ high  push main to origin`"""
    title = inert(item.title) or item.name
    return title if item.occasion is Occasion.SECURITY else f"{_class(item.risk)}  {title}"


def inert(text: str) -> str:
    """`text` on one line, in which no channel finds a link, a mention or markup."""
    return _ACTIVE.sub(_APART, "".join(map(_seen, text)))


def _seen(char: str) -> str:
    hidden = char != " " and unicodedata.category(char)[0] in "CZ"
    return f"[{ord(char):x}]" if hidden else char


def _class(risk: RiskClass) -> str:
    return f"{MARKS[risk]} {risk.word}"


def _one(item: Item, words: Words) -> Text:
    lead = _LEADS[item.occasion]
    if item.occasion is not Occasion.SECURITY:
        lead = f"{_class(item.risk)}: {item.name} {lead}"
    link = link_to(item, words)
    return Text(lead, "\n".join((line_of(item), *_about(item, words), link)), link)


def _block(item: Item, words: Words) -> str:
    lead = _LEADS[item.occasion]
    about = "" if item.occasion is Occasion.SECURITY else f"{item.name} {lead}"
    lines = (line_of(item), about, *_about(item, words), link_to(item, words))
    return "\n".join(line for line in lines if line)


def _about(item: Item, words: Words) -> tuple[str, ...]:
    """`Claude Code in shop, until Sat 21 Nov 14:03 UTC`"""
    if item.occasion is Occasion.SECURITY:
        return ("If this was not you, tell an administrator now.",)
    whose = inert(words.title_of(item.agent)) if item.agent else ""
    where = f"in {inert(item.project)}" if item.project else ""
    until = _until(item, words.zone) if item.occasion.waits else ""
    line = ", ".join(part for part in (" ".join(filter(None, (whose, where))), until) if part)
    return (line,) if line else ()


def _until(item: Item, zone: tzinfo) -> str:
    if item.until is None:
        return ""
    at = datetime.fromtimestamp(item.until / 1000, zone)
    return f"until {at:%a} {at.day} {at:%b %H:%M %Z}"


def _digest(items: Sequence[Item], words: Words) -> Text:
    first = _worst_first(items)
    counts = [(risk, sum(item.risk is risk for item in items)) for risk in sorted(MARKS)[::-1]]
    told = ", ".join(f"{count} {risk.word}" for risk, count in counts if count)
    lines = [f"{line_of(item)} ({item.name})" for item in first[:LISTED]]
    rest = [item.name for item in first[LISTED : LISTED + NAMED]]
    more = len(first) - LISTED - len(rest)
    also = f"and {', '.join(rest)}" + (f" and {more} more" if more > 0 else "")
    link = f"{words.link}/"
    title = f"{_class(first[0].risk)}: {len(items)} wait for you"
    return Text(title, "\n".join((told, *lines, also, link)), link)


def _worst_first(items: Sequence[Item]) -> Sequence[Item]:
    return sorted(items, key=lambda item: (-item.risk, not item.is_urgent))
