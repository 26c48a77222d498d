"""The executor's statement about a merge: there with the branch, once, whenever it was killed."""

from dataclasses import replace
from pathlib import Path

import pytest

from assent.adapters.git.clones import Clone
from assent.adapters.git.executor import GitRepositories
from assent.app.changes.decide import accept
from assent.app.changes.merge import MergeQueue
from assent.app.changes.saying import Voice
from assent.core.changes import landing
from assent.core.changes.model import Change, ChangeState
from assent.core.proof.log import LogEntry, read_log
from assent.core.proof.statement import MERGE
from tests.app.proof.test_log_work import House, make_house


class Killed(Exception):
    """As if the process had ended here."""


async def queued(house: House) -> Change:
    house.user.on_branch("topic", **{"b.txt": "b\n"})
    change = await house.merging.submit("topic")
    voice = Voice(by="ana", via="cli")
    after = await accept(house.gate, change.number, voice, confirm=change.name)
    assert isinstance(after, Change), after
    await house.work.settle()
    waits = landing.queued(after, at=house.gate.clock.now())
    assert isinstance(waits, Change), waits
    await house.write(lambda tx: tx.save_change(waits))
    return waits


def merges(house: House) -> list[LogEntry]:
    clone = Clone(house.user.folder)
    head = clone.log_head()
    assert head
    log = read_log(clone.log(head))
    assert not log.troubles
    return [each for each in log.entries if each.statement.kind == MERGE]


@pytest.mark.parametrize("at", ["transfer", "move", "follow", "followed"])
async def test_killed_while_it_lands_it_is_said_once(tmp_path: Path, at: str) -> None:
    house = await make_house(tmp_path)
    change = await queued(house)

    def step(name: str) -> None:
        if name == at:
            raise Killed

    repositories = GitRepositories(tmp_path / "assent", step=step)
    ports = house.gate.changes
    assert ports is not None
    dying = replace(house.gate, changes=replace(ports, repositories=repositories))
    with pytest.raises(Killed):
        await MergeQueue(dying).settle()
    assert house.merging.now(change).state is ChangeState.MERGING
    assert await MergeQueue(house.gate).settle()
    await house.work.settle()
    done = house.merging.now(change)
    assert done.state is ChangeState.MERGED
    [entry] = merges(house)
    [merge] = done.merges
    assert merge.entry == f"sha256:{entry.id}"
    said = entry.statement.predicate
    [given] = done.acceptances
    assert (said["before"], said["after"], said["tree"]) == (
        merge.before,
        merge.commit,
        merge.tree,
    )
    assert said["decisions"] == [given.entry]
    assert said["tests"] == {
        "command": "make test",
        "outcome": "passed",
        "log": "sha256:log",
    }
    assert (said["owner"], said["hunks"]) == ("ana", list(given.hunks))
