"""A store that can be told to fail, as a full disk makes it fail."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from assent.app.ports import Tx
from assent.core.people.model import Person
from assent.errors import UnavailableError
from assent.testing import MemoryStore

T = TypeVar("T")


class FailingStore(MemoryStore):
    """A MemoryStore whose writes fail with `fault` while one is set."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        super().__init__(people)
        self.fault = ""

    async def write(self, work: Callable[[Tx], T], *, durable: bool) -> T:
        if self.fault:
            raise UnavailableError(self.fault)
        return await super().write(work, durable=durable)
