"""The tables of an export. Every row is made from one entry of the ledger, and names it.

A row says what was recorded then, not what became of it since; only who wrote a change is looked
up beside the ledger. A field that an entry does not have is empty.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assent.app.people.records import STREAM as PEOPLE
from assent.app.ports import View
from assent.app.records import body_of, policy_stream
from assent.core.approvals import AGENT_PROMPT
from assent.core.canonical import Json
from assent.core.changes.acceptance import BY_POLICY
from assent.core.changes.makers import makers
from assent.core.ledger import Entry

Row: TypeAlias = Mapping[str, Json]
Body: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment on and before another: ms since the epoch."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of rows, with all the columns that a row of it may have."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[View, Period], Iterator[Row]]


PROOF = ("stream", "seq", "hash")
"""Of the entry that a row was made from: what `assent log --json` shows."""


def tables() -> tuple[Table, ...]:
    """All of them, in the order in which they are written."""
    return (
        _plain("requests", ("asked",), _REQUEST),
        Table("decisions", ("at", *_DECISION, *PROOF), _decisions),
        _plain("steps", ("expired", "escalated", "superseded", "let-through", "reminded"), _STEP),
        _plain("changes", ("submitted", "revised", "reverted", "abandoned"), _CHANGE),
        _plain("merges", ("merged",), _MERGE),
        Table("policies", ("at", *_POLICY, *PROOF), _policies),
        Table("people", ("at", *_PERSON, *PROOF), _people),
        _plain("delegations", ("delegated", "delegation-revoked"), _DELEGATION),
        Table("overrides", ("at", *_OVERRIDE, *PROOF), _overrides),
        Table("heads", ("stream", "seq", "hash"), _heads),
    )


_REQUEST = (
    *("request", "title", "class", "action_kind", "action", "agent", "session", "model"),
    *("workspace", "asker", "rule", "policy", "tier", "reviewers", "quorum", "needs"),
    *("separate", "signed", "asked_in"),
)
_DECISION = (
    *("about", "verdict", "by", "in_name_of", "asker", "author", "approvers", "apart"),
    *("needs", "met", "via", "hand", "factor", "level", "signed_by", "statement", "reason"),
    *("version", "state", "policy"),
)
_STEP = ("request", "kind", "reviewers", "why", "runs", "advice")
_CHANGE = (
    *("change", "kind", "revision", "state", "title", "owner", "by", "session", "model"),
    *("class", "workspace", "branch", "target", "reverts", "plan"),
)
_MERGE = ("change", "merged_revision", "target", "before", "commit", "tree", "owner", "tests")
_POLICY = ("workspace", "policy", "before", "by", "request", "in_force")
_PERSON = (
    *("person", "kind", "by", "via", "factor", "roles", "active", "login", "keys", "passkeys"),
    *("version", "key", "reason"),
)
_DELEGATION = (
    *("kind", "giver", "taker", "until", "worst", "paths", "workspace", "reason", "by"),
    *("delegation", "signed_by", "statement"),
)
_OVERRIDE = ("what", "about", "by", "reason")

_DECIDING = ("decided", "accepted", "returned", "abandoned")


def _plain(name: str, kinds: Sequence[str], fields: tuple[str, ...]) -> Table:
    """A table whose columns are fields of its entries."""

    def rows(view: View, period: Period) -> Iterator[Row]:
        for entry, body in _entries(view, period, kinds):
            found = {name: body.get(name) for name in fields}
            yield {"at": body.get("at"), **found, **_proof(entry)}

    return Table(name, ("at", *fields, *PROOF), rows)


def _entries(view: View, period: Period, kinds: Sequence[str]) -> Iterator[tuple[Entry, Body]]:
    """Those whose own words agree with what they were found by."""
    for entry in view.recorded(kinds, since=period.since, until=period.until):
        body = body_of(entry)
        if body.get("kind") in kinds:
            yield entry, body


def _proof(entry: Entry) -> dict[str, Json]:
    return {"stream": entry.stream, "seq": entry.seq, "hash": entry.hash}


# Decisions


def _decisions(view: View, period: Period) -> Iterator[Row]:
    authors = _Authors(view)
    for entry, body in _entries(view, period, _DECIDING):
        found = _of_request(body) if "request" in body else _of_change(body, authors)
        yield {**_said(body), **found, **_proof(entry)}


def _said(body: Body) -> dict[str, Json]:
    same = ("at", "by", "in_name_of", "via", "hand", "factor", "level", "reason", "state", "policy")
    return {name: body.get(name) for name in same}


def _of_request(body: Body) -> dict[str, Json]:
    needs = _mappings(body.get("needs"))
    voices = [name for need in needs for name in _texts(need.get("by"))]
    asker = body.get("asker") or ""
    return {
        "about": f"REQ-{body['request']}",
        "verdict": body.get("verdict"),
        "version": body.get("version"),
        "signed_by": body.get("signed_by"),
        "statement": body.get("statement"),
        "asker": asker,
        "approvers": sorted(set(voices)),
        "apart": _apart(body, {asker} if isinstance(asker, str) and asker else set()),
        "needs": [f"{need.get('count')} of {need.get('group') or 'anybody'}" for need in needs],
        "met": [f"{len(_texts(need.get('by')))} of {need.get('count')}" for need in needs],
    }


def _of_change(body: Body, authors: "_Authors") -> dict[str, Json]:
    made = authors.of(body.get("change"))
    envelope = body.get("envelope") or ""
    # Where nobody said it, the policy did, or Assent found that it cannot be merged.
    is_word = body.get("via") not in ("", None, BY_POLICY)
    return {
        "about": f"CH-{body.get('change')}",
        "verdict": body.get("kind"),
        "version": body.get("revision"),
        "signed_by": ("person" if envelope else "server") if is_word else None,
        "statement": envelope or body.get("entry"),
        "author": sorted(made),
        "approvers": [body.get("by")] if body.get("kind") == "accepted" else [],
        "apart": _apart(body, made) if is_word else None,
        "needs": body.get("awaited"),
        "met": body.get("accepted"),
    }


def _apart(body: Body, made: set[str]) -> bool | None:
    """Whether neither who spoke nor in whose name is one of those who made or asked for it.

    None: it is not known who they are.
    """
    return {body.get("by"), body.get("in_name_of")}.isdisjoint(made) if made else None


class _Authors:
    """Who has a part in a change, by its number: as it is now, with all of its revisions."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[int, set[str]] = {}

    def of(self, number: Json) -> set[str]:
        if not isinstance(number, int):
            return set()
        if number not in self._known:
            change = self._view.change_numbered(number)
            made = {} if change is None else makers(change, self._view.people())
            self._known[number] = {name for name in made if name}
        return self._known[number]


def _mappings(value: Json) -> list[Mapping[str, Json]]:
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def _texts(value: Json) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


# Policies


def _policies(view: View, period: Period) -> Iterator[Row]:
    """Those in force as the period begins, and those accepted in it."""
    before: dict[str, Row] = {}
    for entry, body in _entries(view, Period(0, period.until), ("policy-accepted",)):
        at = body.get("at")
        row: dict[str, Json] = {
            "at": at,
            "workspace": entry.stream.removeprefix(policy_stream("")),
            **{name: body.get(name) for name in ("policy", "before", "by", "request")},
            **_proof(entry),
        }
        if isinstance(at, int) and at < period.since:
            before[entry.stream] = {**row, "in_force": "as the period begins"}
            continue
        yield from before.values()
        before.clear()
        yield {**row, "in_force": "from then on"}
    yield from before.values()


# People


def _people(view: View, period: Period) -> Iterator[Row]:
    """All that was recorded of people, also that they logged in."""
    for entry in view.chain(PEOPLE):
        body = body_of(entry)
        at = body.get("at")
        if isinstance(at, int) and period.since <= at < period.until:
            yield {"at": at, **{name: body.get(name) for name in _PERSON}, **_proof(entry)}


# Overrides


def _overrides(view: View, period: Period) -> Iterator[Row]:
    """What an auditor looks at first: where the usual way was not gone."""
    signed_before: set[Json] = set()
    kinds = ("decided", "accepted", "expired", "recovered", "kept", "policy-accepted")
    for entry, body in _entries(view, period, kinds):
        for what in _why_notable(body, signed_before):
            yield {
                "at": body.get("at"),
                "what": what,
                "about": _about(body),
                "by": body.get("by"),
                "reason": body.get("reason") or body.get("advice"),
                **_proof(entry),
            }
        if body.get("signed_by") == "person" or body.get("envelope"):
            signed_before.add(body.get("by"))


def _why_notable(body: Body, signed_before: set[Json]) -> Iterator[str]:
    match body.get("kind"):
        case "expired":
            yield "nobody decided in time"
        case "recovered":
            yield "somebody's keys were dropped at the terminal, to begin anew"
        case "kept":
            yield "files that no call accounts for were kept"
        case "policy-accepted" if body.get("request") is None:
            yield "a policy came into force without a request"
        case "accepted" if body.get("errors"):
            yield "accepted despite errors that reviewers found"
        case "decided" if body.get("via") == AGENT_PROMPT:
            yield "approved at the agent's own prompt, where nobody is known"
    unsigned = not body.get("envelope") and body.get("signed_by") != "person"
    is_word = body.get("kind") in ("decided", "accepted") and body.get("via") != BY_POLICY
    if is_word and unsigned and body.get("by") in signed_before:
        yield "said without a signature by somebody who had signed before"


def _about(body: Body) -> str:
    for name, prefix in (("request", "REQ-"), ("change", "CH-"), ("person", "")):
        if body.get(name) is not None:
            return f"{prefix}{body[name]}"
    return str(body.get("policy") or body.get("workspace") or "")


# Heads


def _heads(view: View, _period: Period) -> Iterator[Row]:
    """Where each stream of the ledger ends now, also beyond the period."""
    for head in view.heads():
        yield {"stream": head.stream, "seq": head.seq, "hash": head.hash}
