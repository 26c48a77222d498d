"""What agents are told. Short, exact, and always with what to do instead."""

from collections.abc import Sequence
from datetime import UTC, datetime

from assent.core.approvals import Request, State, ballot_of, deciding
from assent.core.people.voices import NeedProgress, is_anybody
from assent.core.policy.model import Deny
from assent.core.risk.model import Assessment
from assent.core.said import COMMENT

STOPPING = (
    "Assent is being stopped, so this call was not let through. What waits for a person is kept. "
    "Ask again when it is up."
)
FAULT = "Assent ran into a fault of its own, so this call was not let through. See: assent status"


def refused_by_policy(route: Deny) -> str:
    return (
        f"Assent refused this (rule `{route.rule}`): {route.why}. "
        "Do not try another way to the same effect."
    )


def refused_by_person(request: Request) -> str:
    said = deciding(request)
    who, reason = (said.by, said.reason) if said is not None else ("a person", "")
    return (
        f"Assent: {who} rejected this ({request.name}). Reason from {who}: {_sentence(reason)} "
        "Do not try another way to the same effect."
    )


def pending(request: Request) -> str:
    return (
        f"Assent: waiting for {waited_for(request)} as {request.name} "
        f"({summary(request.assessment)}). "
        "Go on with other work or ask again later; the same call will pass once it is approved. "
        "Do not work around this."
    )


def held(request: Request) -> str:
    """For a call that waits until a person kept or undid what nobody accounts for."""
    return (
        f"Assent: files changed here that no approved call explains ({request.name}), so nothing "
        "is changed before a person keeps or undoes that. Only read, or ask again later; the same "
        "call will pass then. Do not work around this."
    )


def delayed(request: Request) -> str:
    until = _moment(request.delayed_until)
    return (
        f"Assent: a person put off {request.name} until {until}. "
        "Go on with other work and ask again then. Do not work around this."
    )


def nobody_there(request: Request) -> str:
    return f"Assent: {request.name} was decided after the agent had gone."


def not_decided(request: Request) -> str:
    ended = {
        State.EXPIRED: "nobody decided it in time",
        State.CANCELLED: "it was withdrawn",
        State.SUPERSEDED: "a newer request took its place",
    }.get(request.state, f"it is {request.state.value}")
    advice = request.advice
    instead = _sentence(f"Instead: {advice}") if advice else "Go on without it."
    return f"Assent did not let this through: {request.name} is closed, {ended}. {instead}"


def waited_for(request: Request) -> str:
    """Who is missing, by group: `a person`, `2 of @security and 1 of @owners`.

    An agent is not told whom of a group, so that it learns nobody to go to.
    """
    missing = [_missing(each) for each in ballot_of(request).progress if not each.is_met]
    return " and ".join(missing) or "a person"


_TOLD = ("@", "owners of ")
"""How groups are called that say nothing of who is in them."""


def _missing(progress: NeedProgress) -> str:
    need = progress.need
    if not is_anybody(need):
        group = need.group if need.group.startswith(_TOLD) else "the reviewers"
        return f"{progress.missing} of {group}"
    return "a person" if progress.missing == 1 else f"{progress.missing} people"


def vague(missing: Sequence[str]) -> str:
    """For a call whose text can say it."""
    return (
        f"Assent cannot ask a person about this yet: say {' and '.join(missing)}, then try again. "
        f"Put it into the first line of the command, as a comment: {COMMENT}"
    )


def stopped(rejections: int) -> str:
    return (
        f"Assent: {rejections} of your requests in this session were rejected, so it asks nobody "
        "about another one for now. Stop here, and ask the person you work for how to go on."
    )


def ask_there(assessment: Assessment) -> str:
    """Shown by the agent's own prompt to the person who sits there."""
    return f"Assent: {summary(assessment)}. Undo: {assessment.undo}."


def settings_locked(path: str) -> str:
    return (
        f"Assent: settings are locked while it guards this session ({path or 'settings'}). "
        "They take effect in the next session."
    )


def payload_too_large(limit: int) -> str:
    return f"Assent refused this: the call is larger than {limit // 1024 // 1024} MiB. Split it."


def unknown_agent(name: str) -> str:
    return f"Assent does not know the agent `{name}`, so this call was not let through."


def unknown_event(agent: str, event: str) -> str:
    return (
        f"Assent does not know the event {event[:40]!r} of {agent}, so this was not let through. "
        "Update Assent, then install the hooks again: assent agents install"
    )


def unrecordable(reason: str) -> str:
    return f"Assent could not record this call, so it was not let through: {reason}"


def summary(assessment: Assessment) -> str:
    """The class and the first reason: `high: deletes build`."""
    why = assessment.evidence[0].what if assessment.evidence else assessment.title
    return f"{assessment.risk.word}: {why}"


def _sentence(text: str) -> str:
    """`text`, ended, so that what follows it is not read as part of it."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _moment(at: int | None) -> str:
    if at is None:
        return "later"
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
