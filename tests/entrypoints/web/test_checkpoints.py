"""The timeline of checkpoints, what going back would do, and the undo itself: page and API."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.app.checkpoints.conftest import Yard, command, edit
from tests.app.failing_store import FailingStore
from tests.app.world import WORKSPACE
from tests.entrypoints.web.desk import ANA, Desk

AT_FIRST = {"a.py": "one\n", "b.py": "two\n"}


@dataclass(repr=False)
class YardDesk(Desk):
    """The application in front of a workspace whose files are in memory."""

    yard: Yard = field(default_factory=lambda: Yard(store=FailingStore([ANA])))

    @property
    def gate(self):  # type: ignore[no-untyped-def]
        return self.yard.gate


@pytest.fixture
def desk() -> YardDesk:
    return YardDesk()


@pytest.fixture
def yard(desk: YardDesk) -> Yard:
    return desk.yard


@pytest.fixture
async def worked(yard: Yard) -> Yard:
    await yard.runs(command("make one"), call="c1", does={"c_py": "new\n", "a_py": "1\n"})
    await yard.runs(command("make two"), call="c2", does={"b_py": None})
    return yard


def names(page: str) -> list[str]:
    """The checkpoints that can be gone back to, as the page lists them."""
    return re.findall(r'class="button" href="/checkpoints/(CP-\d+)"', page)


def seen(page: str) -> str:
    found: list[str] = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
    return found[0]


async def test_the_page_lists_what_can_be_gone_back_to(
    worked: Yard, ana: httpx2.AsyncClient
) -> None:
    answer = await ana.get("/checkpoints")
    assert answer.status_code == 200
    assert "3 files changed since" in answer.text
    assert "1 file changed since" in answer.text
    assert len(names(answer.text)) == 3


async def test_an_empty_page_says_when_there_will_be_some(ana: httpx2.AsyncClient) -> None:
    answer = await ana.get("/checkpoints")
    assert "No checkpoints yet" in answer.text


async def test_the_preview_shows_each_file_and_changes_nothing(
    worked: Yard, ana: httpx2.AsyncClient
) -> None:
    before = dict(worked.files)
    [_newest, first, *_] = names((await ana.get("/checkpoints")).text)
    answer = await ana.get(f"/checkpoints/{first}")
    assert answer.status_code == 200
    for text in ("a.py", "b.py", "c.py", "3 files would change", "delete", "write"):
        assert text in answer.text
    assert worked.files == before


async def test_the_button_undoes_and_names_what_takes_it_back(
    worked: Yard, ana: httpx2.AsyncClient
) -> None:
    after_calls = dict(worked.files)
    first = names((await ana.get("/checkpoints")).text)[1]
    shown = (await ana.get(f"/checkpoints/{first}")).text
    answer = await ana.post(f"/checkpoints/{first}/undo", data={"seen": seen(shown)})
    assert answer.status_code == 303
    assert worked.files == AT_FIRST
    told = (await ana.get(answer.headers["location"])).text
    [back] = re.findall(r'To take this back: <a href="/checkpoints/(CP-\d+)"', told)
    shown = (await ana.get(f"/checkpoints/{back}")).text
    await ana.post(f"/checkpoints/{back}/undo", data={"seen": seen(shown)})
    assert worked.files == after_calls
    assert [entry["by"] for entry in worked.entries("undone")] == ["ana", "ana"]


async def test_only_the_chosen_files_go_back(worked: Yard, ana: httpx2.AsyncClient) -> None:
    first = names((await ana.get("/checkpoints")).text)[1]
    token = seen((await ana.get(f"/checkpoints/{first}")).text)
    none = await ana.post(f"/checkpoints/{first}/undo", data={"seen": token, "choose": "yes"})
    assert none.status_code == 400
    await ana.post(
        f"/checkpoints/{first}/undo", data={"seen": token, "choose": "yes", "path": ["a.py"]}
    )
    assert worked.files == {"a.py": "one\n", "c.py": "new\n"}


async def test_what_changed_since_the_page_is_not_overwritten(
    worked: Yard, ana: httpx2.AsyncClient
) -> None:
    first = names((await ana.get("/checkpoints")).text)[1]
    token = seen((await ana.get(f"/checkpoints/{first}")).text)
    worked.change(a_py="meanwhile\n")
    answer = await ana.post(f"/checkpoints/{first}/undo", data={"seen": token})
    assert answer.status_code == 409
    assert "changed while you looked" in answer.text
    assert worked.files["a.py"] == "meanwhile\n"


@pytest.mark.parametrize("name", ["CP-99", "99", "nonsense", "CP-1x"])
async def test_there_is_no_such_checkpoint(ana: httpx2.AsyncClient, name: str) -> None:
    assert (await ana.get(f"/checkpoints/{name}")).status_code == 404


Get = Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda c: c.get("/checkpoints"), id="timeline"),
        pytest.param(lambda c: c.get("/checkpoints/CP-1"), id="preview"),
        pytest.param(lambda c: c.post("/checkpoints/CP-1/undo", data={"seen": "x"}), id="undo"),
        pytest.param(lambda c: c.get("/api/checkpoints?workspace=/w"), id="api"),
        pytest.param(lambda c: c.post("/api/checkpoints/CP-1/restore"), id="api-restore"),
    ],
)
async def test_a_stranger_sees_and_undoes_nothing(
    worked: Yard, stranger: httpx2.AsyncClient, ask: Get
) -> None:
    before = dict(worked.files)
    answer = await ask(stranger)
    assert answer.status_code in (303, 401, 403)
    assert "a.py" not in answer.text
    assert worked.files == before


async def test_the_api_lists_previews_and_restores(worked: Yard, cli: httpx2.AsyncClient) -> None:
    listed = (await cli.get("/api/checkpoints", params={"workspace": WORKSPACE})).json()
    told = [(row["call"], row["differs"], row["title"]) for row in listed["checkpoints"]]
    assert [row[:2] for row in told if row[0]] == [("c2", 1), ("c1", 3)]
    assert all(title.startswith("before ") for call, _, title in told if call)
    newest = await cli.get("/api/checkpoints/newest/preview", params={"workspace": WORKSPACE})
    foreseen = newest.json()
    assert (foreseen["writes"], foreseen["deletes"]) == (["b.py"], [])
    name = foreseen["checkpoint"]["name"]
    stale = await cli.post(f"/api/checkpoints/{name}/restore", json={"seen": "other"})
    assert stale.status_code == 409
    done = await cli.post(f"/api/checkpoints/{name}/restore", json={"seen": foreseen["now"]})
    assert done.status_code == 200
    assert done.json()["writes"] == ["b.py"]
    assert done.json()["safety"]["occasion"] == "undo"
    assert worked.files["b.py"] == "two\n"
    again = await cli.post(f"/api/checkpoints/{name}/restore")
    assert again.status_code == 400


async def test_the_api_restores_only_what_is_named(worked: Yard, cli: httpx2.AsyncClient) -> None:
    rows = (await cli.get("/api/checkpoints", params={"workspace": WORKSPACE})).json()
    [first] = [row for row in rows["checkpoints"] if row["call"] == "c1"]
    query = {"path": "c.py"}
    foreseen = (await cli.get(f"/api/checkpoints/{first['name']}/preview", params=query)).json()
    assert (foreseen["writes"], foreseen["deletes"]) == ([], ["c.py"])
    await cli.post(f"/api/checkpoints/{first['number']}/restore", json={"paths": ["c.py"]})
    assert worked.files == {"a.py": "1\n"}


# --- the question about what nothing explains


async def bypassed(yard: Yard) -> str:
    """The name of the question that opens."""
    await yard.runs(edit("a.py"), does={"a_py": "ONE\n", "b_py": "sneaky\n", "c_py": "new\n"})
    [asked] = yard.waiting()
    return asked.name


async def test_the_question_says_keep_and_undo(yard: Yard, ana: httpx2.AsyncClient) -> None:
    name = await bypassed(yard)
    shown = (await ana.get(f"/requests/{name}")).text
    assert "Assent found that <b>2 files changed that no approved action explains</b>" in shown
    for text in ("sneaky", "Keep <kbd>", "Undo… <kbd>", "become what they were"):
        assert text in shown
    assert "it runs once" not in shown
    assert "2 files changed" in (await ana.get("/")).text


async def test_undoing_needs_no_reason(yard: Yard, ana: httpx2.AsyncClient) -> None:
    name = await bypassed(yard)
    said = {"verdict": "reject", "version": "1"}
    answer = await ana.post(f"/requests/{name}/decision", data=said)
    assert answer.status_code == 303
    await yard.gate.watch.settled()
    assert yard.files == {"a.py": "ONE\n", "b.py": "two\n"}
    assert "rejected by ana" in (await ana.get(f"/requests/{name}")).text


async def test_keeping_it_is_one_act(yard: Yard, ana: httpx2.AsyncClient) -> None:
    name = await bypassed(yard)
    answer = await ana.post(
        f"/requests/{name}/decision", data={"verdict": "approve", "version": "1"}
    )
    assert answer.status_code == 303
    assert yard.files["b.py"] == "sneaky\n"
    assert yard.waiting() == []
