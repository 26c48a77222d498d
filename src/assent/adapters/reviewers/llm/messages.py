"""What goes to the worker and comes back: one JSON object each way, read strictly."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assent.core.changes.model import Opinion, Severity
from assent.core.changes.model_prompt import FIELDS
from assent.core.changes.model_review import Answer, Answered, Claim, Match, Unusable
from assent.core.risk.factors import RiskClass

ANSWER_BYTES = 512 * 1024
"""Most that a worker may print."""
JOB_BYTES = 2 * 1024 * 1024
"""Most that a worker reads."""

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)

_Line = Annotated[int, Field(ge=0, le=10_000_000)]


class Job(BaseModel):
    """One question."""

    model_config = _STRICT

    model: str
    base_url: str
    key_env: str
    instruction: str
    prompt: str
    limit_s: float


class FindingMessage(BaseModel):
    """Something that is wrong with the change."""

    model_config = _STRICT

    path: Annotated[str, Field(max_length=1_000, description=FIELDS["path"])]
    start_line: Annotated[_Line, Field(description=FIELDS["start_line"])]
    end_line: Annotated[_Line, Field(description=FIELDS["end_line"])]
    quote: Annotated[str, Field(max_length=4_000, description=FIELDS["quote"])]
    severity: Annotated[Literal["error", "warning", "info"], Field(description=FIELDS["severity"])]
    rule: Annotated[str, Field(min_length=1, max_length=200, description=FIELDS["rule"])]
    message: Annotated[str, Field(min_length=1, max_length=4_000, description=FIELDS["message"])]


class AnswerMessage(BaseModel):
    """The review of a change."""

    model_config = _STRICT

    matches_plan: Annotated[
        Literal["yes", "partly", "no", "no_plan"], Field(description=FIELDS["matches_plan"])
    ]
    why: Annotated[str, Field(max_length=4_000, description=FIELDS["why"])]
    findings: Annotated[list[FindingMessage], Field(max_length=60, description=FIELDS["findings"])]
    raises_to: Annotated[
        Literal["low", "medium", "high", "irreversible"] | None,
        Field(description=FIELDS["raises_to"]),
    ]
    verdict: Annotated[
        Literal["approve", "changes", "inconclusive"], Field(description=FIELDS["verdict"])
    ]
    summary: Annotated[str, Field(min_length=1, max_length=4_000, description=FIELDS["summary"])]


class Printed(BaseModel):
    """What a worker prints: an answer, or why there is none."""

    model_config = _STRICT

    made_with: Annotated[str, Field(max_length=200)] = ""
    answer: AnswerMessage | None = None
    why: Annotated[str, Field(max_length=2_000)] = ""


def read_printed(printed: bytes) -> tuple[Answered, str]:
    """The answer, and what the worker says it was made with. Never raises."""
    if len(printed) > ANSWER_BYTES:
        return Unusable("its answer is too long"), ""
    try:
        read = Printed.model_validate_json(printed)
    except ValidationError:
        return Unusable("its answer cannot be read"), ""
    if read.answer is None:
        return Unusable(read.why or "it did not answer"), read.made_with
    return _answer(read.answer), read.made_with


def _answer(read: AnswerMessage) -> Answer:
    return Answer(
        matches_plan=Match(read.matches_plan),
        why=read.why,
        findings=tuple(_claim(each) for each in read.findings),
        raises_to=None if read.raises_to is None else RiskClass[read.raises_to.upper()],
        verdict=Opinion(read.verdict),
        summary=read.summary,
    )


def _claim(read: FindingMessage) -> Claim:
    return Claim(
        path=read.path,
        start_line=read.start_line,
        end_line=read.end_line,
        quote=read.quote,
        severity=Severity(read.severity),
        rule=read.rule,
        message=read.message,
    )
