"""Submitting what an agent made."""

from dataclasses import replace
from pathlib import Path

import pytest

from assent.app.changes.submit import ValueEdit
from assent.app.changes.told import after_submit
from assent.app.ports import PolicyVersion
from assent.core.actions import Plan
from assent.core.approvals import State
from assent.core.canonical import digest_of
from assent.core.changes.model import ChangeState, TreePayload, ValuePayload
from assent.core.grants import Grant, GrantKind
from assent.core.policy.changes import ChangeRules
from assent.core.risk.factors import RiskClass
from assent.errors import ConflictError, NotFoundError, UsageError
from tests.adapters.store.samples import request
from tests.app.changes.scene import NUMBERS, Stage, git, stage
from tests.app.conftest import Scene, proposal

MORE = NUMBERS.replace("line 2 = 2", "line 2 = 200").replace("line 25 = 25", "line 25 = 250")


async def test_what_is_committed_is_put_up_for_review(on: Stage) -> None:
    on.commit(numbers__txt=MORE)
    made = await on.submit(report="ran it", model="m-1", session="s1")
    assert (made.name, made.state, made.target) == ("CH-1", ChangeState.IN_REVIEW, "main")
    assert (made.owner, made.agent, made.branch) == ("ana", "plain", "work")
    newest = made.newest
    assert isinstance(newest.payload, TreePayload)
    assert newest.payload.base == git(on.folder, "rev-parse", "main")
    assert newest.payload.tree == git(on.folder, "rev-parse", "work^{tree}")
    assert [(each.path, each.added, each.removed) for each in newest.hunks] == [
        ("numbers.txt", 1, 1),
        ("numbers.txt", 1, 1),
    ]
    assert (newest.report, newest.model, newest.session) == ("ran it", "m-1", "s1")
    assert on.entries(made) == ["submitted"]
    assert "Your run ends here" in after_submit(made)


async def test_what_is_not_committed_is_taken_only_when_that_is_wanted(on: Stage) -> None:
    on.write(numbers__txt=MORE)
    with pytest.raises(UsageError, match="Nothing differs from main") as caught:
        await on.submit()
    assert "--uncommitted" in caught.value.hint
    made = await on.submit(uncommitted=True)
    assert made.newest.paths == ("numbers.txt",)
    assert git(on.folder, "status", "--porcelain") == "M numbers.txt"


async def test_each_hunk_has_its_own_class(on: Stage) -> None:
    key = "AKIA" + "Q3EGZ5T7WX2JH4KL"
    (on.folder / "app.py").write_text("value = 1\n")
    on.commit(numbers__txt=MORE, deploy__py=f'AWS_KEY = "{key}"\n')
    made = await on.submit()
    risks = {each.path: each.risk for each in made.newest.hunks}
    assert risks["numbers.txt"] is RiskClass.LOW
    assert risks["deploy.py"] >= RiskClass.HIGH
    assert made.newest.risk >= RiskClass.HIGH
    assert made.newest.reasons[0].risk is made.newest.risk


@pytest.mark.parametrize(
    "path",
    [".assent/policy.toml", ".claude/settings.json", ".github/workflows/ci.yml"],
)
async def test_what_decides_about_agents_is_never_low(on: Stage, path: str) -> None:
    (on.folder / path).parent.mkdir(parents=True)
    (on.folder / path).write_text("{}\n")
    git(on.folder, "add", "-f", ".")
    git(on.folder, "commit", "-q", "-m", "w")
    made = await on.submit()
    assert made.newest.risk >= RiskClass.MEDIUM
    assert made.newest.hunks[0].risk >= RiskClass.MEDIUM
    if "workflows" not in path:
        assert made.newest.risk is RiskClass.IRREVERSIBLE


async def test_documentation_alone_is_proven_trivial(on: Stage) -> None:
    on.commit(notes__md="# Notes\n\nMore.\n")
    made = await on.submit()
    assert (made.newest.risk, bool(made.newest.trivial)) == (RiskClass.TRIVIAL, True)


async def test_a_returned_change_gets_a_new_revision(on: Stage) -> None:
    on.commit(numbers__txt=MORE)
    made = await on.submit()
    on.commit(notes__md="# Notes\n\nMore.\n")
    again = await on.submit(change=1, title="")
    assert (again.id, again.newest.number, again.title) == (made.id, 2, "Count on")
    assert len(again.newest.hunks) == 3
    assert on.entries(made) == ["submitted", "revised"]


async def test_a_change_that_is_given_up_is_not_revised(on: Stage) -> None:
    on.commit(numbers__txt=MORE)
    made = await on.submit()
    await on.scene.store.write(
        lambda tx: tx.save_change(replace(made, state=ChangeState.ABANDONED, version=2)),
        durable=True,
    )
    with pytest.raises(ConflictError, match="abandoned"):
        await on.submit(change=1)
    with pytest.raises(NotFoundError):
        await on.submit(change=7)


async def test_another_repository_cannot_revise_it(on: Stage, tmp_path: Path) -> None:
    on.commit(numbers__txt=MORE)
    await on.submit()
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", "-b", "main", "other")
    with pytest.raises(UsageError, match="another repository"):
        await on.submit(change=1, cwd=str(other))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param({"title": " "}, "title", id="no-title"),
        pytest.param({"target": "gone"}, "gone", id="no-such-target"),
        pytest.param({"branch": "main"}, "into itself", id="the-target-itself"),
        pytest.param({"cwd": "/"}, "no git repository", id="no-repository"),
    ],
)
async def test_what_cannot_be_submitted(on: Stage, said: dict[str, str], message: str) -> None:
    on.commit(numbers__txt=MORE)
    with pytest.raises(UsageError, match=message):
        await on.submit(**said)


async def test_the_policy_names_target_and_reviewers(tmp_path: Path) -> None:
    on = stage(tmp_path, Scene(), rules=ChangeRules(target="trunk", reviewers=("ben",)))
    git(on.folder, "branch", "trunk", "main")
    on.commit(numbers__txt=MORE)
    made = await on.submit()
    assert (made.target, made.reviewers) == ("trunk", ("ben",))


async def test_a_linked_work_tree_stands_under_the_repository_s_policy(on: Stage) -> None:
    accepted = PolicyVersion(str(on.folder), digest_of(b"x"), b"x", "ana", 1)
    await on.scene.store.write(lambda tx: tx.accept_policy(accepted), durable=True)
    linked = on.folder.parent / "linked"
    git(on.folder, "worktree", "add", "-q", str(linked), "-b", "side")
    (linked / "numbers.txt").write_text(MORE)
    made = await on.submit(cwd=str(linked), uncommitted=True)
    assert made.workspace == str(linked)
    assert made.repository == str(on.folder / ".git")
    done = await on.see_to(made)
    assert done.asked
    from assent.app.changes.rules import policy_of  # noqa: PLC0415

    assert policy_of(on.gate, done).digest == digest_of(b"x")


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param(("edit numbers.txt",), True, id="named"),
        pytest.param(("edit src/",), False, id="out-of-plan"),
        pytest.param(("run make",), None, id="names-no-file"),
    ],
)
async def test_it_is_held_against_the_plan(
    on: Stage, named: tuple[str, ...], expected: bool | None
) -> None:
    grant = Grant(
        id="g",
        workspace=str(on.folder),
        kind=GrantKind.PLAN,
        what=named,
        by="ana",
        request=1,
        created_at=1,
        agent="plain",
        session="s1",
    )
    await on.scene.store.write(lambda tx: tx.add_grant(grant), durable=True)
    on.commit(numbers__txt=MORE)
    made = await on.submit(session="s1")
    assert made.newest.in_plan is expected


@pytest.mark.parametrize(
    ("state", "session", "expected"),
    [
        pytest.param(State.APPROVED, "s1", ("as approved", True), id="approved"),
        pytest.param(State.CONSUMED, "s1", ("as approved", True), id="used"),
        pytest.param(State.REJECTED, "s1", ("as told", False), id="rejected"),
        pytest.param(State.APPROVED, "s2", ("as told", False), id="of-another-run"),
    ],
)
async def test_the_plan_of_its_run_stands_beside_it(
    on: Stage, state: State, session: str, expected: tuple[str, bool]
) -> None:
    asked = replace(request(1, proposal(Plan("as approved"))), state=state)
    await on.scene.store.write(lambda tx: tx.add_request(asked), durable=True)
    on.commit(numbers__txt=MORE)
    made = await on.submit(session=session, plan="as told")
    assert (made.plan, made.plan_approved) == expected


async def test_a_value_is_a_change_with_one_hunk(on: Stage) -> None:
    file = str(on.folder / "app.json")
    on.values.texts[file, "/retries"] = "3"
    edit = ValueEdit(sort="config", file=file, pointer="/retries", after="5")
    made = await on.submit(value=edit)
    assert made.newest.payload == ValuePayload("config", file, "/retries", "3", "5")
    assert len(made.newest.hunks) == 1
    assert made.newest.trivial == ""
    assert made.newest.risk >= RiskClass.LOW


async def test_a_value_in_assents_own_folder_cannot_be_taken_back(on: Stage) -> None:
    edit = ValueEdit(sort="config", file="/h/assent/config.toml", pointer="", after="x")
    made = await on.submit(value=edit)
    assert made.newest.risk is RiskClass.IRREVERSIBLE


async def test_a_value_that_is_there_already_is_no_change(on: Stage) -> None:
    on.values.texts["/w/a.json", ""] = "x"
    with pytest.raises(UsageError, match="Nothing differs"):
        await on.submit(value=ValueEdit(sort="data", file="/w/a.json", pointer="", after="x"))
