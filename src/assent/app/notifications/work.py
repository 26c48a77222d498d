"""Tells people what stands in the outbox: plans, sends, and saves what became of it.

A daemon that dies after sending and before saving sends the same message again, under the same id:
at least once at the edge, once in the records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC

from assent.app import outbox
from assent.app.gatehouse import Gatehouse
from assent.app.notifications.items import NOTIFY, Item, Way, read_item, write_item
from assent.app.notifications.plan import TOGETHER_MS, Pace, Plan, Planning, Used, plan, told
from assent.app.notifications.ports import Delivery, Notifier
from assent.app.notifications.wording import Words
from assent.app.outbox import OutboxWork
from assent.app.people.zones import zone_named
from assent.app.ports import Outgoing, Sending, Tx
from assent.core.people.model import Channel, Person

AT_ONCE = 300
"""Items that are claimed together."""
LEASE_MS = 60_000
"""Longer than a batch may take: what was under way when a daemon died is sent after so long."""
_NO_ANSWER = Delivery(is_sent=False, fault="nothing is known of it", is_sure=False)


class NotifyWork:
    """Sees to what people are to be told until it is cancelled. `link`: where the page is."""

    def __init__(
        self, gate: Gatehouse, notifier: Notifier, *, link: str, pace: Pace | None = None
    ) -> None:
        self._gate = gate
        self._notifier = notifier
        self._link = link.rstrip("/")
        self._pace = pace or Pace()
        self._used = Used()
        self._outbox = OutboxWork(
            gate,
            NOTIFY,
            self.tell,
            limit=AT_ONCE,
            in_order=False,
            ahead_ms=TOGETHER_MS,
            lease_ms=LEASE_MS,
        )

    async def run(self) -> None:
        await self._outbox.run()

    async def once(self) -> bool:
        """Send what is due now; whether anything was."""
        claimed = await self._outbox.claim()
        if claimed:
            await self.tell(claimed)
        return bool(claimed)

    async def tell(self, claimed: Sequence[Outgoing]) -> None:
        """Tell people of what was claimed, as far as they may be told now."""
        given = Planning(self._gate.clock.now(), self._words, self._used, self._pace)
        planned = await self._gate.store.write(lambda tx: plan(tx, claimed, given), durable=False)
        if not planned.messages:
            return
        found = await self._notifier.send(planned.messages)
        now = self._gate.clock.now()
        leases = {row.id: row for row in claimed}
        await self._gate.store.write(
            lambda tx: _settle(tx, planned, found, leases=leases, now=now), durable=True
        )

    def _words(self, person: Person) -> Words:
        return Words(self._link, zone_named(person.zone) or UTC, self._title_of)

    def _title_of(self, agent: str) -> str:
        known = self._gate.agents.get(agent)
        return agent if known is None else known.title


def _settle(
    tx: Tx,
    planned: Plan,
    found: Mapping[str, Delivery],
    *,
    leases: Mapping[str, Outgoing],
    now: int,
) -> None:
    """Save what became of each message in each of its items, and record who was told where."""
    items: dict[str, Item] = {}
    labels: dict[str, list[str]] = {}
    for id_, rows in planned.about.items():
        delivery, channel = found.get(id_, _NO_ANSWER), planned.channels[id_]
        for key in rows:
            stored = tx.outgoing(key)
            if stored is None or not outbox.is_ours(tx, leases[key]):
                continue
            item = items.get(key) or read_item(stored.body)
            items[key] = _after(item, channel, id_, delivery, created_at=stored.created_at, now=now)
            if delivery.is_sent:
                labels.setdefault(key, []).append(channel.label)
    for key, item in items.items():
        row = leases[key]
        if key in labels:
            _record(tx, row, item, labels[key], now)
        tx.save_outgoing(_row(tx, row, item, now))


def _after(
    item: Item, channel: Channel, id_: str, delivery: Delivery, *, created_at: int, now: int
) -> Item:
    if delivery.is_sent:
        return told(item, channel.id, id_)
    before = item.on(channel.id)
    tries = before.tries + 1
    is_over = delivery.for_good or tries >= outbox.MOST_ATTEMPTS
    is_over = is_over or now - created_at >= outbox.LONGEST_MS
    return item.with_channel(
        channel.id,
        replace(
            before,
            way=Way.DEAD if is_over else Way.OPEN,
            # What surely did not arrive may go out anew, together with others.
            message="" if delivery.is_sure else id_,
            tries=tries,
            not_before=now + outbox.pause_ms(tries),
            fault=f"{channel.label}: {delivery.fault}"[: outbox.FAULT_LENGTH],
        ),
    )


def _record(tx: Tx, row: Outgoing, item: Item, labels: Sequence[str], now: int) -> None:
    tx.append(
        item.stream,
        "told",
        at=now,
        fields={
            "person": row.place,
            "occasion": item.occasion.value,
            "channels": list(labels),
            "subject": item.name,
            "version": item.version,
        },
    )


def _row(tx: Tx, row: Outgoing, item: Item, now: int) -> Outgoing:
    """The row with what became of it: due again for a channel that is left, sent, or dead."""
    person = tx.person(row.place)
    there = {channel.id for channel in (() if person is None else person.channels)}
    ways = {key: each for key, each in item.channels.items() if key in there}
    made = replace(
        row,
        body=write_item(item),
        attempts=max((each.tries for each in ways.values()), default=0),
        fault="; ".join(each.fault for each in ways.values() if each.fault)[: outbox.FAULT_LENGTH],
    )
    left = [each.not_before for each in ways.values() if each.way is Way.OPEN]
    if left:
        return replace(made, run_at=max(min(left), now))
    if any(each.way is Way.DEAD for each in ways.values()):
        return replace(made, state=Sending.DEAD)
    return outbox.done(made)
