"""Sends each message by whoever knows the scheme of its address."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from assent.app.notifications.ports import Delivery, Message, Notifier


class ByScheme:
    """Implements Notifier by others; what none of `own` knows goes to `rest`."""

    def __init__(self, own: Mapping[str, Notifier], rest: Notifier) -> None:
        self._own = own
        self._rest = rest

    async def send(self, messages: Sequence[Message]) -> Mapping[str, Delivery]:
        shares: dict[str, list[Message]] = defaultdict(list)
        for message in messages:
            scheme = message.url.partition(":")[0]
            shares[scheme if scheme in self._own else ""].append(message)
        found = await asyncio.gather(
            *(self._own.get(scheme, self._rest).send(share) for scheme, share in shares.items())
        )
        return {id_: delivery for each in found for id_, delivery in each.items()}

    async def check(self, url: str) -> str:
        return await self._own.get(url.partition(":")[0], self._rest).check(url)
