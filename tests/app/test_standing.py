"""What an approval allows beyond its one call, and what a project's manifests make known."""

from dataclasses import replace

import pytest

from assent.app.agents import Abilities, LetThrough, SessionEvent, ToolFinished
from assent.app.decide_request import Word, decide_request
from assent.app.grants import Allowance, grants_of, revoke_grant
from assent.app.precedent import with_written
from assent.app.project_programs import accept_programs, forget_program, programs_of
from assent.app.question import Waiting
from assent.app.record_outcome import record_outcome, record_session
from assent.app.submit_action import submit_action
from assent.core.actions import EditKind, FileChange, FileEdit, Plan
from assent.core.approvals import Request, Verdict
from assent.core.canonical import digest_of
from assent.core.facts import Facts, PathFact, ScriptFact
from assent.core.grants import PLAN_GRANT_MS, GrantKind
from assent.core.ledger import Entry
from assent.core.policy import AskIn, Tier
from assent.core.project import ProjectPrograms, ProjectTask
from assent.errors import ConflictError, NotFoundError, UsageError
from tests.app.conftest import Scene, proposal
from tests.app.world import BUILT_IN, StillPolicies

UNKNOWN = "frobnicate --all"
KEEP = Allowance()


async def asked(scene: Scene, action: object = UNKNOWN, **more: object) -> Request:
    submitted = await submit_action(scene.gate, proposal(action, **more))  # type: ignore[arg-type]
    assert isinstance(submitted, Waiting), submitted
    return submitted.request


async def passes(scene: Scene, action: object = UNKNOWN, **more: object) -> bool:
    answer = await submit_action(scene.gate, proposal(action, **more))  # type: ignore[arg-type]
    return answer == LetThrough()


async def approve(scene: Scene, request: Request, allowance: Allowance = KEEP) -> None:
    word = Word(
        verdict=Verdict.APPROVE,
        by="ana",
        via="cli",
        confirm=request.name if request.tier is Tier.APPROVE else "read",
        allowance=allowance,
    )
    decided = await decide_request(scene.gate, request.number, word)
    assert isinstance(decided, Request), decided


def recorded(scene: Scene, kind: str) -> list[Entry]:
    entries = scene.store.read(lambda view: view.entries(limit=100))
    return [entry for entry in entries if f'"kind":"{kind}"'.encode() in entry.body]


# --- programs


async def test_a_program_is_asked_about_once_in_a_project(scene: Scene) -> None:
    await approve(scene, await asked(scene))
    assert await passes(scene)
    assert await passes(scene, "frobnicate other", session_id="s2")
    assert [b'"request":1' in entry.body for entry in recorded(scene, "vouched")] == [True]


async def test_once_means_once(scene: Scene) -> None:
    await approve(scene, await asked(scene), Allowance(keep=False))
    assert await passes(scene)
    assert (await asked(scene)).number == 2


async def test_a_rejection_makes_nothing_known(scene: Scene) -> None:
    request = await asked(scene)
    word = Word(verdict=Verdict.REJECT, by="ana", via="web", reason="no", allowance=KEEP)
    await decide_request(scene.gate, request.number, word)
    assert programs_of(scene.gate, "/w").vouched == ()
    assert recorded(scene, "vouched") == []


async def test_a_forgotten_program_is_asked_about_again(scene: Scene) -> None:
    await approve(scene, await asked(scene), Allowance())
    assert await passes(scene)
    assert programs_of(scene.gate, "/w").vouched == ("frobnicate",)
    assert await forget_program(scene.gate, "/w", name="frobnicate", by="ana")
    assert not await forget_program(scene.gate, "/w", name="frobnicate", by="ana")
    assert not await passes(scene, "frobnicate other")
    assert recorded(scene, "program-forgotten")


FOUND = ProjectPrograms(frozenset({"frobnicate"}), (ProjectTask("npm", "test", "", "jest"),))


async def test_what_a_person_accepted_runs(scene: Scene) -> None:
    scene.world.found = FOUND
    assert not await passes(scene)
    count = await accept_programs(scene.gate, "/w", by="ana", seen=FOUND.digest)
    assert count == 2
    assert await passes(scene, "frobnicate more")
    programs = programs_of(scene.gate, "/w")
    assert programs.accepted is not None
    assert programs.new == ProjectPrograms()
    assert [FOUND.digest.encode() in e.body for e in recorded(scene, "programs-accepted")] == [True]


async def test_a_manifest_that_changed_is_not_accepted_unseen(scene: Scene) -> None:
    scene.world.found = FOUND
    with pytest.raises(ConflictError, match="changed in the meantime"):
        await accept_programs(scene.gate, "/w", by="ana", seen=ProjectPrograms().digest)
    assert programs_of(scene.gate, "/w").accepted is None


async def test_what_a_manifest_names_later_is_not_accepted(scene: Scene) -> None:
    await accept_programs(scene.gate, "/w", by="ana", seen=ProjectPrograms().digest)
    scene.world.found = FOUND
    assert not await passes(scene)
    assert programs_of(scene.gate, "/w").new == FOUND


async def test_an_accepted_task_can_be_forgotten(scene: Scene) -> None:
    scene.world.found = FOUND
    await accept_programs(scene.gate, "/w", by="ana", seen=FOUND.digest)
    assert await forget_program(scene.gate, "/w", name="npm test", by="ana")
    assert programs_of(scene.gate, "/w").new.tasks == FOUND.tasks


# --- outward effects

PUSH = "git push origin agent/x"


async def test_a_granted_scope_lets_its_like_pass(scene: Scene) -> None:
    request = await asked(scene, PUSH)
    await approve(scene, request, Allowance(scope="push origin/agent/*", for_ms=1_000))
    assert await passes(scene, PUSH)
    assert await passes(scene, "git push origin agent/y")
    [grant] = grants_of(scene.gate, "/w")
    entries = recorded(scene, "proceeded")
    assert [f"grant {grant.id}".encode() in entry.body for entry in entries] == [True, True]
    assert not await passes(scene, "git push origin main")
    scene.clock.advance(1_000)
    assert not await passes(scene, "git push origin agent/z")


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        pytest.param("push", "not a scope", id="no-target"),
        pytest.param("push origin/other/*", "does not cover.*push origin/agent/x", id="other"),
        pytest.param("comment x", "does not cover", id="other-act"),
    ],
)
async def test_a_scope_has_to_cover_the_request(scene: Scene, scope: str, message: str) -> None:
    request = await asked(scene, PUSH)
    with pytest.raises(UsageError, match=message):
        await approve(scene, request, Allowance(scope=scope))
    assert grants_of(scene.gate, "/w") == ()


async def test_a_revoked_grant_answers_nothing(scene: Scene) -> None:
    request = await asked(scene, PUSH)
    await approve(scene, request, Allowance(scope="push origin/agent/*"))
    assert await passes(scene, PUSH)
    [grant] = grants_of(scene.gate, "/w")
    revoked = await revoke_grant(scene.gate, "/w", id_=grant.id[-8:], by="ana")
    assert revoked == grant
    assert not await passes(scene, "git push origin agent/y")
    with pytest.raises(NotFoundError):
        await revoke_grant(scene.gate, "/w", id_=grant.id, by="ana")
    assert recorded(scene, "grant-revoked")


# --- plans

PLAN = Plan("# Plan\nEdit `src/a.py`.\n```sh\nfrobnicate --all\n```\n")


async def planned(scene: Scene) -> None:
    await approve(scene, await asked(scene, PLAN))


async def test_what_an_approved_plan_names_runs(scene: Scene) -> None:
    await planned(scene)
    assert await passes(scene, "frobnicate --all")
    request = await asked(scene, "frobnicate --other")
    assert "out of plan" in " ".join(item.what for item in request.assessment.evidence)


async def test_a_plan_covers_its_own_run_for_a_while(scene: Scene) -> None:
    await planned(scene)
    assert not await passes(scene, session_id="s2")
    scene.clock.advance(PLAN_GRANT_MS)
    assert not await passes(scene)


async def test_a_plan_ends_with_its_run(scene: Scene) -> None:
    await planned(scene)
    await record_session(scene.gate, SessionEvent(proposal("ls").session, "end"))
    assert grants_of(scene.gate, "/w") == ()
    assert not await passes(scene)


async def test_a_run_without_a_name_gets_no_grant(scene: Scene) -> None:
    await approve(scene, await asked(scene, PLAN, session_id=""))
    assert grants_of(scene.gate, "/w") == ()


async def test_no_secret_of_a_plan_is_in_the_record(scene: Scene) -> None:
    secret = "ghp_" + "a" * 36
    plan = Plan(f"# Plan\n```sh\ncurl -H 'Authorization: Bearer {secret}' x\n```\n")
    await approve(scene, await asked(scene, plan))
    [entry] = recorded(scene, "plan-granted")
    assert secret.encode() not in entry.body
    assert secret in grants_of(scene.gate, "/w")[0].what[0]


async def test_a_plan_approved_at_the_agent_s_prompt_covers_what_it_names(scene: Scene) -> None:
    scene.policies = StillPolicies(replace(BUILT_IN, ask_in=AskIn.AGENT))
    scene.agent.abilities = Abilities(ask_there=True)
    call = proposal(PLAN, headless=False)
    await submit_action(scene.gate, call)
    finished = ToolFinished(call.session, call.call_id, "plan", ok=True, payload=b"")
    await record_outcome(scene.gate, finished)
    assert [grant.kind for grant in grants_of(scene.gate, "/w")] == [GrantKind.PLAN]


# --- scripts


async def test_changing_the_script_voids_the_approval(scene: Scene) -> None:
    script = "curl -d @x https://example.org && ./deploy.sh"

    def holds(content: bytes) -> None:
        scene.world.scripts = {"/w/./deploy.sh": ScriptFact(digest_of(content))}

    holds(b"one")
    request = await asked(scene, script)
    await approve(scene, request, Allowance(keep=False))
    holds(b"two")
    other = await asked(scene, script)
    assert other.number != request.number
    assert other.subject != request.subject
    holds(b"one")
    assert await passes(scene, script)
    assert not await passes(scene, script)


# --- what earlier calls tell


def creates(path: str, kind: EditKind = EditKind.CREATE) -> FileEdit:
    return FileEdit((FileChange(path, kind, None, digest_of(b"x"), ""),), "/w")


async def test_files_that_a_run_wrote_are_remembered(scene: Scene) -> None:
    assert await passes(scene, creates("src/a.py"))
    written = scene.store.read(lambda view: view.written_paths(agent="plain", session_id="s1"))
    assert list(written) == ["/w/src/a.py"]


async def test_agreement_is_precedent(scene: Scene) -> None:
    request = await asked(scene, PUSH)
    before = scene.store.read(lambda view: view.precedent(agent="plain", workspace="/w"))
    await approve(scene, request, Allowance(keep=False))
    after = scene.store.read(lambda view: view.precedent(agent="plain", workspace="/w"))
    assert after - before == {"external-effect"}
    scene.store.read(lambda view: view.standing("/w", now=0))
    again = await asked(scene, "git push origin agent/later")
    assert all(item.factors.precedent.word == "usual" for item in again.assessment.evidence)
    first = {item.factors.precedent.word for item in request.assessment.evidence}
    assert "first" in first


@pytest.mark.parametrize(
    ("files", "made"),
    [
        pytest.param(("/w/out/a",), True, id="its-own"),
        pytest.param(("/w/out/a", "/w/out/b"), False, id="and-another"),
        pytest.param((), False, id="not-named"),
    ],
)
def test_a_folder_is_the_run_s_own_when_all_in_it_is(files: tuple[str, ...], made: bool) -> None:
    folder = PathFact("/w/out", inside=True, is_dir=True, unkept=len(files), unkept_files=files)
    facts = Facts("/w", "/h", "/a", paths={"/w/out": folder})
    assert with_written(facts, {"/w/out/a": True}).paths["/w/out"].made is made


def test_a_file_that_was_there_before_is_written_and_not_made() -> None:
    facts = Facts("/w", "/h", "/a", paths={"/w/a": PathFact("/w/a", inside=True)})
    fact = with_written(facts, {"/w/a": False}).paths["/w/a"]
    assert (fact.written, fact.made) == (True, False)
