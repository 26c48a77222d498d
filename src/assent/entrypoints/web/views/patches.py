"""Differences between commits as HTML, made for very many lines.

A row is as little markup as will do: line numbers and signs are drawn by the style sheet from
attributes, so that they are not copied with the text either. Long files are cut into several
tables, each of which a browser lays out only when it comes into view.

Addresses: file 3 is `F3`, its new line 12 `F3L12`, its old line 12 `F3O12`, and hunk 7 of the
revision `H7`. All of them hold for one revision.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from markupsafe import Markup, escape

from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.views.diffs import differing
from assent.entrypoints.web.views.visible import visible, visible_line
from assent.entrypoints.web.views.words import plural

FORMS = 5_000
"""Changed lines of a revision up to which each hunk has a form of its own."""
LINE = 2_000
"""Characters of one line that are shown."""
TABLE = 400
"""Rows after which a file goes on in another table."""
FOLDED = 20_000
"""Changed lines of one file from which on it is folded."""
MINUS = "\N{MINUS SIGN}"
PAGE = 150_000
"""Changed lines of all files that one page shows; those of the files after them are folded."""

Side: TypeAlias = str
"""`old` or `new`."""
Notes: TypeAlias = Mapping[tuple[Side, int], Sequence[str]]
"""HTML to show under a line of a file, by the side and the number of the line."""

_Row: TypeAlias = tuple[str, str, int, int]
"""Sign, HTML of the text, number in the old file and in the new one."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_KINDS = {"+": " class=a", "-": " class=d", " ": ""}


@dataclass(frozen=True, slots=True)
class HunkShown:
    """A hunk with what is known and said of it."""

    hunk: Hunk
    place: int
    """Its position among the revision's hunks: `H7`."""
    risk: RiskClass = RiskClass.TRIVIAL
    what: str = ""
    stance: str = ""
    """`accept`, `reject`, or empty: undecided."""
    reason: str = ""
    by: str = ""
    is_new: bool = False
    """It was not there when the person last looked."""
    is_space: bool = False
    """Only white space differs."""
    moved: str = ""
    """Where its lines come from or went, in words."""


@dataclass(frozen=True, slots=True)
class FileShown:
    """One file of a revision."""

    index: int
    """Its position in order of path: `F3`."""
    patch: FilePatch
    hunks: tuple[HunkShown, ...]
    risk: RiskClass = RiskClass.TRIVIAL
    fold: str = ""
    """Why it is folded; empty: it is shown."""
    notes: Notes = field(default_factory=dict)
    on_top: tuple[str, ...] = ()
    """HTML of what is said of the file as a whole, or of lines that are not shown."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a difference is shown, and what can be done with it."""

    base: str
    """Address of the change: `/changes/CH-4`."""
    revision: int
    is_split: bool = False
    """Old and new side by side."""
    hides_space: bool = False
    """Hunks in which only white space differs are folded."""
    can_mark: bool = False
    """The person can accept and reject hunks."""
    can_comment: bool = False
    has_forms: bool = True
    """Whether each hunk has a form of its own, which works without scripts."""
    form_at: int | None = None
    """The hunk that has one all the same."""
    comment_form: tuple[int, Side, int, str] | None = None
    """File, side and line under which the HTML of a form stands."""


def only_space(hunk: Hunk) -> bool:
    """Whether the hunk's old and new text are the same but for white space."""
    if hunk.whole:
        return False
    removed = b"".join(line[1:] for line in hunk.lines if line[:1] == b"-")
    added = b"".join(line[1:] for line in hunk.lines if line[:1] == b"+")
    return removed != added and b"".join(removed.split()) == b"".join(added.split())


def file_html(file: FileShown, look: Look) -> Iterator[str]:
    """One file: its head, then its tables, in pieces of a size that can be sent at once."""
    yield _head(file, look)
    if file.fold:
        yield _folded(file, look)
    else:
        yield from body_html(file, look)
    yield "</section>\n"


def body_html(file: FileShown, look: Look) -> Iterator[str]:
    """What stands under the head of a file that is not folded."""
    if not file.hunks:
        yield f'<p class="fold">{_nothing(file.patch)}</p>'
        return
    ends = _has_crlf(file.patch)
    rows: list[str] = []
    height = 0
    is_first = True
    for shown in file.hunks:
        more = _hunk_rows(file, shown, look, strip_cr=ends)
        for text, tall in more:
            rows.append(text)
            height += tall
            if height >= TABLE:
                yield _table(file, look, rows, height=height, is_first=is_first)
                rows, height, is_first = [], 0, False
    if rows:
        yield _table(file, look, rows, height=height, is_first=is_first)


def _head(file: FileShown, look: Look) -> str:
    patch = file.patch
    name = visible_line(patch.path)
    renamed = (
        f' <span class="what">was <code>{visible_line(patch.renamed_from)}</code></span>'
        if patch.renamed_from
        else ""
    )
    word, label = file.risk.word, escape(_plain(patch.path))
    folded = "yes" if file.fold else "no"
    parts = [
        f'<section class="file" id="F{file.index}" data-file="{file.index}"',
        f' data-folded="{folded}" aria-label="{label}">',
        f'<header class="file-head" data-path="{label}">',
        f'<h3><span class="mark {word}">{_SHAPES[file.risk]} {word}</span>',
        f" <code>{name}</code>{renamed}</h3>",
        f' <span class="what">{_what(patch)}</span>',
        f' <span class="added">+{patch.added:,}</span>',
        f' <span class="removed">{MINUS}{patch.removed:,}</span>',
    ]
    if patch.new_blob and not patch.binary:
        query = f"revision={look.revision}"
        parts.append(
            f' <a class="whole" href="{look.base}/files/{file.index}?{query}">whole file</a>'
        )
    if look.can_mark and (len(file.hunks) > 1 or file.fold):
        parts.append(_file_buttons(file, look))
    parts.append("</header>\n")
    if file.on_top:
        parts.append(f'<div class="on-top">{"".join(file.on_top)}</div>\n')
    return "".join(parts)


def _file_buttons(file: FileShown, look: Look) -> str:
    label = escape(_plain(file.patch.path))
    start, end = _marks_form(look, has_form=look.has_forms)
    return (
        f'{start} aria-label="All hunks of {label}">'
        f'<button name="mark" value="accept-F{file.index}">Accept file</button>'
        f'<button name="mark" value="reject-F{file.index}">Reject file</button>{end}'
    )


def _marks_form(look: Look, *, has_form: bool) -> tuple[str, str]:
    """What stands around the buttons, but for the end of the first tag.

    Thousands of forms make Chromium look into every table, and buttons that name their form by its
    id keep it busy for minutes: in very large changes scripts send what the buttons say.
    """
    if not has_form:
        return '<span class="marks scripted" role=group', "</span>"
    view = "<input type=hidden name=view value=split>" if look.is_split else ""
    hidden = f"<input type=hidden name=revision value={look.revision}>{view}"
    head = f'<form class=marks method=post action="{look.base}/marks" role=group'
    return head, f"{hidden}</form>"


def _folded(file: FileShown, look: Look) -> str:
    query = f"open={file.index}&amp;revision={look.revision}"
    if look.is_split:
        query += "&amp;view=split"
    return (
        f'<p class="fold">Folded: {escape(file.fold)}. '
        f'<a class="show" data-show="{file.index}" href="{look.base}?{query}#F{file.index}">'
        f"Show {plural(file.patch.added + file.patch.removed, 'line')}</a></p>\n"
    )


def _table(file: FileShown, look: Look, rows: Sequence[str], *, height: int, is_first: bool) -> str:
    kind = "split" if look.is_split else "unified"
    label = escape(_plain(file.patch.path))
    more = "" if is_first else ", continued"
    columns = (
        "<colgroup><col class=n><col class=t><col class=n><col class=t></colgroup>"
        if look.is_split
        else "<colgroup><col class=n><col class=n><col class=t></colgroup>"
    )
    return (
        f'<div class="patch {size_classes(height)}"><table class="{kind}"'
        f' aria-label="{label}{more}">{columns}{"".join(rows)}</table></div>\n'
    )


def size_classes(rows: int) -> str:
    """Classes that tell the style sheet how many rows high something is: one for each digit."""
    digits = str(min(rows, 999))
    return " ".join(
        f"r{len(digits) - place}-{digit}" for place, digit in enumerate(digits) if digit != "0"
    )


def _hunk_rows(
    file: FileShown, shown: HunkShown, look: Look, *, strip_cr: bool
) -> Iterator[tuple[str, int]]:
    """Each row with how many lines high it is. A hunk is a table body of its own."""
    hunk = shown.hunk
    width = 4 if look.is_split else 3
    yield _hunk_head(shown, look, width), 2
    if shown.is_space and look.hides_space:
        size = plural(hunk.added + hunk.removed, "line")
        yield f'<tr class="note"><td colspan={width}>Only white space differs in {size}.', 1
        return
    if not hunk.lines:
        nothing = _mode(file.patch) if hunk.mode else _nothing(file.patch)
        yield f'<tr class="note"><td colspan={width}>{nothing}', 1
        return
    rows = painted(hunk, strip_cr=strip_cr)
    lines = _split_rows if look.is_split else _unified_rows
    yield from lines(file, rows, look)


def _hunk_head(shown: HunkShown, look: Look, width: int) -> str:
    hunk, place = shown.hunk, shown.place
    old, new = _range(hunk.old_start, hunk.old_count), _range(hunk.new_start, hunk.new_count)
    where = "mode" if hunk.mode else f"{MINUS}{old} +{new}"
    named = hunk.section.strip()
    section = f" <code>{visible_line(named)}</code>" if named else ""
    told = ""
    if shown.what or shown.risk > RiskClass.LOW:
        word = shown.risk.word
        told = f' <span class="mark {word}">{_SHAPES[shown.risk]} {word}</span>'
        if shown.what:
            told += f" <span class=why>{visible_line(shown.what)}</span>"
    if shown.is_new:
        told += " <span class=new>new since you looked</span>"
    if shown.moved:
        told += f" <span class=moved>{visible_line(shown.moved)}</span>"
    if shown.is_space:
        told += " <span class=moved>white space only</span>"
    return (
        f'<tbody class=hunk id=H{place} data-hunk={place} data-stance="{shown.stance}"'
        f" data-class={shown.risk.word}><tr class=h><td colspan={width}><div class=bar-of>"
        f"<span class=where>{where}</span>{section}{told}{_reason(shown)}"
        f"{_hunk_buttons(shown, look)}</div>"
    )


def _reason(shown: HunkShown) -> str:
    if not shown.reason:
        return ""
    return f" <span class=given>{escape(shown.by)}: {visible_line(shown.reason)}</span>"


def _hunk_buttons(shown: HunkShown, look: Look) -> str:
    place, parts = shown.place, []
    can_say = look.can_comment and not shown.hunk.whole
    if can_say or (look.can_mark and not look.has_forms):
        where = f"{look.base}?at=H{place}&amp;revision={look.revision}#H{place}"
        parts.append(
            f'<a class=say href="{where}" data-say={place}>Comment</a>'
            if can_say
            else f'<a class="say unscripted" href="{where}">Decide</a>'
        )
    if look.can_mark:
        start, end = _marks_form(look, has_form=look.has_forms or look.form_at == place)
        parts.append(f'{start} aria-label="Hunk {place + 1}">')
        for word, label in _STANCES:
            pressed = "true" if shown.stance == word else "false"
            parts.append(
                f'<button name=mark value="{word or "undecide"}-H{place}"'
                f" aria-pressed={pressed}>{label}</button>"
            )
        parts.append(end)
    elif shown.stance:
        parts.append(f"<span class=stance>{shown.stance}ed</span>")
    return "".join(parts)


_STANCES = (("accept", "Accept"), ("", "Undecided"), ("reject", "Reject"))


def _range(start: int, count: int) -> str:
    return f"{start}" if count == 1 else f"{start},{count}"


def _unified_rows(file: FileShown, rows: Iterable[_Row], look: Look) -> Iterator[tuple[str, int]]:
    prefix = f"F{file.index}"
    said = _Said(file, look, width=3)
    has_notes = said.has_any
    for sign, text, old, new in rows:
        if sign == "+":
            row = f"<tr id={prefix}L{new} class=a><td><td data-n={new}><td>{text}"
        elif sign == "-":
            row = f"<tr id={prefix}O{old} class=d><td data-n={old}><td><td>{text}"
        else:
            row = f"<tr id={prefix}L{new}><td data-n={old}><td data-n={new}><td>{text}"
        yield row, 1
        if has_notes:
            if sign != "+":
                yield from said.under("old", old)
            if sign != "-":
                yield from said.under("new", new)


def _split_rows(file: FileShown, rows: Iterable[_Row], look: Look) -> Iterator[tuple[str, int]]:
    said = _Said(file, look, width=4)
    for left, right in _side_by_side(rows):
        yield _pair(f"F{file.index}", left, right), 1
        if said.has_any:
            if left is not None:
                yield from said.under("old", left[2])
            if right is not None:
                yield from said.under("new", right[3])


def _pair(prefix: str, left: _Row | None, right: _Row | None) -> str:
    if right is not None:
        name = f"{prefix}L{right[3]}"
    else:
        name = f"{prefix}O{left[2]}" if left is not None else prefix
    old = "<td><td class=x>"
    if left is not None:
        old = f"<td data-n={left[2]}><td{_KINDS[left[0]]}>{left[1]}"
    new = "<td><td class=x>"
    if right is not None:
        new = f"<td data-n={right[3]}><td{_KINDS[right[0]]}>{right[1]}"
    return f"<tr id={name}>{old}{new}"


def _side_by_side(rows: Iterable[_Row]) -> Iterator[tuple[_Row | None, _Row | None]]:
    """Removed lines beside the added lines that took their place; a kept line beside itself."""
    removed: list[_Row] = []
    added: list[_Row] = []

    def flush() -> Iterator[tuple[_Row | None, _Row | None]]:
        for place in range(max(len(removed), len(added))):
            yield (
                removed[place] if place < len(removed) else None,
                added[place] if place < len(added) else None,
            )
        removed.clear()
        added.clear()

    for row in rows:
        if row[0] == "-" and not added:
            removed.append(row)
        elif row[0] == "+":
            added.append(row)
        else:
            yield from flush()
            if row[0] == "-":
                removed.append(row)
            else:
                yield row, row
    yield from flush()


class _Said:
    """What stands between the lines of one file: findings, comments, and the form for one."""

    def __init__(self, file: FileShown, look: Look, *, width: int) -> None:
        self._notes = file.notes
        self._width = width
        form = look.comment_form
        self._form = form[1:] if form is not None and form[0] == file.index else None
        self.has_any = bool(file.notes) or self._form is not None

    def under(self, side: Side, line: int) -> Iterator[tuple[str, int]]:
        for html in self._notes.get((side, line), ()):
            yield f"<tr class=between><td colspan={self._width}>{html}", 4
        if self._form is not None and self._form[:2] == (side, line):
            yield f"<tr class=between><td colspan={self._width}>{self._form[2]}", 8


def painted(hunk: Hunk, *, strip_cr: bool = False) -> list[_Row]:
    """The lines of a hunk as safe HTML, with what differs marked in lines replaced one for one."""
    texts = _texts(hunk, strip_cr=strip_cr)
    html = _html(texts)
    for index, part in _marked(texts):
        html[index] = with_mark(texts[index][1:], part)
    for index, line in enumerate(hunk.lines):
        if not line.endswith(b"\n"):
            html[index] += " <span class=fold>no line end</span>"
    return [
        (text[:1], shown, *numbers)
        for text, shown, numbers in zip(texts, html, _numbers(hunk, texts), strict=True)
    ]


def lines_of(
    hunk: Hunk,
) -> Iterator[tuple[str, str, tuple[int, int] | None, tuple[int, int]]]:
    """Sign, text, the part that differs, and the old and the new number of each line."""
    texts = _texts(hunk, strip_cr=False)
    marks = dict(_marked(texts))
    for index, (text, numbers) in enumerate(zip(texts, _numbers(hunk, texts), strict=True)):
        yield text[:1], text[1:], marks.get(index), numbers


def _numbers(hunk: Hunk, texts: Iterable[str]) -> Iterator[tuple[int, int]]:
    """In the old and in the new file; on the side that a line is not on, the next one's."""
    old, new = hunk.old_start or 1, hunk.new_start or 1
    for text in texts:
        yield old, new
        sign = text[:1]
        if sign != "+":
            old += 1
        if sign != "-":
            new += 1


def _texts(hunk: Hunk, *, strip_cr: bool) -> list[str]:
    """Decoded lines with their sign and without their line end."""
    lines = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in hunk.lines)
    texts = lines.decode("utf-8", "surrogateescape").split("\n")
    texts.pop()
    if strip_cr:
        texts = [text.removesuffix("\r") for text in texts]
    return texts


def _html(texts: Sequence[str]) -> list[str]:
    """Of each line, without its sign."""
    joined = "\n".join(text[1:] for text in texts)
    plain = joined.replace("\n", "").replace("\t", "")
    if plain.isascii() and plain.isprintable() and max(map(len, texts), default=0) <= LINE:
        return (
            joined.translate(_ESCAPES).split("\n") if _needs_escape(plain) else joined.split("\n")
        )
    return [_line_html(text[1:]) for text in texts]


def _needs_escape(text: str) -> bool:
    return "<" in text or "&" in text or ">" in text


def _line_html(text: str) -> str:
    shown = visible(text[:LINE])
    if len(text) > LINE:
        shown += Markup(' <span class="fold">{} folded</span>').format(
            plural(len(text) - LINE, "more character")
        )
    return str(shown)


def _marked(texts: Sequence[str]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Of lines replaced one for one, the part that differs."""
    start, count = 0, len(texts)
    while start < count:
        if texts[start][:1] != "-":
            start += 1
            continue
        middle = start
        while middle < count and texts[middle][:1] == "-":
            middle += 1
        end = middle
        while end < count and texts[end][:1] == "+":
            end += 1
        if middle - start == end - middle:
            for first, second in zip(range(start, middle), range(middle, end), strict=True):
                yield from _marked_pair(first, second, texts)
        start = end


def _marked_pair(
    first: int, second: int, texts: Sequence[str]
) -> Iterator[tuple[int, tuple[int, int]]]:
    old, new = texts[first][1:], texts[second][1:]
    if max(len(old), len(new)) > LINE:
        return
    marks = differing(old, new)
    if marks is not None:
        yield first, marks[0]
        yield second, marks[1]


def with_mark(text: str, part: tuple[int, int]) -> str:
    """HTML of a line in which one part is marked."""
    start, end = part
    inside = f"<b>{_safe(text[start:end])}</b>" if end > start else ""
    return f"{_safe(text[:start])}{inside}{_safe(text[end:])}"


def _safe(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.translate(_ESCAPES) if _needs_escape(text) else text
    return str(visible(text))


def _has_crlf(patch: FilePatch) -> bool:
    """Whether every line ends in CR LF: then the CR is told once, and not at each line."""
    lines = [line for hunk in patch.hunks for line in hunk.lines if line.endswith(b"\n")]
    return bool(lines) and all(line.endswith(b"\r\n") for line in lines)


def _what(patch: FilePatch) -> str:
    """What becomes of the file, beside its lines."""
    words = []
    if patch.old_mode is None:
        words.append("new")
    elif patch.new_mode is None:
        words.append("deleted")
    elif patch.old_mode != patch.new_mode:
        words.append(f"mode {patch.old_mode} → {patch.new_mode}")
    mode = patch.new_mode or patch.old_mode or ""
    words.append(_MODES.get(mode, ""))
    if patch.binary:
        words.append("binary")
    elif _has_crlf(patch):
        words.append("lines end in CR LF")
    return ", ".join(word for word in words if word)


_MODES = {"100755": "executable", "120000": "symbolic link", "160000": "submodule"}


def _nothing(patch: FilePatch) -> str:
    """What stands where there are no lines to show."""
    if patch.binary:
        return (
            f"Binary file: <code>{(patch.old_blob or 'none')[:12]}</code>"
            f" → <code>{(patch.new_blob or 'none')[:12]}</code>"
        )
    if patch.old_mode is None or patch.new_mode is None:
        return "The file is empty."
    return _mode(patch)


def _mode(patch: FilePatch) -> str:
    return f"The mode changes: {patch.old_mode} → {patch.new_mode}."


def _plain(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")


def _shape(risk: RiskClass) -> str:
    drawn = {
        RiskClass.TRIVIAL: '<circle cx="8" cy="8" r="3.5"/>',
        RiskClass.LOW: '<circle class="ring" cx="8" cy="8" r="4.75"/>',
        RiskClass.MEDIUM: '<path d="M8 1.5 14.5 8 8 14.5 1.5 8Z"/>',
        RiskClass.HIGH: '<path d="M8 1.5 15 14H1Z"/>',
        RiskClass.IRREVERSIBLE: '<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z"/>',
    }[risk]
    return (
        f'<svg class="shape {risk.word}" viewBox="0 0 16 16" width="14" height="14"'
        f' aria-hidden="true" focusable="false">{drawn}</svg>'
    )


_SHAPES = {risk: _shape(risk) for risk in RiskClass}


def lines_html(text: str) -> str:
    """All lines of a file as rows; line 12 is `L12`."""
    rows = _file_lines(text)
    return "".join(
        f"<tr id=L{number}><td data-n={number}><td>{visible(row)}"
        for number, row in enumerate(rows, start=1)
    )


def more_rows(text: str, *, index: int, start: int, end: int, back: int, look: Look) -> str:
    """Rows of kept lines from `start` to `end`; the old number of a line is `back` less."""
    rows = _file_lines(text)
    parts = []
    for number in range(start, min(end, len(rows)) + 1):
        html, old = _line_html(rows[number - 1]), number - back
        left = f"<td data-n={old}><td>{html}" if look.is_split else f"<td data-n={old}>"
        parts.append(f"<tr id=F{index}L{number} class=more>{left}<td data-n={number}><td>{html}")
    return "".join(parts)


def _file_lines(text: str) -> list[str]:
    rows = text.split("\n")
    if rows[-1] == "":
        rows.pop()
    if rows and all(row.endswith("\r") for row in rows):
        rows = [row.removesuffix("\r") for row in rows]
    return rows
