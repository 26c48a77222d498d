"""A verdict from what a language model answered.

Nothing a model says is taken at its word: quotes are looked up in the file, contradictions and
doubt end as `inconclusive`, and an answer never becomes milder than its own findings. It can raise
the class of a revision and never lower it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

from assent.core.changes.findings import Reported, settle
from assent.core.changes.masking import unescaped
from assent.core.changes.model import (
    Finding,
    Opinion,
    ReviewerKind,
    Severity,
    Verdict,
)
from assent.core.changes.model_prompt import Addressed, Material, Prompt, addressed_in, with_value
from assent.core.redact import HIDDEN, redact
from assent.core.risk.factors import RiskClass

QUOTE = 2_000
"""Characters of a quote; a longer one is not looked up."""
SUMMARY = 1_000
_LEAST = 3
"""Letters and signs that a quote has to show."""
_PLACES = 1_000
"""Places of one quote that are compared."""
_TRIES = 100_000
"""Places where a quote could begin that are looked at."""
_HIDDEN_LENGTH = 400
"""Characters that one `[hidden]` can stand for."""


class Match(StrEnum):
    """Whether a change does what its plan says."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NO_PLAN = "no_plan"


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding as the model gave it, not checked."""

    path: str
    start_line: int
    end_line: int
    quote: str
    severity: Severity
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model answered, in the form that was asked for."""

    matches_plan: Match
    why: str
    findings: tuple[Claim, ...]
    raises_to: RiskClass | None
    verdict: Opinion
    summary: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """There is no answer: an error, a refusal, the time limit, or another form."""

    why: str


Answered: TypeAlias = Answer | Unusable


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked what, and when."""

    reviewer: str
    material: Material
    prompt: Prompt
    texts: Mapping[str, str]
    """The new files that the answers name, by path."""
    made_with: str
    at: int
    took_ms: int = 0
    counts: bool = True
    """Whether its approval counts, by its calibration."""


def wants_second(answered: Answered, material: Material) -> bool:
    """Whether an approval is asked for once more: from the class medium on."""
    if isinstance(answered, Unusable) or answered.verdict is not Opinion.APPROVE:
        return False
    worst = max(material.revision.risk, answered.raises_to or RiskClass.TRIVIAL)
    return worst >= RiskClass.MEDIUM


def named_paths(answers: Sequence[Answered], material: Material) -> tuple[str, ...]:
    """The changed files that are quoted: those whose texts are needed."""
    changed = {patch.path for patch in with_value(material)}
    claimed = [
        claim.path for answer in answers if isinstance(answer, Answer) for claim in answer.findings
    ]
    return tuple(dict.fromkeys(path for path in claimed if path in changed))


def read_answers(answers: Sequence[Answered], asked: Asked) -> Verdict:
    """The verdict of all looks together: each of them has to approve."""
    looks = [_look(answer, asked) for answer in answers]
    addressed = addressed_in(asked.material)
    alone = len(answers) == 1 and wants_second(answers[0], asked.material)
    opinion, why = _together(looks, addressed, asked.prompt)
    if alone and opinion is Opinion.APPROVE:
        opinion, why = Opinion.INCONCLUSIVE, "it was not asked a second time"
    reported = [item for look in looks for item in look.reported]
    reported += [_speaks(place) for place in addressed]
    findings = settle(asked.reviewer, reported, with_value(asked.material)).findings
    raised = max((look.raises_to for look in looks if look.raises_to is not None), default=None)
    return Verdict(
        reviewer=asked.reviewer,
        kind=ReviewerKind.LLM,
        revision=asked.material.revision.number,
        opinion=opinion,
        at=asked.at,
        summary=_summary(why, looks, asked),
        findings=_with_secrets_hidden(findings),
        raises_to=raised,
        made_with=asked.made_with,
        counts=asked.counts or opinion is not Opinion.APPROVE,
        took_ms=asked.took_ms,
    )


def inconclusive(why: str, asked: Asked) -> Verdict:
    """The verdict when there is nothing to read."""
    return read_answers((Unusable(why),), asked)


@dataclass(frozen=True, slots=True)
class _Look:
    opinion: Opinion
    why: str
    summary: str = ""
    reported: tuple[Reported, ...] = ()
    dropped: int = 0
    raises_to: RiskClass | None = None


def _look(answered: Answered, asked: Asked) -> _Look:
    if isinstance(answered, Unusable):
        return _Look(Opinion.INCONCLUSIVE, answered.why)
    if _repeats(answered, asked.prompt.nonce):
        return _Look(Opinion.INCONCLUSIVE, "its answer repeats the mark of the fence")
    placed = [place_claim(claim, asked.texts) for claim in answered.findings]
    kept = tuple(claim for claim in placed if claim is not None)
    dropped = len(placed) - len(kept)
    opinion, why = _opinion(answered, kept, dropped)
    risk = asked.material.revision.risk
    raises_to = answered.raises_to
    return _Look(
        opinion=opinion,
        why=why,
        summary=answered.summary,
        reported=(*_about_plan(answered), *(_reported(claim) for claim in kept)),
        dropped=dropped,
        raises_to=raises_to if raises_to is not None and raises_to > risk else None,
    )


def _opinion(answer: Answer, kept: Sequence[Claim], dropped: int) -> tuple[Opinion, str]:
    """What is left of the model's opinion, and why it is not its own; the first that holds."""
    errors = [claim for claim in kept if claim.severity is Severity.ERROR]
    claimed = [claim for claim in answer.findings if claim.severity is Severity.ERROR]
    match answer.verdict:
        case Opinion.INCONCLUSIVE:
            return Opinion.INCONCLUSIVE, "it is not sure"
        case Opinion.CHANGES if dropped and not kept and answer.matches_plan is not Match.NO:
            return Opinion.INCONCLUSIVE, "nothing that it quotes is in the files"
        case Opinion.CHANGES:
            return Opinion.CHANGES, ""
        case Opinion.APPROVE if errors:
            return Opinion.CHANGES, "it approves and finds an error: the error counts"
        case Opinion.APPROVE if claimed:
            return (
                Opinion.INCONCLUSIVE,
                "it approves and claims an error whose quote is in no file",
            )
        case Opinion.APPROVE if answer.matches_plan is Match.NO:
            return Opinion.CHANGES, "it approves and finds that the plan is not followed"
        case Opinion.APPROVE:
            return Opinion.APPROVE, ""


def _together(
    looks: Sequence[_Look], addressed: Sequence[Addressed], prompt: Prompt
) -> tuple[Opinion, str]:
    worst = _first(looks, Opinion.CHANGES) or _first(looks, Opinion.INCONCLUSIVE)
    if worst is not None:
        return worst.opinion, worst.why
    if prompt.unseen:
        return Opinion.INCONCLUSIVE, "it approves, but did not see all of the change"
    if addressed:
        return (
            Opinion.INCONCLUSIVE,
            f"it approves, but the change speaks to its reviewer ({addressed[0].where})",
        )
    return (Opinion.APPROVE, "") if looks else (Opinion.INCONCLUSIVE, "it was not asked")


def _first(looks: Sequence[_Look], opinion: Opinion) -> _Look | None:
    return next((look for look in looks if look.opinion is opinion), None)


def _repeats(answer: Answer, nonce: str) -> bool:
    texts = [answer.why, answer.summary]
    texts += [text for each in answer.findings for text in (each.quote, each.message, each.rule)]
    return any(nonce in text for text in texts)


def _about_plan(answer: Answer) -> tuple[Reported, ...]:
    match answer.matches_plan:
        case Match.NO:
            message = f"The plan is not followed: {answer.why}"
            return (Reported("plan", Severity.ERROR, message),)
        case Match.PARTLY:
            message = f"The plan is followed in part: {answer.why}"
            return (Reported("plan", Severity.WARNING, message),)
        case Match.YES | Match.NO_PLAN:
            return ()


def _speaks(place: Addressed) -> Reported:
    return Reported(
        rule="speaks-to-reviewer",
        severity=Severity.WARNING,
        message=f"In {place.where} the change tells a reviewer what to do.",
        path=place.path,
        line=place.line,
        end_line=place.line,
        quote=place.quote,
    )


def _reported(claim: Claim) -> Reported:
    return Reported(
        rule=claim.rule,
        severity=claim.severity,
        message=claim.message,
        path=claim.path,
        line=claim.start_line,
        end_line=claim.end_line,
        quote=claim.quote,
    )


def _with_secrets_hidden(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(each, rule=redact(each.rule)[:60]) for each in findings)


def _summary(why: str, looks: Sequence[_Look], asked: Asked) -> str:
    """What it says, what became of that, and what it did not see."""
    parts = [f"{why[0].upper()}{why[1:]}." if why else ""]
    parts += [look.summary.strip() for look in looks]
    dropped = sum(look.dropped for look in looks)
    if dropped:
        count = "1 finding was" if dropped == 1 else f"{dropped} findings were"
        parts.append(f"{count} dropped: the quoted text is not in the file.")
    if asked.prompt.left_out:
        shown = "; ".join(asked.prompt.left_out[:5])
        more = len(asked.prompt.left_out) - 5
        parts.append(f"Not shown to it: {shown}{f'; {more} more' if more > 0 else ''}.")
    text = redact(" ".join(part for part in parts if part))
    return text if len(text) <= SUMMARY else text[: SUMMARY - 1] + "…"


# Quotes


def place_claim(claim: Claim, texts: Mapping[str, str]) -> Claim | None:
    """The claim at the place where its quote really is; None when it is nowhere in the file.

    Of several places the one nearest to the lines that were named. Only line ends are evened out,
    and `[hidden]` stands for whatever the model was not shown.
    """
    text = texts.get(claim.path)
    if text is None or len(claim.quote) > QUOTE:
        return None
    text = _even(text)
    for said in dict.fromkeys((claim.quote, unescaped(claim.quote))):
        quote = _even(said).strip("\n")
        places = list(islice(_places(quote, text), _PLACES))
        if places:
            nearest = min(places, key=lambda place: abs(place.line - claim.start_line))
            return replace(
                claim,
                start_line=nearest.line,
                end_line=nearest.line + text.count("\n", nearest.start, nearest.end),
                quote=quote,
            )
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    end: int
    line: int


def _places(quote: str, text: str) -> Iterator[_Place]:
    """Where a quote stands, from the start of the text on."""
    parts = [part for part in quote.split(HIDDEN) if part]
    if len(re.sub(r"\s", "", "".join(parts))) < _LEAST:
        return
    counted, line = 0, 1
    start = -1
    for _ in range(_TRIES):
        start = text.find(parts[0], start + 1)
        if start < 0:
            return
        end = _end_of(parts, text, start)
        if end is not None:
            line += text.count("\n", counted, start)
            counted = start
            yield _Place(start, end, line)


def _end_of(parts: Sequence[str], text: str, start: int) -> int | None:
    """Where the parts end when the first of them is at `start`; None when they do not follow."""
    end = start + len(parts[0])
    for part in parts[1:]:
        found = text.find(part, end + 1, end + _HIDDEN_LENGTH + len(part))
        if found < 0 or "\n" in text[end:found]:
            return None
        end = found + len(part)
    return end


def _even(text: str) -> str:
    return text.replace("\r\n", "\n")
