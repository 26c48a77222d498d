"""Every store keeps the contract."""

from collections.abc import AsyncIterator

import pytest

from assent.adapters.store import open_store
from assent.app.ports import Store
from assent.testing import MemoryStore
from tests.adapters.store.change_contract import ChangeContract
from tests.adapters.store.contract import StoreContract
from tests.adapters.store.people_contract import PeopleContract


class TestMemory(StoreContract, ChangeContract, PeopleContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestSqlite(StoreContract, ChangeContract, PeopleContract):
    @pytest.fixture
    async def store(self, sqlite_url: str) -> AsyncIterator[Store]:
        opened = open_store(sqlite_url)
        yield opened
        await opened.close()


class TestPostgres(StoreContract, ChangeContract, PeopleContract):
    @pytest.fixture
    async def store(self, postgres_url: str) -> AsyncIterator[Store]:
        opened = open_store(postgres_url)
        yield opened
        await opened.close()
