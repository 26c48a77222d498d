"""What people are told, put into the outbox by the transaction that makes it news."""

import hashlib
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.app.notifications.items import NOTIFY, Item, Occasion, write_item
from assent.app.ports import Outgoing, Tx, View
from assent.core.approvals import FINAL, Request, State, Verdict, ballot_of
from assent.core.changes.agreement import present_voices
from assent.core.changes.model import Change, ChangeState
from assent.core.people.delegation import why_not
from assent.core.people.model import Delegation, Person
from assent.core.people.voices import active_names, is_anybody
from assent.core.policy.model import AskIn
from assent.core.redact import redact
from assent.core.risk.factors import RiskClass

GATHER_MS = 3_000
"""What is not urgent waits so long: some is answered by then, and what comes together goes out
together."""
TITLE = 160
"""Characters of a title that are told."""
PEOPLE_STREAM = "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that people are to be told, each on their own channels."""

    occasion: Occasion
    to: Iterable[str]
    stream: str
    """The ledger stream in which it is recorded that somebody was told."""
    dedup: str
    """What makes it one piece of news: a person is told of it once."""
    about: str = ""
    version: int = 0
    name: str = ""
    risk: RiskClass = RiskClass.TRIVIAL
    title: str = ""
    workspace: str = ""
    agent: str = ""
    until: int | None = None


def tell(tx: Tx, news: News, *, now: int) -> int:
    """Have everybody told who has a channel; how many that are. Nobody is told twice of one thing.

    Whoever is not active or not known is left out; that is no fault of whoever has the news.
    """
    item = Item(
        occasion=news.occasion,
        stream=news.stream,
        about=news.about,
        version=news.version,
        name=news.name,
        risk=news.risk,
        title=_short(news.title),
        project=posixpath.basename(news.workspace.rstrip("/")),
        agent=news.agent,
        until=news.until,
    )
    body = write_item(item)
    told = 0
    for name in dict.fromkeys(news.to):
        person = tx.person(name)
        if person is None or not person.active or not person.channels:
            continue
        dedup = f"{NOTIFY}/{news.dedup}/{news.occasion.value}/{name}"
        told += tx.add_outgoing(
            Outgoing(
                id=outgoing_id(dedup, now),
                kind=NOTIFY,
                dedup=dedup,
                place=name,
                body=body,
                created_at=now,
                run_at=now if item.is_urgent else now + GATHER_MS,
            )
        )
    return told


def outgoing_id(dedup: str, now: int) -> str:
    """A UUIDv7 that the same news at the same time always has."""
    digest = int.from_bytes(hashlib.sha256(dedup.encode("utf-8", "surrogatepass")).digest()[:10])
    value = (now & (1 << 48) - 1) << 80 | digest
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _short(title: str) -> str:
    line = redact(title)
    return line if len(line) <= TITLE else f"{line[: TITLE - 1]}…"


# Requests


def tell_of_request(
    tx: Tx,
    request: Request,
    occasion: Occasion,
    *,
    to: Iterable[str] | None = None,
    now: int,
    mark: str = "",
) -> int:
    """Tell `to`, or all who can decide it. What is asked at the agent's own prompt is no news.

    `mark` tells news of one version apart: several reminders of it.
    """
    if request.asked_in is AskIn.AGENT:
        return 0
    names = deciders(request, everybody(tx, now)) if to is None else to
    news = News(
        occasion=occasion,
        to=names,
        stream=f"request/{request.number}",
        dedup=f"{request.id}/{request.version}{mark}",
        about=request.id,
        version=request.version,
        name=request.name,
        risk=request.assessment.risk,
        title=request.assessment.title,
        workspace=request.proposal.session.workspace,
        agent=request.proposal.session.agent,
        until=request.expires_at,
    )
    return tell(tx, news, now=now)


@dataclass(frozen=True, slots=True)
class Everybody:
    """The people here, and who decides for whom, at one moment."""

    people: Sequence[Person]
    delegations: Sequence[Delegation]
    at: int


def everybody(view: View, at: int) -> Everybody:
    return Everybody(view.people(), view.delegations(now=at), at)


def deciders(request: Request, here: Everybody) -> tuple[str, ...]:
    """Who could still agree to what is missing, and has not; and who may do so for one of them.

    Whether the policy lets others decide is looked at when they do.
    """
    ballot = ballot_of(request, active=active_names(here.people))
    missing = [each for each in ballot.progress if not each.is_met]
    named = [name for each in missing for name in each.can]
    if not named and any(is_anybody(each.need) for each in missing):
        # Where nobody is named everybody is meant; beside others who are, everybody may be silent.
        named = [person.name for person in here.people if ballot.bars.lets(person.name)]
    takers = (
        each.taker
        for each in here.delegations
        if each.giver in named
        and ballot.bars.lets(each.taker)
        and not why_not(each, request.matter, here.at)
    )
    spoke = {voice.by for voice in ballot.voices}
    return tuple(name for name in dict.fromkeys((*named, *takers)) if name not in spoke)


def still_waits(request: Request | None, now: int) -> bool:
    """Whether a request is still something that people are to be told of."""
    if request is None or request.state is not State.PENDING or request.delayed_until is not None:
        return False
    return now < request.expires_at


def tell_of_decision(tx: Tx, request: Request, *, now: int) -> int:
    """Tell whom it was referred to, in whose name it was decided, and whose agent asked.

    Nobody is told of what they said themselves.
    """
    if not request.decisions:
        return 0
    said = request.decisions[-1]
    if said.verdict is Verdict.REFER:
        return tell_of_request(tx, request, Occasion.REFERRED, to=said.to, now=now)
    told = 0
    if said.in_name_of and said.in_name_of != said.by:
        told += tell_of_request(tx, request, Occasion.IN_NAME, to=(said.in_name_of,), now=now)
    is_decided = request.state is State.APPROVED or request.state in FINAL
    if is_decided and request.asker not in ("", said.by, said.in_name_of):
        told += tell_of_request(tx, request, Occasion.DECIDED, to=(request.asker,), now=now)
    return told


# Changes


def tell_of_change(
    tx: Tx, change: Change, occasion: Occasion, *, to: Iterable[str], now: int, risk: RiskClass
) -> int:
    """Tell that a change waits for `to`, or left the queue. `risk` is its class, as raised."""
    revision = change.newest
    news = News(
        occasion=occasion,
        to=to,
        stream=f"change/{change.number}",
        dedup=f"{change.id}/{change.version}",
        about=change.id,
        version=revision.number,
        name=change.name,
        risk=risk,
        title=change.title,
        workspace=change.workspace,
        agent=revision.by,
    )
    return tell(tx, news, now=now)


def change_still_waits(change: Change | None, revision: int, name: str) -> bool:
    """Whether `name` still has to look at this revision."""
    if change is None or change.state is not ChangeState.IN_REVIEW:
        return False
    if change.newest.number != revision or name in {each.by for each in present_voices(change)}:
        return False
    return not change.awaited or name in change.awaited


# People


def tell_of_security(tx: Tx, person: Person, what: str, *, now: int) -> int:
    """Tell somebody on all channels that a way to speak as them was added or taken away.

    `what` says it in a few words without a secret: `a new passkey: laptop`.
    """
    news = News(
        occasion=Occasion.SECURITY,
        to=(person.name,),
        stream=PEOPLE_STREAM,
        dedup=f"{person.name}/{person.version}/{what}",
        version=person.version,
        title=what,
    )
    return tell(tx, news, now=now)
