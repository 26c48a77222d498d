"""Where a request stands, in one line that names who did what and when."""

from assent.core.approvals import Decision, Request, State, Verdict, ballot_of, deciding
from assent.core.people.voices import NeedProgress, is_anybody
from assent.core.policy.model import AskIn
from assent.entrypoints.web.views.context import Context

_SAID = {
    Verdict.APPROVE: "approved",
    Verdict.MODIFY: "changed and approved",
    Verdict.REJECT: "rejected",
    Verdict.DELAY: "delayed",
    Verdict.WITHDRAW: "withdrawn",
    Verdict.REFER: "referred",
}

_OUTCOMES = {
    State.PENDING: "waiting",
    State.APPROVED: "approved",
    State.REJECTED: "rejected",
    State.EXPIRED: "expired",
    State.CANCELLED: "withdrawn",
    State.SUPERSEDED: "superseded",
    State.CONSUMED: "approved",
}


def outcome(request: Request) -> str:
    """The state in one word for a row."""
    if request.state is State.PENDING and request.delayed_until is not None:
        return "delayed"
    return _OUTCOMES[request.state]


def can_be_decided(request: Request, context: Context) -> bool:
    """Whether a decision made here would be taken."""
    return (
        request.state is State.PENDING
        and request.asked_in is AskIn.INBOX
        and context.now < request.expires_at
    )


def said(decision: Decision, context: Context) -> str:
    """`approved by ana at 14:03`."""
    who = f"{decision.by} for {decision.in_name_of}" if decision.in_name_of else decision.by
    line = f"{_SAID[decision.verdict]} by {who} at {context.moment(decision.at)}"
    if decision.to:
        line += f" to {', '.join(decision.to)}"
    if decision.verdict is Verdict.DELAY and decision.until is not None:
        line += f" until {context.moment(decision.until)}"
    return line


def standing(request: Request, context: Context) -> str:
    """One sentence part on how things are: `approved by ana at 14:03, let through at 14:03`."""
    match request.state:
        case State.PENDING:
            return _pending(request, context)
        case State.EXPIRED:
            return f"expired at {context.moment(request.expires_at)}: nobody decided it in time"
        case State.SUPERSEDED:
            return "superseded: the agent asked again"
        case State.APPROVED:
            return f"{_who(request, context)}; it runs once, when the agent takes it"
        case State.CONSUMED if request.consumed_at is not None:
            return f"{_who(request, context)}, let through at {context.moment(request.consumed_at)}"
        case _:
            return _who(request, context)


def _pending(request: Request, context: Context) -> str:
    if context.now >= request.expires_at:
        return f"expired at {context.moment(request.expires_at)}: nobody decided it in time"
    if request.asked_in is AskIn.AGENT:
        return "asked at the agent's own prompt, where it has to be answered"
    if request.delayed_until is not None:
        delays = [each for each in request.decisions if each.verdict is Verdict.DELAY]
        return said(delays[-1], context) if delays else "delayed"
    return f"waits for {_waited_for(request)} since {context.moment(request.created_at)}"


def _waited_for(request: Request) -> str:
    """`you` where anybody decides alone, else what is missing: `1 of @security`."""
    missing = [each for each in ballot_of(request).progress if not each.is_met]
    if len(missing) == 1 and is_anybody(missing[0].need) and missing[0].need.count == 1:
        return "you"
    return " and ".join(_missing(each) for each in missing)


def _missing(progress: NeedProgress) -> str:
    need = progress.need
    if is_anybody(need):
        return f"{progress.missing} {'people' if progress.missing > 1 else 'person'}"
    names = need.group or ", ".join(need.people)
    return names if names in need.people else f"{progress.missing} of {names}"


def _who(request: Request, context: Context) -> str:
    decision = deciding(request)
    return outcome(request) if decision is None else said(decision, context)
