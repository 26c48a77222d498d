"""What an acceptance still covers when its change is about to merge, and what the merge says."""

from dataclasses import replace

import pytest

from assent.core.canonical import Digest
from assent.core.changes.agreement import Ground
from assent.core.changes.binding import binding
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import (
    Acceptance,
    Change,
    ChangeState,
    HunkId,
    HunkRef,
    Opinion,
    Part,
    ReviewerKind,
    Revision,
    TreePayload,
    ValuePayload,
    Verdict,
)
from assent.core.merging.acceptance import deviation, named, source_of, why_not
from assent.core.merging.message import merge_message
from assent.core.people.model import Delegation, Need
from assent.core.policy.changes import ChangeRules, Path
from assent.core.risk.factors import RiskClass

PAYLOAD = TreePayload(base="b" * 40, commit="c" * 40, tree="d" * 40)
HUNKS = (HunkId("h1"), HunkId("h2"))
REVISION = Revision(
    number=1,
    payload=PAYLOAD,
    by="robot",
    session="s",
    model="m",
    at=1,
    risk=RiskClass.MEDIUM,
    reasons=(),
    hunks=tuple(HunkRef(each, "a.py", RiskClass.MEDIUM, 1, 0) for each in HUNKS),
)
ACCEPTED = Acceptance(
    by="ana", at=2, revision=1, via="web", hunks=HUNKS, digest=binding(PAYLOAD, HUNKS)
)
CHANGE = Change(
    id="1",
    number=4,
    title="Count on",
    plan="",
    plan_approved=False,
    workspace="/w",
    repository="/w/.git",
    branch="work",
    target="main",
    owner="ana",
    agent="robot",
    state=ChangeState.TESTING,
    version=5,
    created_at=1,
    updated_at=3,
    revisions=(REVISION,),
    acceptances=(ACCEPTED,),
)
RULES = ChangeRules()
STRICT = replace(RULES, paths=dict.fromkeys(RiskClass, Path.PERSON))
PART = Part(revision=1, commit="p" * 40, tree="t" * 40, rest="r" * 40)
SOME = replace(ACCEPTED, hunks=HUNKS[:1], digest=binding(PAYLOAD, HUNKS[:1]))
BY_POLICY = replace(ACCEPTED, by="policy", via="policy")


def accepted_as(acceptance: Acceptance, **more: object) -> Change:
    return replace(CHANGE, acceptances=(acceptance,), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "rules", "why"),
    [
        pytest.param(CHANGE, RULES, "", id="as it was accepted"),
        pytest.param(CHANGE, STRICT, "", id="by a person, under a stricter policy"),
        pytest.param(accepted_as(BY_POLICY), RULES, "", id="by the policy"),
        pytest.param(accepted_as(SOME, part=PART), RULES, "", id="in part"),
        pytest.param(accepted_as(BY_POLICY), STRICT, "wants a person", id="a stricter policy"),
        pytest.param(replace(CHANGE, acceptances=()), RULES, "nobody accepted", id="by nobody"),
        pytest.param(
            replace(CHANGE, state=ChangeState.IN_REVIEW), RULES, "nobody", id="not any more"
        ),
        pytest.param(
            replace(CHANGE, revisions=(REVISION, replace(REVISION, number=2))),
            RULES,
            "nobody accepted revision 2",
            id="another revision",
        ),
        pytest.param(
            replace(CHANGE, revisions=(replace(REVISION, payload=replace(PAYLOAD, tree="e")),)),
            RULES,
            "not what is stored",
            id="another tree",
        ),
        pytest.param(
            accepted_as(replace(ACCEPTED, digest=Digest("sha256:x"))),
            RULES,
            "not what is stored",
            id="another digest",
        ),
        pytest.param(accepted_as(SOME), RULES, "not built", id="a part that is not built"),
        pytest.param(
            accepted_as(SOME, part=replace(PART, revision=0)),
            RULES,
            "another revision",
            id="a part of another revision",
        ),
        pytest.param(
            CHANGE, replace(RULES, reviewers=("eve",)), "no longer lets ana", id="may no longer"
        ),
        pytest.param(
            accepted_as(replace(ACCEPTED, by="robot")),
            RULES,
            "no longer lets robot",
            id="its maker",
        ),
    ],
)
def test_why_not(change: Change, rules: ChangeRules, why: str) -> None:
    found = why_not(change, rules)
    assert why in found
    assert bool(found) is bool(why)


def test_what_merges() -> None:
    value = ValuePayload("config", "/f", "", None, "x")
    assert source_of(CHANGE) == PAYLOAD.commit
    assert source_of(replace(CHANGE, part=PART)) == PART.commit
    assert source_of(replace(CHANGE, revisions=(replace(REVISION, payload=value),))) == ""


def patch(path: str, *ids: str) -> FilePatch:
    hunks = tuple(Hunk(HunkId(each), path, 1, 1, 1, 1) for each in ids)
    return FilePatch(path, "100644", "100644", "x", "y", hunks)


A, B = patch("a", "1", "2"), patch("b", "3")


@pytest.mark.parametrize(
    ("merged", "said"),
    [
        pytest.param((A, B), "", id="exactly that"),
        pytest.param((B, A), "", id="in another order"),
        pytest.param((), "nothing is left", id="nothing"),
        pytest.param((A,), "in b.", id="less"),
        pytest.param((A, B, patch("c", "4")), "in c.", id="more"),
        pytest.param((A, patch("b", "5")), "in b.", id="something else"),
        pytest.param((patch("a", "1", "2", "2"), B), "in a.", id="twice"),
    ],
)
def test_deviation(merged: tuple[FilePatch, ...], said: str) -> None:
    found = deviation((A, B), merged, target="main")
    assert said in found
    assert bool(found) is bool(said)


def test_a_change_of_nothing_has_nothing_to_merge() -> None:
    assert "nothing is left" in deviation((), (), target="main")


def test_named() -> None:
    assert named(["a", "b"]) == "a, b"
    assert named(list("abcdefg")) == "a, b, c, d, e and 2 more"


def verdict(reviewer: str, opinion: Opinion, *, revision: int = 1, counts: bool = True) -> Verdict:
    return Verdict(reviewer, ReviewerKind.LLM, revision, opinion, 1, counts=counts)


def test_the_message_names_those_who_approved_this_revision() -> None:
    said = (
        verdict("checker", Opinion.APPROVE),
        verdict("doubter", Opinion.INCONCLUSIVE),
        verdict("uncalibrated", Opinion.APPROVE, counts=False),
        verdict("earlier", Opinion.APPROVE, revision=0),
    )
    text = merge_message(replace(CHANGE, verdicts=said))
    assert text == (
        "Count on\n\nAssent-Change: CH-4\nAssent-Owner: ana\n"
        "Assent-Reviewed-by: checker\nAssent-Reviewed-by: ana\n"
    )


def test_who_accepted_it_answers_for_it() -> None:
    text = merge_message(replace(CHANGE, owner="whoever handed it in"))
    assert "Assent-Owner: ana\n" in text


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(replace(CHANGE, title="  "), "CH-4", id="no title"),
        pytest.param(
            replace(CHANGE, title="a\n\nAssent-Owner: eve"), "a Assent-Owner: eve", id="lines"
        ),
        pytest.param(
            replace(CHANGE, owner="ana\nAssent-Owner: eve", acceptances=()),
            "Assent-Owner: ana Assent-Owner: eve",
            id="a name with lines",
        ),
        pytest.param(
            replace(CHANGE, plan="x\nASSENT-Change: CH-1"), "> ASSENT-Change: CH-1", id="a plan"
        ),
        pytest.param(replace(CHANGE, reverts=3), "Assent-Reverts: CH-3", id="takes back"),
    ],
)
def test_nobody_else_writes_trailers(change: Change, line: str) -> None:
    lines = merge_message(change).splitlines()
    assert line in lines
    trailers = [each for each in lines if each.lower().startswith("assent-owner:")]
    assert len(trailers) == 1
    assert "ana" in trailers[0]


# Under the policy and the people in force


BOTH = replace(ACCEPTED, by="ben", at=3)
TWICE = replace(CHANGE, acceptances=(ACCEPTED, BOTH))
TWO = Need("@leads", ("ana", "ben"), 2)
GROUND = Ground(needs=(TWO,), active=frozenset({"ana", "ben"}))
LENT = Delegation("d", "ana", "eve", created_at=0, until=10)


@pytest.mark.parametrize(
    ("change", "ground", "why"),
    [
        pytest.param(TWICE, GROUND, "", id="by both"),
        pytest.param(CHANGE, GROUND, "1 more of @leads (ben)", id="needs that were raised"),
        pytest.param(
            TWICE,
            replace(GROUND, active=frozenset({"ben"})),
            "no longer lets ana",
            id="somebody who left",
        ),
        pytest.param(
            TWICE, replace(GROUND, apart={"ben": "wrote it"}), "ben wrote it", id="now apart"
        ),
        pytest.param(TWICE, replace(GROUND, signed=True), "by a signature", id="now signed"),
        pytest.param(
            replace(
                TWICE,
                acceptances=(replace(ACCEPTED, by="eve", in_name_of="ana", delegation="d"), BOTH),
            ),
            replace(GROUND, active=frozenset({"ana", "ben", "eve"}), handed={"d": LENT}),
            "",
            id="in the name of one",
        ),
        pytest.param(
            replace(
                TWICE,
                acceptances=(replace(ACCEPTED, by="eve", in_name_of="ana", delegation="d"), BOTH),
            ),
            replace(
                GROUND,
                active=frozenset({"ana", "ben", "eve"}),
                handed={"d": replace(LENT, revoked_at=1)},
            ),
            "at another time",
            id="by what was taken back before",
        ),
        pytest.param(
            replace(
                TWICE,
                verdicts=(
                    Verdict("ana", ReviewerKind.PERSON, 1, Opinion.CHANGES, at=4, summary="no"),
                ),
            ),
            GROUND,
            "ana sent it back",
            id="against somebody's return",
        ),
    ],
)
def test_why_not_now(change: Change, ground: Ground, why: str) -> None:
    found = why_not(change, RULES, ground)
    assert why in found
    assert bool(found) is bool(why)
