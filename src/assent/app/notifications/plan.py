"""What goes out now: who still has to be told of what, on which channel, and in which messages."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC

from assent.app import outbox
from assent.app.notifications.items import Item, Occasion, OnChannel, Way, read_item, write_item
from assent.app.notifications.news import (
    Everybody,
    change_still_waits,
    deciders,
    everybody,
    still_waits,
)
from assent.app.notifications.ports import Message, Subject
from assent.app.notifications.wording import Words, line_of, link_to, word
from assent.app.people.zones import zone_named
from assent.app.ports import Outgoing, Tx, View
from assent.core.approvals import Request
from assent.core.people.model import Channel, Person
from assent.core.people.quiet import sends_at
from assent.core.policy.model import Tier
from assent.core.risk.factors import RiskClass

TOGETHER_MS = 20_000
"""What is due so soon goes along with what is due now."""
EVERY_MS = 60_000
"""On one channel one message in so long, but for what is urgent."""
MOST = 300
"""Items of one message."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one channel of one person is used."""

    every_ms: int = EVERY_MS


@dataclass(slots=True)
class Used:
    """When each channel of each person was last used. Forgotten with the daemon."""

    at: dict[tuple[str, str], int] = field(default_factory=dict)

    def free_at(self, key: tuple[str, str], pace: Pace) -> int:
        return self.at.get(key, -pace.every_ms) + pace.every_ms


@dataclass(frozen=True, slots=True)
class Piece:
    """An item on its way: its row as claimed, and what it says."""

    row: Outgoing
    item: Item


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sent, and which items each message is about."""

    messages: tuple[Message, ...] = ()
    about: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ids of rows by the id of the message."""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """By the id of the message."""


@dataclass(slots=True)
class _Draft:
    items: dict[str, Item] = field(default_factory=dict)
    """By the id of the row: what is to be saved of those that are not done."""
    messages: list[Message] = field(default_factory=list)
    about: dict[str, tuple[str, ...]] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    quiet_until: dict[str, int] = field(default_factory=dict)
    """By the person's name: looked for once, since it may be a week away."""

    def goes_out(self, piece: Piece, channel: Channel, message: str) -> None:
        self._note(piece, channel, replace(self._on(piece, channel), message=message))

    def waits(self, piece: Piece, channel: Channel, until: int) -> None:
        self._note(piece, channel, replace(self._on(piece, channel), not_before=until))

    def _on(self, piece: Piece, channel: Channel) -> OnChannel:
        return self.items.get(piece.row.id, piece.item).on(channel.id)

    def _note(self, piece: Piece, channel: Channel, state: OnChannel) -> None:
        item = self.items.get(piece.row.id, piece.item)
        self.items[piece.row.id] = item.with_channel(channel.id, state)


@dataclass(frozen=True, slots=True)
class Planning:
    """What planning rests on besides the store."""

    now: int
    words: Callable[[Person], Words]
    used: Used
    pace: Pace


def plan(tx: Tx, claimed: Sequence[Outgoing], given: Planning) -> Plan:
    """Settle what needs no sending, and say what does.

    What nobody has to be told of any more is done. What may not be sent now is put off. Everything
    else is noted to go out in its message, so that it keeps the message's id when it is sent again.
    """
    draft = _Draft()
    by_person: dict[str, list[Piece]] = defaultdict(list)
    for row in claimed:
        if outbox.is_ours(tx, row):
            by_person[row.place].append(Piece(row, read_item(row.body)))
    here = everybody(tx, given.now)
    for name, pieces in by_person.items():
        _plan_person(tx, name, pieces, here=here, draft=draft, given=given)
    sending = {key for keys in draft.about.values() for key in keys}
    for row in claimed:
        if (item := draft.items.get(row.id)) is not None:
            kept = replace(row, body=write_item(item))
            tx.save_outgoing(kept if row.id in sending else outbox.put_off(kept, until=due(item)))
    return Plan(tuple(draft.messages), draft.about, draft.channels)


def due(item: Item) -> int:
    """When the next of its channels may be used; 0 where none is left."""
    left = [each.not_before for each in item.channels.values() if each.way is Way.OPEN]
    return min(left, default=0)


def _plan_person(
    tx: Tx,
    name: str,
    pieces: Sequence[Piece],
    *,
    here: Everybody,
    draft: _Draft,
    given: Planning,
) -> None:
    person = next((each for each in here.people if each.name == name), None)
    wanted: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        channels = () if person is None else _open(tx, person, piece, here)
        for channel in channels:
            wanted[channel.id].append(piece)
        if not channels:
            tx.save_outgoing(outbox.done(piece.row))
    if person is not None:
        for channel in person.channels:
            if channel.id in wanted:
                _plan_channel(tx, person, channel, wanted[channel.id], draft=draft, given=given)


def _open(tx: Tx, person: Person, piece: Piece, here: Everybody) -> Sequence[Channel]:
    """The channels on which `person` is still to be told of it."""
    if not person.active or not _matters(tx, person, piece.item, here):
        return ()
    return [
        channel
        for channel in person.channels
        if piece.item.on(channel.id).way is Way.OPEN and _takes(channel, piece.item)
    ]


def _takes(channel: Channel, item: Item) -> bool:
    if item.occasion is Occasion.SECURITY:
        return True
    return not channel.paused and item.risk >= channel.worst_only


def _matters(view: View, person: Person, item: Item, here: Everybody) -> bool:
    if not item.occasion.waits:
        return True
    if item.occasion is Occasion.CHANGE_WAITS:
        return change_still_waits(view.change(item.about), item.version, person.name)
    request = view.request(item.about)
    if request is None or not still_waits(request, here.at):
        return False
    return item.occasion is Occasion.REFERRED or person.name in deciders(request, here)


def _plan_channel(
    tx: Tx,
    person: Person,
    channel: Channel,
    pieces: Sequence[Piece],
    *,
    draft: _Draft,
    given: Planning,
) -> None:
    ready: list[Piece] = []
    for piece in pieces:
        not_before = piece.item.on(channel.id).not_before
        at = max(_reachable(person, channel, piece.item, draft=draft, given=given), not_before)
        if at > given.now:
            draft.waits(piece, channel, at)
        else:
            ready.append(piece)
    free_at = given.used.free_at((person.name, channel.id), given.pace)
    batches = _batches(ready, channel, is_free=free_at <= given.now)
    for batch in batches:
        # What is urgent goes by itself: nothing else waits longer for it.
        if not all(piece.item.is_urgent for piece in batch):
            given.used.at[person.name, channel.id] = given.now
        _add(tx, person, channel, batch, draft=draft, given=given)
    sent = {piece.row.id for batch in batches for piece in batch}
    free_at = given.used.free_at((person.name, channel.id), given.pace)
    for piece in ready:
        if piece.row.id not in sent:
            draft.waits(piece, channel, max(free_at, given.now + 1))


def _reachable(
    person: Person, channel: Channel, item: Item, *, draft: _Draft, given: Planning
) -> int:
    """When quiet hours end for it."""
    if item.occasion is Occasion.SECURITY:
        return given.now
    if channel.urgent and item.risk is RiskClass.IRREVERSIBLE:
        return given.now
    if person.name not in draft.quiet_until:
        zone = zone_named(person.zone) or UTC
        draft.quiet_until[person.name] = sends_at(person, given.now, urgent=False, zone=zone)
    return draft.quiet_until[person.name]


def _batches(
    ready: Sequence[Piece], channel: Channel, *, is_free: bool
) -> Sequence[Sequence[Piece]]:
    """Those that go out together. What may have been sent already goes first, as it was then."""
    groups: dict[str, list[Piece]] = defaultdict(list)
    for piece in ready:
        groups[piece.item.on(channel.id).message].append(piece)
    batches: list[Sequence[Piece]] = []
    for id_, group in sorted(groups.items(), key=lambda each: (not each[0], each[0])):
        urgent = [piece for piece in group if piece.item.is_urgent]
        if is_free or (urgent and id_):
            batches.append(group if id_ else group[:MOST])
        elif urgent:
            batches.append(urgent[:MOST])
        is_free = False
    return batches


def _add(
    tx: Tx,
    person: Person,
    channel: Channel,
    batch: Sequence[Piece],
    *,
    draft: _Draft,
    given: Planning,
) -> None:
    rows = [piece.row.id for piece in batch]
    known = batch[0].item.on(channel.id).message
    id_ = known or f"{rows[0]}.{channel.id}"
    words = given.words(person)
    text = word([piece.item for piece in batch], words)
    draft.messages.append(
        Message(
            id=id_,
            url=channel.url,
            title=text.title,
            body=text.body,
            link=text.link,
            is_urgent=any(piece.item.is_urgent for piece in batch),
            subjects=tuple(_subject(tx, person, piece, words) for piece in batch),
        )
    )
    draft.about[id_] = tuple(rows)
    draft.channels[id_] = channel
    for piece in batch:
        draft.goes_out(piece, channel, id_)


def _subject(view: View, person: Person, piece: Piece, words: Words) -> Subject:
    item = piece.item
    request = view.request(item.about) if item.name.startswith("REQ-") else None
    pressed = request is not None and item.occasion.waits and can_press(request, person)
    return Subject(
        outgoing=piece.row.id,
        request=item.about if pressed else "",
        name=item.name,
        version=request.version if pressed and request is not None else item.version,
        line=line_of(item),
        link=link_to(item, words),
    )


def can_press(request: Request, person: Person) -> bool:
    """Whether a button somewhere else is enough of a hand for this request and this person.

    Nothing there shows that it was them, and nothing there shows what is approved.
    """
    return (
        request.tier is Tier.ACKNOWLEDGE
        and not request.signed
        and bool(person.slack)
        and person.active
        and not person.has_factor
    )


def told(item: Item, channel_id: str, id_: str) -> Item:
    """The item once the message was sent."""
    return item.with_channel(channel_id, OnChannel(way=Way.SENT, message=id_))
