"""What a merge commit says: what it is, for what, and who answers for it."""

from assent.core.changes.acceptance import BY_POLICY, owner_of
from assent.core.changes.lifecycle import acceptance_in_force
from assent.core.changes.model import Change, Opinion, Verdict

SUBJECT = 72
BODY_LINES = 12
"""Lines of the plan, or of the report, that are kept."""


def merge_message(change: Change, *, log_head: str = "") -> str:
    """Title, what it is for, and trailers. A trailer's text has no line end of anyone's making.

    `log_head` is the commit that the log of decisions ended with: the merge is a witness that it
    was there.
    """
    title = _plain(change.title)[:SUBJECT] or change.name
    lines = (change.plan or change.newest.report).strip().splitlines()
    body = "\n".join(line.rstrip() for line in lines[:BODY_LINES])
    owner = owner_of(change, acceptance_in_force(change))
    trailers = [f"Assent-Change: {change.name}", f"Assent-Owner: {_plain(owner)}"]
    trailers += [f"Assent-Reviewed-by: {name}" for name in _reviewers(change)]
    if change.reverts is not None:
        trailers.append(f"Assent-Reverts: CH-{change.reverts}")
    if log_head:
        trailers.append(f"Assent-Log: {log_head}")
    text = "\n\n".join(part for part in (title, _without_trailers(body)) if part)
    return f"{text}\n\n" + "\n".join(trailers) + "\n"


def _reviewers(change: Change) -> tuple[str, ...]:
    """Who approved the newest revision; the policy is named when it accepted by itself."""
    said = [_plain(each.reviewer) for each in change.verdicts if _counts(change, each)]
    accepted = acceptance_in_force(change)
    if accepted is not None:
        said.append(BY_POLICY if accepted.via == BY_POLICY else _plain(accepted.by))
    return tuple(dict.fromkeys(said))


def _counts(change: Change, verdict: Verdict) -> bool:
    newest = verdict.revision == change.newest.number
    return newest and verdict.opinion is Opinion.APPROVE and verdict.counts


def _plain(text: str) -> str:
    return " ".join(text.split())


def _without_trailers(body: str) -> str:
    """An agent's text must not look like what Assent says."""
    return "\n".join(
        f"> {line}" if line.lower().lstrip().startswith("assent-") else line
        for line in body.splitlines()
    )
