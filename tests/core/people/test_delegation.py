"""How far one person may decide in the place of another, and what an action is known to touch."""

from dataclasses import replace

import pytest

from assent.core.actions import Action, Command, EditKind, FileChange, FileEdit, UnexplainedChange
from assent.core.canonical import Digest
from assent.core.people.delegation import givers_for, in_force, takers_of, why_not, within
from assent.core.people.matter import Matter, matter_of
from assent.core.people.model import Delegation
from assent.core.policy.model import Handing
from assent.core.risk.factors import RiskClass
from tests.core.policy.on_paper import HIGH, IRREVERSIBLE, MEDIUM, assessed, proposed, reason

HANDED = Delegation("d", giver="ana", taker="dan", created_at=1_000, until=5_000)
MATTER = Matter(HIGH, "/w", ("src/a.py",), is_all=True)


@pytest.mark.parametrize(
    ("change", "about", "at", "why"),
    [
        pytest.param({}, {}, 1_000, "", id="from-its-start"),
        pytest.param({}, {}, 999, "at another time", id="before"),
        pytest.param({}, {}, 4_999, "", id="to-its-end"),
        pytest.param({}, {}, 5_000, "at another time", id="after"),
        pytest.param({"revoked_at": 2_000}, {}, 1_999, "", id="not-yet-revoked"),
        pytest.param({"revoked_at": 2_000}, {}, 2_000, "at another time", id="revoked"),
        pytest.param({}, {"risk": IRREVERSIBLE}, 1_000, "up to what is high", id="too-grave"),
        pytest.param({"workspace": "/w"}, {}, 1_000, "", id="its-workspace"),
        pytest.param({"workspace": "/v"}, {}, 1_000, "in /v only", id="another-workspace"),
        pytest.param({"paths": ("src/**",)}, {}, 1_000, "", id="its-paths"),
        pytest.param({"paths": ("docs/**",)}, {}, 1_000, "about src/a.py", id="other-paths"),
        pytest.param(
            {"paths": ("src/**",)},
            {"paths": ("src/a.py", "b.py")},
            1_000,
            "about b.py",
            id="also-other-paths",
        ),
        pytest.param(
            {"paths": ("src/**",)}, {"is_all": False}, 1_000, "may touch others", id="may-be-more"
        ),
        pytest.param(
            {"paths": ("**",)}, {"paths": ()}, 1_000, "may touch others", id="nothing-is-known"
        ),
    ],
)
def test_a_delegation_has_limits(
    change: dict[str, object], about: dict[str, object], at: int, why: str
) -> None:
    handed = replace(HANDED, **change)  # type: ignore[arg-type]
    matter = replace(MATTER, **about)  # type: ignore[arg-type]
    found = why_not(handed, matter, at)
    assert found == "" if not why else why in found
    assert givers_for("dan", [handed], matter, at) == (("ana",) if not why else ())
    assert takers_of("ana", [handed], matter, at) == (("dan",) if not why else ())


def test_it_works_in_one_direction_and_never_for_oneself() -> None:
    own = replace(HANDED, taker="ana")
    assert givers_for("ana", [HANDED, own], MATTER, 1_000) == ()
    assert givers_for("eve", [HANDED], MATTER, 1_000) == ()
    assert takers_of("ana", [own], MATTER, 1_000) == ()


def test_the_policy_in_force_narrows_what_was_given() -> None:
    wide = replace(HANDED, worst=IRREVERSIBLE, until=10_000)
    [narrow] = within(Handing(longest_ms=2_000, worst=MEDIUM), [wide])
    assert (narrow.worst, narrow.until) == (MEDIUM, 3_000)
    assert within(Handing(), [HANDED]) == (HANDED,)
    assert within(Handing(allowed=False), [HANDED]) == ()


def test_a_delegation_is_in_force_for_its_time() -> None:
    assert [in_force(HANDED, at) for at in (999, 1_000, 4_999, 5_000)] == [False, True, True, False]


def edit(*paths: str, moved_to: str | None = None) -> FileEdit:
    digest = Digest("sha256:x")
    changes = (
        FileChange(path, EditKind.UPDATE, before=digest, after=digest, diff="", moved_to=moved_to)
        for path in paths
    )
    return FileEdit(tuple(changes), "/w/sub")


UNEXPLAINED = UnexplainedChange("/w", "a", "b", edit("c.py").changes, left_out=0)


@pytest.mark.parametrize(
    ("action", "reasons", "paths", "is_all"),
    [
        pytest.param(edit("a.py"), ("",), ("sub/a.py",), True, id="an-edit"),
        pytest.param(edit("../a.py"), ("",), ("a.py",), True, id="above-its-folder"),
        pytest.param(edit("//w//a.py"), ("",), ("a.py",), True, id="with-more-slashes"),
        pytest.param(edit("/etc/x"), ("",), ("/etc/x",), True, id="elsewhere"),
        pytest.param(
            edit("a.py", moved_to="/w/b.py"), ("",), ("sub/a.py", "b.py"), True, id="a-move"
        ),
        pytest.param(
            edit("a.py"), ("/w/real.py",), ("sub/a.py", "real.py"), True, id="where-a-link-leads"
        ),
        pytest.param(Command("rm x", "/w"), ("/w/x",), ("x",), True, id="a-command-that-says"),
        pytest.param(Command("make", "/w"), ("",), (), False, id="a-command-that-does-not"),
        pytest.param(Command("m x", "/w"), ("/w/x", ""), ("x",), False, id="says-half"),
        pytest.param(UNEXPLAINED, ("",), ("c.py",), True, id="found-changes"),
        pytest.param(
            replace(UNEXPLAINED, left_out=3), ("",), ("c.py",), False, id="more-than-listed"
        ),
    ],
)
def test_what_an_action_touches(
    action: Action, reasons: tuple[str, ...], paths: tuple[str, ...], is_all: bool
) -> None:
    found = matter_of(proposed(action), assessed(*(reason(HIGH, path=each) for each in reasons)))
    assert (found.risk, found.workspace) == (RiskClass.HIGH, "/w")
    assert (found.paths, found.is_all) == (paths, is_all)
