"""What messages say: enough to know whether to look, and nothing that a channel would act on."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from assent.app.notifications.items import Item, Occasion, OnChannel, Way, read_item, write_item
from assent.app.notifications.wording import Words, inert, word
from assent.core.risk.factors import RiskClass

WORDS = Words("http://localhost:7422", title_of=lambda agent: f"The {agent}")
ITEM = Item(
    occasion=Occasion.OPENED,
    stream="request/7",
    about="id-7",
    version=1,
    name="REQ-7",
    risk=RiskClass.HIGH,
    title="push main to origin",
    project="shop",
    agent="agent",
    until=1_700_000_000_000,
)


def test_a_message_about_one_thing() -> None:
    text = word([ITEM], WORDS)
    assert text.title == "▲ high: REQ-7 waits for you"
    assert text.body.splitlines() == [
        "▲ high  push main to origin",
        "The agent in shop, until Tue 14 Nov 22:13 UTC",
        "http://localhost:7422/requests/REQ-7",
    ]
    assert text.link == "http://localhost:7422/requests/REQ-7"


def test_times_are_those_of_the_person() -> None:
    text = word([ITEM], replace(WORDS, zone=ZoneInfo("Asia/Tokyo")))
    assert "until Wed 15 Nov 07:13 JST" in text.body


def test_a_message_about_some_things_says_each() -> None:
    low = replace(ITEM, name="REQ-8", risk=RiskClass.LOW, title="edit a.py")
    text = word([low, ITEM], WORDS)
    assert text.title == "2 wait for you, the worst: ▲ high"
    assert text.body.index("REQ-7") < text.body.index("REQ-8")
    assert "http://localhost:7422/requests/REQ-8" in text.body
    assert text.link == "http://localhost:7422/"


def test_a_digest_counts_and_lists_the_worst() -> None:
    items = [replace(ITEM, name=f"REQ-{n}", risk=RiskClass(n % 4)) for n in range(60)]
    text = word(items, WORDS)
    assert text.title == "▲ high: 60 wait for you"
    assert text.body.startswith("15 high, 15 medium, 15 low, 15 trivial\n")
    assert "and 15 more" in text.body
    assert len(text.body) < 1_500


def test_news_of_other_kinds_is_no_digest() -> None:
    items = [replace(ITEM, occasion=Occasion.IN_NAME, name=f"REQ-{n}") for n in range(7)]
    text = word(items, WORDS)
    assert text.title == "7 from Assent, the worst: ▲ high"
    assert text.body.count("was decided in your name") == 7


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("<!channel> look", id="slack-mention"),
        pytest.param("@everyone look", id="discord-mention"),
        pytest.param("<@U123> look", id="slack-user"),
        pytest.param("see https://evil.example/login", id="link"),
        pytest.param("[Approve](//evil.example)", id="markdown-link"),
        pytest.param("<https://evil.example|Approve>", id="slack-link"),
        pytest.param("www.evil.example", id="bare-link"),
        pytest.param("**bold** `code` ~~no~~ ||spoiler||", id="markup"),
    ],
)
def test_a_title_is_no_markup(hostile: str) -> None:
    shown = inert(hostile)
    for active in ("<!", "<@", "@e", "://", "](", "<h", "www.", "**", "`c", "~~", "||"):
        assert active not in shown
    assert shown.replace("\u200b", "") == hostile


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        pytest.param("a\nb", "a[a]b", id="line-end"),
        pytest.param("a\u202eb", "a[202e]b", id="right-to-left"),
        pytest.param("a\x1b[2Jb", "a[1b][2Jb", id="escape"),
        pytest.param("a\u200bb", "a[200b]b", id="no-width"),
        pytest.param("a\udc80b", "a[dc80]b", id="byte"),
    ],
)
def test_what_is_hidden_is_shown_by_its_number(hidden: str, shown: str) -> None:
    assert inert(hidden).replace("\u200b", "") == shown


def test_an_item_comes_back_as_it_was_written() -> None:
    ways = {"a": OnChannel(Way.DEAD, "m", 3, 9, "why"), "b": OnChannel()}
    full = replace(ITEM, channels=ways, title="odd \udc80 \u202e")
    assert read_item(write_item(full)) == full
    assert read_item(write_item(ITEM)) == ITEM
