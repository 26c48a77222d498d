"""The pages of changes: what a person needs, in order, and what they say about it."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from assent.core.canonical import digest_text
from assent.core.changes.model import (
    Change,
    ChangeState,
    Comment,
    HunkStance,
    Merge,
    Stance,
    TestRun,
)
from assent.core.risk.factors import RiskClass
from tests.entrypoints.web.change_desk import (
    ChangeDesk,
    many,
    open_full,
)
from tests.entrypoints.web.desk import NOON

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def desk() -> ChangeDesk:
    return ChangeDesk()


async def shown(client: httpx2.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status
    return answer.text


async def small(desk: ChangeDesk, **more: Any) -> Change:
    """A change of one line in each of two places."""
    before = {"a.py": b"".join(b"line %d\n" % n for n in range(40))}
    after = {"a.py": before["a.py"].replace(b"line 3\n", b"3\n").replace(b"line 33\n", b"33\n")}
    risk = more.pop("risk", RiskClass.LOW)
    revision = desk.revision(before, after, risks={"a.py": risk})
    return await desk.change(revision, **more)


def place_of(change: Change, path: str, nth: int = 0) -> int:
    """The place of a file's hunk among those of the newest revision."""
    places = [n for n, hunk in enumerate(change.newest.hunks) if hunk.path == path]
    return places[nth]


# The list


async def test_an_empty_list_says_how_changes_come(ana: httpx2.AsyncClient) -> None:
    assert "assent change submit" in await shown(ana, "/changes")


async def test_a_row_says_what_who_where_and_whose_turn(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    page = await shown(ana, "/changes")
    for part in (
        "Allow a grace period for sessions",
        "CH-1",
        "high",
        "in review",
        "your turn",
        "Claude Code for ana · shop → main",
        "+36",
    ):
        assert part in page


async def test_what_waits_for_you_comes_first_and_closed_ones_are_apart(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk, title="waits for you")
    await small(desk, title="is tested", state=ChangeState.TESTING)
    await small(desk, title="was given up", state=ChangeState.ABANDONED)
    page = await shown(ana, "/changes")
    assert page.index("waits for you") < page.index("is tested")
    assert "was given up" not in page
    assert "was given up" in await shown(ana, "/changes?state=closed")


async def test_whose_turn_it_is_depends_on_who_looks(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk, reviewers=("ben",))
    page = await shown(ana, "/changes")
    assert "your turn" not in page
    assert "ben: look at it" in page


# The review


async def test_the_page_keeps_the_order_of_what_a_person_needs(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    page = await shown(ana, "/changes/CH-1")
    order = [
        "Why it is high",
        "What reviewers say",
        'id="plan-title"',
        "Does it match the plan?",
        "says it did",
        "the riskiest first",
        'id="F3"',
        "History",
        "0 accepted",
    ]
    places = [page.index(part) for part in order]
    assert places == sorted(places)
    assert page.count("<h1") == 1


async def test_the_page_shows_everything_that_is_known(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    page = await shown(ana, "/changes/1")
    for part in (
        "changes how <code>is_valid</code> decides",
        "Add `GRACE_S` to session.py",
        "It touches files that the plan does not name.",
        "The grace period is as planned; the master token and the CI file are not.",
        "This is safe to merge.",
        "unverified",
        "A token that is always valid lets anybody in who knows it.",
        "FAILED tests/test_session.py::test_valid",
        f"/tests/{digest_text('log')}",
        "sent back 1 time",
        "Folded: a lock file",
        "plan: 1. Add",
    ):
        assert part in page, part


async def test_files_come_by_risk_and_folded_ones_last(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    page = await shown(ana, "/changes/1")
    heads = re.findall(r'<header class="file-head" data-path="([^"]+)"', page)
    assert heads == [
        "src/shop/session.py",
        ".github/workflows/ci.yml",
        "old.txt",
        "docs/sessions.md",
        "logo.png",
        "uv.lock",
    ]


async def test_findings_stand_at_their_line_or_on_top(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    page = await shown(ana, "/changes/1")
    at_line = page[page.index("<tr id=F4L18") :]
    assert at_line.index("A token that is always valid") < at_line.index("<tr id=F4L19")
    top = page[page.index('data-path="docs/sessions.md"') :]
    assert top.index("docs/sessions.md:90") < top.index("<table")


async def test_what_agents_wrote_is_never_markup(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e<!-- the files -->"
    change = await open_full(desk, title=hostile, plan=hostile)
    revision = replace(change.newest, report=hostile, note=hostile)
    await desk.change(revision, title=hostile, ejected=hostile, asked=hostile)
    for number in (1, 2):
        page = await shown(ana, f"/changes/{number}")
        assert "<img" not in page
        assert "\u202e" not in page
        assert page.count("<table") >= 4


async def test_unknown_changes_are_told(ana: httpx2.AsyncClient) -> None:
    assert "There is no CH-7." in await shown(ana, "/changes/CH-7", 404)
    assert "There is no such change." in await shown(ana, "/changes/seven", 404)


async def test_the_page_stays_readable_when_git_does_not_answer(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await small(desk)
    desk.repositories.fails = "the repository is gone"
    page = await shown(ana, f"/changes/{change.name}")
    assert "The difference cannot be shown: the repository is gone" in page
    assert "Send back" in page


async def test_an_earlier_revision_can_be_looked_at_and_not_decided(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    page = await shown(ana, "/changes/1?revision=1")
    assert "This is revision 1; the newest is 2." in page
    assert 'name="mark"' not in page
    assert 'data-path="docs/sessions.md"' not in page


async def test_what_is_new_since_the_last_look_is_told(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await open_full(desk)
    first = replace(change, revisions=change.revisions[:1])
    await desk.put(first)
    await shown(ana, "/changes/1")
    await desk.put(change)
    page = await shown(ana, "/changes/1")
    assert "Since you looked" in page
    assert "1 of 8 hunks new" in page
    assert page.count("new since you looked") == 1


async def test_what_is_gone_since_the_last_look_is_told(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    before = {"a.py": b"x = 1\n", "b.py": b"y = 1\n"}
    first = desk.revision(before, {"a.py": b"x = 2\n", "b.py": b"y = 2\n"})
    second = replace(desk.revision(before, {"a.py": b"x = 2\n", "b.py": b"y = 1\n"}), number=2)
    change = await desk.change(first)
    await shown(ana, "/changes/1")
    await desk.put(replace(change, revisions=(first, second)))
    assert "no hunk is new, 1 gone." in await shown(ana, "/changes/1")


async def test_lines_that_are_only_moved_are_told(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    block = b"def parse(text):\n    found = text.split()\n    return found\n"
    rest = b"".join(b"line %d\n" % number for number in range(9))
    before, after = {"a.py": block + rest, "b.py": rest}, {"a.py": rest, "b.py": rest + block}
    await desk.change(desk.revision(before, after))
    page = await shown(ana, "/changes/1")
    assert "3 lines moved to b.py:10" in page
    assert "3 lines moved from a.py:1" in page


async def test_side_by_side_and_folded_white_space_are_links(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk)
    page = await shown(ana, "/changes/1")
    assert "/changes/CH-1?revision=1&amp;view=split" in page
    assert "/changes/CH-1?revision=1&amp;space=fold" in page
    assert 'class="split"' in await shown(ana, "/changes/1?view=split")


async def test_a_change_that_is_too_large_comes_with_a_split(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    before = {f"{name}/x.py": b"" for name in ("one", "two")}
    after = dict.fromkeys(before, b"x\n" * 700)
    await desk.change(desk.revision(before, after))
    page = await shown(ana, "/changes/1")
    assert "1,400 lines are more than the 1,000" in page
    assert "one: 700 lines in 1 file" in page


async def test_a_value_is_shown_as_what_it_was_and_will_be(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await desk.change(desk.value('{"limit": 10}\n', '{"limit": 20}\n'), branch="", agent="")
    page = await shown(ana, "/changes/1")
    assert "config: /limit in /home/ana/shop/settings.json" in page
    assert "{&#34;limit&#34;: <b>2</b>0}" in page or '{"limit": <b>2</b>0}' in page


# Parts of a file


async def test_a_folded_file_is_brought_when_it_is_asked_for(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    part = await shown(ana, "/changes/1/files/5/diff?revision=2")
    assert "package-1 = 1.<b>1</b>" in part
    assert "package-1 = 1.<b>1</b>" in await shown(ana, "/changes/1?open=5")
    assert "package-1 = 1." not in await shown(ana, "/changes/1")
    await shown(ana, "/changes/1/files/99/diff", 404)


async def test_more_lines_around_a_hunk(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    await small(desk)
    part = await shown(ana, "/changes/1/files/0/lines?start=8&end=10&back=0")
    assert re.findall(r"data-n=(\d+)><td>(line \d+)", part) == [
        ("8", "line 7"),
        ("9", "line 8"),
        ("10", "line 9"),
    ]


async def test_a_whole_file_is_shown_with_every_line(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk)
    page = await shown(ana, "/changes/1/files/0")
    assert page.count("<tr id=L") == 40


async def test_colours_come_apart_from_the_page(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    await open_full(desk)
    assert "<i class=" not in await shown(ana, "/changes/1")
    found = json.loads(await shown(ana, "/changes/1/files/4/colours?revision=2"))
    assert found["new"]["5"] == "GRACE_S = <i class=m>30</i>"
    assert json.loads(await shown(ana, "/changes/1/files/3/colours")) == {"old": {}, "new": {}}


async def test_a_difference_is_read_once(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    await open_full(desk)
    for path in ("/changes/1", "/changes/1/files/4/colours", "/changes/1?view=split"):
        await shown(ana, path)
    assert desk.repositories.asked == 1


# Marks


async def mark(
    client: httpx2.AsyncClient, value: str, *, status: int = 200, **fields: Any
) -> dict[str, Any]:
    data = {"revision": "1", "mark": value, **fields}
    answer = await client.post("/changes/1/marks", data=data, headers=FRAGMENT)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json() if "json" in answer.headers["content-type"] else {}
    return found


async def test_hunks_are_marked_one_by_one(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    await small(desk)
    told = await mark(ana, "accept-H0")
    assert told["stances"] == {"0": "accept", "1": ""}
    assert "Accept 1 of 2" in told["bar"]
    told = await mark(ana, "reject-H1", reason="keep the name")
    assert told["stances"] == {"0": "accept", "1": "reject"}
    assert desk.stored(1).stances[-1].reason == "keep the name"
    assert "1 rejected go back to Claude Code" in told["bar"]
    told = await mark(ana, "undecide-H0")
    assert told["stances"] == {"0": "", "1": "reject"}
    assert "Nothing is accepted yet" in told["bar"]


async def test_without_scripts_a_mark_leads_back_to_its_hunk(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk)
    data = {"revision": "1", "mark": "accept-H1"}
    answer = await ana.post("/changes/1/marks", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/changes/CH-1#H1")


async def test_a_whole_file_and_the_rest_are_marked_at_once(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk)
    assert (await mark(ana, "reject-F0"))["stances"] == {"0": "reject", "1": "reject"}
    await mark(ana, "undecide-H1")
    assert (await mark(ana, "accept-undecided"))["stances"] == {"0": "reject", "1": "accept"}


async def test_what_cannot_be_taken_back_is_marked_alone(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk, risk=RiskClass.IRREVERSIBLE)
    page = await shown(ana, "/changes/1")
    assert "2 hunks cannot be taken back: accept each by itself" in page
    assert "Type <b>CH-1</b> to accept it." in page
    await mark(ana, "accept-F0", status=400)
    assert (await mark(ana, "accept-H0"))["stances"] == {"0": "accept", "1": ""}


@pytest.mark.parametrize("value", ["accept-H9", "accept-X1", "take-H0", "reject-F9"])
async def test_marks_of_nothing_are_refused(
    desk: ChangeDesk, ana: httpx2.AsyncClient, value: str
) -> None:
    await small(desk)
    data = {"revision": "1", "mark": value}
    answer = await ana.post("/changes/1/marks", data=data, headers=FRAGMENT)
    assert answer.status_code in (400, 422)
    assert desk.stored(1).stances == ()


async def test_a_mark_of_an_older_revision_is_refused(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await open_full(desk)
    told = await mark(ana, "accept-H0", status=409)
    assert "newer revision" in told["message"]


async def test_what_an_accepted_part_lacks_is_named(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    before = {"lib.py": b"x = 1\n", "use.py": b"y = 1\n"}
    after = {
        "lib.py": b"x = 1\n\n\ndef parse_amount(text):\n    return int(text)\n",
        "use.py": b"from lib import parse_amount\n\ny = parse_amount('1')\n",
    }
    await desk.change(desk.revision(before, after))
    told = await mark(ana, "accept-H1")
    assert "needs the hunk that" in told["bar"]
    assert "lib.py" in told["bar"]


# Decisions


def fields(change: Change, **more: str) -> dict[str, str]:
    return {"version": str(change.version), "revision": str(change.newest.number), **more}


async def test_everything_is_accepted_when_nothing_was_said_of_hunks(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await small(desk)
    answer = await ana.post("/changes/1/accept", data=fields(change))
    assert (answer.status_code, answer.headers["location"]) == (303, "/changes/CH-1")
    stored = desk.stored(1)
    assert stored.state is ChangeState.APPROVED
    assert (stored.acceptances[0].by, stored.acceptances[0].via) == ("ana", "web")
    assert "ana accepted 2 hunks of revision 1" in await shown(ana, "/changes/1")


async def test_a_part_is_accepted(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    change = await small(desk)
    await mark(ana, "accept-H0")
    answer = await ana.post("/changes/1/accept", data=fields(desk.stored(1)))
    assert answer.status_code == 303
    stored = desk.stored(1)
    assert stored.state is ChangeState.PARTLY_APPROVED
    assert stored.acceptances[0].hunks == (change.newest.hunks[0].id,)


async def test_what_happened_since_the_page_was_made_is_told_and_nothing_decided(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await small(desk)
    await mark(ana, "reject-H0")
    answer = await ana.post("/changes/1/return", data=fields(change, reason="my reason"))
    assert answer.status_code == 409
    assert "look again. Since then: stance (ana)." in answer.text
    assert "my reason" in answer.text
    assert desk.stored(1).state is ChangeState.IN_REVIEW


async def test_errors_are_accepted_with_a_reason_only(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await open_full(desk)
    assert "Say why you accept it all the same" in await shown(ana, "/changes/1")
    answer = await ana.post("/changes/1/accept", data=fields(change, confirm="yes"))
    assert answer.status_code == 409
    assert "Reviewers found errors" in answer.text
    reason = fields(change, confirm="yes", reason="it is a test system")
    assert (await ana.post("/changes/1/accept", data=reason)).status_code == 303


async def test_the_name_is_typed_for_what_cannot_be_taken_back(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk, risk=RiskClass.IRREVERSIBLE)
    for value in ("accept-H0", "accept-H1"):
        await mark(ana, value)
    answer = await ana.post("/changes/1/accept", data=fields(desk.stored(1), confirm="yes"))
    assert answer.status_code == 409
    answer = await ana.post("/changes/1/accept", data=fields(desk.stored(1), confirm="ch-1"))
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("return", ChangeState.IN_REVIEW, ChangeState.CHANGES_REQUESTED),
        ("abandon", ChangeState.IN_REVIEW, ChangeState.ABANDONED),
        ("ready", ChangeState.DRAFT, ChangeState.IN_REVIEW),
    ],
)
async def test_other_decisions(
    desk: ChangeDesk,
    ana: httpx2.AsyncClient,
    *,
    act: str,
    before: ChangeState,
    after: ChangeState,
) -> None:
    change = await small(desk, state=before)
    assert f'action="/changes/CH-1/{act}"' in await shown(ana, "/changes/1")
    answer = await ana.post(f"/changes/1/{act}", data=fields(change, reason="because"))
    assert answer.status_code == 303
    assert desk.stored(1).state is after


async def test_somebody_else_s_change_is_shown_and_not_decided(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await small(desk, reviewers=("ben",))
    page = await shown(ana, "/changes/1")
    assert 'action="/changes/CH-1/accept"' not in page
    answer = await ana.post("/changes/1/accept", data=fields(change))
    assert answer.status_code == 409
    assert "is for ben to decide" in answer.text


async def test_another_site_decides_nothing(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    change = await small(desk)
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await ana.post("/changes/1/accept", data=fields(change), headers=headers)
    assert answer.status_code == 403
    assert desk.stored(1).state is ChangeState.IN_REVIEW


@pytest.mark.parametrize("path", ["/changes", "/changes/1", "/queue", "/changes/1/files/0"])
async def test_nobody_looks_without_a_login(
    desk: ChangeDesk, stranger: httpx2.AsyncClient, path: str
) -> None:
    await small(desk)
    assert (await stranger.get(path)).status_code == 401


# Comments


async def test_a_comment_stands_under_its_line(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    await small(desk)
    data = {"revision": "1", "path": "a.py", "line": "4", "side": "new", "text": "why <3>?"}
    answer = await ana.post("/changes/1/comment", data=data)
    assert answer.headers["location"] == "/changes/CH-1#F0L4"
    comment = desk.stored(1).comments[0]
    assert (comment.by, comment.line, comment.quote) == ("ana", 4, "3")
    page = await shown(ana, "/changes/1")
    here = page[page.index("<tr id=F0L4 ") :]
    assert here.index("why &lt;3&gt;?") < here.index("<tr id=F0L5")


async def test_a_comment_follows_its_line_into_the_next_revision(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await small(desk)
    said = Comment("c1", "ben", NOON, 1, "look here", "a.py", 4, "new", "3")
    before = {"a.py": b"".join(b"line %d\n" % n for n in range(40))}
    after = {"a.py": b"new first\n" + before["a.py"].replace(b"line 3\n", b"3\n")}
    second = desk.revision(before, after, number=2)
    await desk.put(replace(change, comments=(said,), revisions=(*change.revisions, second)))
    page = await shown(ana, "/changes/1")
    here = page[page.index("<tr id=F0L5 ") :]
    assert here.index("look here") < here.index("<tr id=F0L6")


async def test_a_form_without_scripts_stands_under_the_hunk_s_first_line(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk)
    page = await shown(ana, "/changes/1?at=H1")
    here = page[page.index("<tr id=F0O34 ") :]
    assert here.index('name="line" value="34"') < here.index("<tr id=F0L34")


async def test_comments_on_lines_that_are_not_there_are_refused(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk)
    data = {"revision": "1", "path": "a.py", "line": "999", "text": "where?"}
    assert (await ana.post("/changes/1/comment", data=data)).status_code == 400
    assert desk.stored(1).comments == ()


async def test_a_comment_is_resolved_and_opened_again(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await small(desk)
    answer = await ana.post(
        "/changes/1/comment", data={"revision": "1", "text": "about it all"}, headers=FRAGMENT
    )
    assert "about it all" in answer.json()["html"]
    comment = desk.stored(1).comments[0].id
    for word, resolved in (("yes", True), ("", False)):
        data = {"comment": comment, "resolved": word}
        assert (await ana.post("/changes/1/resolve", data=data)).status_code == 303
        assert desk.stored(1).comments[0].resolved is resolved


# The queue and its logs


def run(*, ok: bool) -> TestRun:
    return TestRun(
        tree="abc",
        command="make test",
        ok=ok,
        at=NOON,
        took_ms=41_000,
        sandbox="bubblewrap",
        log="sha256:1",
        tail="the last line",
    )


async def test_the_queue_shows_each_lane_in_its_order(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    merge = Merge("b", "c" * 40, "t", 1, "ana", NOON, run(ok=True), ())
    await small(desk, title="second", state=ChangeState.QUEUED, queued_at=NOON - 10)
    await small(desk, title="first", state=ChangeState.TESTING, queued_at=NOON - 20)
    await small(desk, title="gone", state=ChangeState.EJECTED, ejected="it conflicts in a.py")
    await small(desk, title="done", state=ChangeState.MERGED, merges=(merge,))
    await small(desk, title="elsewhere", state=ChangeState.QUEUED, repository="/srv/x.git")
    page = await shown(ana, "/queue")
    places = [page.index(part) for part in ("first", "second", "it conflicts in a.py", "done")]
    assert places == sorted(places)
    assert page.count('class="lane"') == 2
    assert '<main id="main"' not in (await ana.get("/queue", headers=FRAGMENT)).text


async def test_an_empty_queue_says_what_comes_there(ana: httpx2.AsyncClient) -> None:
    assert "Nothing is on its way" in await shown(ana, "/queue")


async def test_a_log_is_shown_escaped(desk: ChangeDesk, ana: httpx2.AsyncClient) -> None:
    digest = digest_text("log")
    desk.tests.logs[digest] = b"\x1b[31mFAILED\x1b[0m <b>\n"
    page = await shown(ana, f"/tests/{digest}")
    assert "FAILED" in page
    assert "\x1b" not in page
    assert "&lt;b&gt;" in page
    await shown(ana, "/tests/sha256:none", 404)


# What watchers hear


async def test_watchers_hear_of_a_change_that_moves_on(desk: ChangeDesk) -> None:
    live = desk.app().state.site.live
    stream = live.stream(None)
    await anext(stream)
    arriving = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    await small(desk)
    data = json.loads((await arriving).decode().split("data: ", 1)[1])
    assert data["requests"] == []
    assert data["changes"] == [
        {
            "number": 1,
            "name": "CH-1",
            "version": 1,
            "revision": 1,
            "state": "in_review",
            "words": "in review",
        }
    ]
    await stream.aclose()


async def test_stances_that_were_carried_are_shown(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    change = await open_full(desk)
    place = place_of(change, "src/shop/session.py", 1)
    said = HunkStance(change.newest.hunks[place].id, Stance.REJECT, "ben", NOON, 1, "no back door")
    await desk.put(replace(change, stances=(said,)))
    page = await shown(ana, "/changes/1")
    assert "ben: no back door" in page
    assert f'value="reject-H{place}" aria-pressed=true' in page


async def test_a_very_large_change_has_one_form_where_it_is_asked_for(
    desk: ChangeDesk, ana: httpx2.AsyncClient
) -> None:
    await desk.change(desk.revision(*many(6_000)))
    page = await shown(ana, "/changes/1")
    assert page.count('action="/changes/CH-1/marks"') == 2
    page = await shown(ana, "/changes/1?at=H7")
    here = page[page.index("<tbody class=hunk id=H7 ") :]
    assert here.index('action="/changes/CH-1/marks"') < here.index('value="accept-H7"')
