"""What others wrote is shown so that nothing in it can hide, move or run."""

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.entrypoints.web.views.visible import hidden_in, mark_of, plain, visible, visible_line

TRICKS = (
    "\x1b\x00\r\x7f\x85\xa0\xad\u034f\u061c\u115f\u200b\u200d\u202e\u2028\u2066"
    "\u3164\ufe0f\ufeff\udcff\ud800\U000e0041\U000e0100\ufffe"
)
texts = st.text(
    st.one_of(st.sampled_from(TRICKS + "\n\t<>&\"'["), st.characters()),
    max_size=60,
)


class Reader(HTMLParser):
    """Reads the HTML back: the boxes stand for the characters they name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.pieces: list[tuple[str, str]] = []
        self._in_box = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert (tag, dict(attrs).get("class")) == ("span", "esc")
        self._in_box = True

    def handle_endtag(self, tag: str) -> None:
        self._in_box = False

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        self.pieces.append(("box" if self._in_box else "text", data))


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def meaning(text: str) -> list[tuple[str, str]]:
    """The text as runs and boxes, joined where the parser may have cut."""
    joined: list[tuple[str, str]] = []
    for kind, data in read(str(visible(text))).pieces:
        if joined and kind == "text" == joined[-1][0]:
            joined[-1] = (kind, joined[-1][1] + data)
        else:
            joined.append((kind, data))
    return joined


def hides(char: str) -> bool:
    return char != " " and unicodedata.category(char)[0] in "CZ"


@given(texts)
def test_a_block_shows_no_hidden_character(text: str) -> None:
    shown = "".join(read(str(visible(text))).shown)
    assert not [char for char in shown if hides(char) and char not in "\n\t"]


@given(texts)
def test_a_line_shows_no_hidden_character_and_no_line_end(text: str) -> None:
    for shown in ("".join(read(str(visible_line(text))).shown), plain(text)):
        assert not [char for char in shown if hides(char)]


@given(texts)
def test_both_are_utf8_whatever_came_in(text: str) -> None:
    f"{visible(text)}{visible_line(text)}{plain(text)}".encode()


@given(texts, texts)
def test_different_texts_look_different(one: str, other: str) -> None:
    assert (one == other) == (meaning(one) == meaning(other))


@given(texts)
def test_the_hidden_are_counted(text: str) -> None:
    assert hidden_in(text) == sum(kind == "box" for kind, _ in meaning(text))


@given(
    st.text(
        st.characters(
            categories=["L", "N", "P", "S"],
            exclude_characters="\u3164\u115f\u1160\uffa0\u2800\u034f",
        )
    )
)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert "".join(read(str(visible(text))).shown) == text
    assert plain(text) == text


@pytest.mark.parametrize(
    ("char", "mark"),
    [
        pytest.param("\x1b", "ESC", id="ansi"),
        pytest.param("\x00", "NUL", id="nul"),
        pytest.param("\r", "CR", id="carriage-return"),
        pytest.param("\x7f", "DEL", id="delete"),
        pytest.param("\u202e", "U+202E", id="bidi-override"),
        pytest.param("\u200b", "U+200B", id="zero-width"),
        pytest.param("\u00a0", "U+00A0", id="no-break-space"),
        pytest.param("\u3164", "U+3164", id="hangul-filler"),
        pytest.param("\U000e0041", "U+E0041", id="tag"),
        pytest.param("\udcff", "\\xff", id="stray-byte"),
        pytest.param("\ud800", "U+D800", id="lone-surrogate"),
    ],
)
def test_each_is_named(char: str, mark: str) -> None:
    assert mark_of(char) == mark
    assert f">{mark}</span>" in visible(f"a{char}b")
    assert plain(char) == f"[{mark}]"


def test_markup_is_text() -> None:
    assert visible("<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"
