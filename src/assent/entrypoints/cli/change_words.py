"""How a change is told in a terminal: everything that others wrote is made visible."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from assent.adapters.agents.registry import AGENTS
from assent.core.changes.model import ChangeState
from assent.entrypoints.cli.change_agreement import agreement_lines
from assent.entrypoints.cli.marks import mark
from assent.entrypoints.cli.text import age, moment, visible_block, visible_line
from assent.entrypoints.web.views.changes import STATES

CLASSES = ("trivial", "low", "medium", "high", "irreversible")
_STYLES = {"error": "red", "warning": "yellow", "info": "bright_black"}
_SIGNS = {"accepted": click.style("✓", fg="green"), "rejected": click.style("✗", fg="red")}
_LINES = {"+": "green", "-": "red"}

Change = Mapping[str, Any]


def row(change: Change) -> str:
    """One line: `CH-4  ○ low  title  in review, your turn: …`."""
    title = click.style(visible_line(change["title"]), bold=True)
    waited = age(int(time.time() * 1000) - change["created_at"])
    who = f", {maker(change)}" if change["agent"] else ""
    return (
        f"{change['name']:>6}  {mark(change['class'])}  {title}  +{change['added']} "
        f"-{change['removed']}  {standing(change)}{who}, {waited}"
    )


def standing(change: Change) -> str:
    """Where it stands, and whose turn it is."""
    state = state_word(change["state"])
    turn = change["turn"]
    who = {"person": "a person", "agent": maker(change), "assent": "Assent"}.get(turn["who"], "")
    what = f": {visible_line(turn['what'].rstrip('.'))}" if turn["what"] else ""
    return f"{state}; next is {who}{what}" if who else state


def state_word(state: str) -> str:
    return STATES[ChangeState(state)]


def maker(change: Change) -> str:
    """Who made it."""
    agent = AGENTS.get(change["agent"])
    return agent.title if agent else visible_line(change["agent"] or change["owner"])


def describe(change: Change) -> Iterator[str]:
    """Where it stands, why it has its class, what it changes, what was said, what can be done."""
    title = click.style(visible_line(change["title"]), bold=True)
    yield f"{change['name']}  {mark(change['class'])}  {title}"
    yield standing(change)
    yield _way(change)
    if change["state"] in ("changes_requested", "ejected"):
        yield ""
        yield visible_block(change["to_do"]["text"])
    yield ""
    yield from _reasons(change)
    yield from _plan(change)
    yield from _files(change)
    yield from _findings(change)
    yield from _said(change)
    yield from agreement_lines(change)
    yield from _outcome(change)
    if change["report"]:
        yield ""
        yield "The report of its maker, unverified:"
        yield visible_block(change["report"].rstrip("\n"), indent="    ")
    yield from _ways(change)


def _way(change: Change) -> str:
    revision = change["revisions"][-1]
    branch = f"`{visible_line(change['branch'])}`" if change["branch"] else "a work tree"
    target = f" into `{visible_line(change['target'])}`" if change["target"] else ""
    payload = revision["payload"]
    if payload["kind"] == "value":
        pointer = f" at {visible_line(payload['pointer'])}" if payload["pointer"] else ""
        branch = f"a {payload['sort']} value in {visible_line(payload['file'])}{pointer}"
    return (
        f"{branch}{target}, revision {revision['number']} by {visible_line(revision['by'])} at "
        f"{moment(revision['at'])}; {visible_line(change['owner'])} answers for it"
    )


def _reasons(change: Change) -> Iterator[str]:
    if change["trivial"]:
        yield f"Nothing can come of it: {visible_line(change['trivial'])}"
    told = [each for each in change["reasons"] if each["class"] not in ("trivial", "low")]
    for each in told or change["reasons"][:1]:
        yield f"{mark(each['class'])}  {visible_line(each['what'])} ({each['rule']})"
    if change["in_plan"] is False:
        yield click.style("It changes files that its approved plan does not name.", fg="yellow")
    split = change["split"]
    if split:
        yield (
            f"It has {split['lines']:,} changed lines; of this class {split['limit']:,} can be "
            "looked at in one piece. It could be handed in as:"
        )
        for group in split["groups"]:
            yield f"    {visible_line(group['title'])}, {group['lines']:,} lines"


def _plan(change: Change) -> Iterator[str]:
    if change["plan"]:
        yield ""
        yield "The plan, approved:" if change["plan_approved"] else "The plan, as its maker says:"
        yield visible_block(change["plan"].rstrip("\n"), indent="    ")


def _files(change: Change) -> Iterator[str]:
    """The files, the riskiest first, with what a person said of their hunks."""
    yield ""
    for path, hunks in by_risk(change["hunks"]):
        added, removed = (sum(each[key] for each in hunks) for key in ("added", "removed"))
        yield f"{mark(worst(hunks))}  {visible_line(path)}  +{added} -{removed}"
        for each in hunks:
            what = f"  {visible_line(each['what'])}" if each["what"] else ""
            sign = _SIGNS.get(each["stance"], "·")
            who = f"  {each['stance']} by {visible_line(each['by'])}" if each["by"] else ""
            yield f"    {sign} {each['id'][:12]}  line {each['line']}{who}{what}"


def by_risk(hunks: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The hunks of each file, the riskiest file first."""
    files: dict[str, list[Mapping[str, Any]]] = {}
    for hunk in hunks:
        files.setdefault(hunk["path"], []).append(hunk)
    return sorted(files.items(), key=lambda item: (-CLASSES.index(worst(item[1])), item[0]))


def worst(hunks: Sequence[Mapping[str, Any]]) -> str:
    return max((str(each["class"]) for each in hunks), key=CLASSES.index)


def _findings(change: Change) -> Iterator[str]:
    there = [each for each in change["findings"] if each["standing"] != "gone"]
    if there:
        yield ""
    for each in there:
        yield from finding(each)


def finding(found: Mapping[str, Any]) -> Iterator[str]:
    severity = click.style(f"{found['severity']:7}", fg=_STYLES[found["severity"]])
    since = f", {found['standing']}" if found["standing"] != "new" else ""
    yield (
        f"{severity}  {place(found)}{visible_line(found['message'])}  "
        f"({visible_line(found['reviewer'])}: {visible_line(found['rule'])}{since})"
    )
    if found["quote"]:
        yield visible_block(found["quote"].strip(), indent="         | ")


def place(of: Mapping[str, Any]) -> str:
    """`src/a.py:12: `; empty for what is about the whole."""
    if not of["path"]:
        return ""
    line = f":{of['line']}" if of["line"] else ""
    return f"{visible_line(of['path'])}{line}: "


def _said(change: Change) -> Iterator[str]:
    """Verdicts and comments of this revision, and comments that are still open."""
    verdicts = [each for each in change["verdicts"] if each["revision"] == change["revision"]]
    comments = [each for each in change["comments"] if not each["resolved"]]
    if verdicts or comments:
        yield ""
    for each in verdicts:
        counts = "" if each["counts"] else " (does not count: too little is known of it)"
        summary = f": {visible_line(each['summary'])}" if each["summary"] else ""
        yield f"{visible_line(each['reviewer'])} {_OPINIONS[each['opinion']]}{counts}{summary}"
    for each in comments:
        yield f"{place(each)}{visible_line(each['by'])} at {moment(each['at'])}:"
        yield visible_block(each["text"].rstrip("\n"), indent="    ")


_OPINIONS = {
    "approve": "approves",
    "changes": "asks for changes",
    "inconclusive": "comes to no conclusion",
}


def _outcome(change: Change) -> Iterator[str]:
    if change["tests"]:
        yield ""
    for each in change["tests"][-1:]:
        came = "passed" if each["ok"] else "failed"
        again = ", after it had failed (flaky)" if each["flaky"] else ""
        yield (
            f"Tests {came}{again}: `{visible_line(each['command'])}`, "
            f"{each['took_ms'] / 1000:.1f} s, {each['sandbox']}"
        )
        if not each["ok"]:
            yield visible_block(each["tail"].rstrip("\n"), indent="    ")
    for each in change["merges"]:
        back = f", taken back by CH-{each['reverted_by']}" if each["reverted_by"] else ""
        yield (
            f"Merged as {each['commit'][:12]} at {moment(each['at'])}; "
            f"{visible_line(each['owner'])} answers for it{back}"
        )


def _ways(change: Change) -> Iterator[str]:
    """The commands that go on from here."""
    number, state = change["number"], change["state"]
    ways: list[str] = []
    if state in ("in_review", "changes_requested"):
        confirm = f" --confirm {change['name']}" if change["one_by_one"] else ""
        ways = [
            f"assent change accept {number}",
            f"assent change accept {number} --all{confirm}",
            f"assent change reject {number} --reason TEXT",
            f"assent change comment {number} TEXT --at PATH:LINE",
        ]
        ways += [f"assent change submit --change {number}"] if state != "in_review" else []
    elif state == "draft":
        ways = [f"assent change ready {number}"]
    elif state == "ejected":
        ways = [f"assent change merge {number}", f"assent change submit --change {number}"]
    elif state == "merged":
        ways = [f"assent change revert {number} --reason TEXT"]
    if ways:
        yield ""
        yield from ways


# Differences


def difference(
    files: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]] = ()
) -> Iterator[str]:
    """The files of a difference with their hunks, and the findings under theirs."""
    for file in files:
        yield ""
        yield file_head(file)
        for hunk in file["hunks"]:
            yield from hunk_lines(hunk)
            yield from _under(hunk, file["path"], findings)


def file_head(file: Mapping[str, Any]) -> str:
    name = click.style(visible_line(file["path"]), bold=True)
    if file["old_mode"] is None:
        return f"{name}  new, +{file['added']}"
    if file["new_mode"] is None:
        return f"{name}  deleted, -{file['removed']}"
    mode = (
        ""
        if file["old_mode"] == file["new_mode"]
        else (f", mode {file['old_mode']} becomes {file['new_mode']}")
    )
    binary = ", binary" if file["binary"] else ""
    return f"{name}  +{file['added']} -{file['removed']}{mode}{binary}"


def hunk_lines(hunk: Mapping[str, Any]) -> Iterator[str]:
    section = f" {visible_line(hunk['section'])}" if hunk["section"] else ""
    head = (
        f"@@ -{hunk['old_start']},{hunk['old_count']} "
        f"+{hunk['new_start']},{hunk['new_count']} @@{section}"
    )
    yield f"{click.style(head, fg='cyan')}  {hunk['id'][:12]}"
    for line in hunk["lines"]:
        colour = _LINES.get(line[:1])
        yield click.style(visible_line(line), fg=colour) if colour else visible_line(line)


def _under(
    hunk: Mapping[str, Any], path: str, findings: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    for each in findings:
        if each["path"] == path and each["standing"] != "gone" and shows(hunk, each["line"]):
            yield from finding(each)


def shows(hunk: Mapping[str, Any], line: int) -> bool:
    """Whether the hunk shows this line of the new file."""
    start, count = int(hunk["new_start"]), int(hunk["new_count"])
    return start <= line < start + max(count, 1)
