"""What the worker reads and prints. Strict: whatever is not of this shape is an error."""

from pydantic import BaseModel, ConfigDict, Field

JOB_BYTES = 8 * 1024 * 1024
ANSWER_BYTES = 1024 * 1024


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Posting(_Strict):
    """One message on one channel."""

    id: str
    url: str
    title: str
    body: str
    is_urgent: bool = False
    ids: list[str] = Field(default_factory=list)
    """Of what it tells: for receivers that keep apart what they know already."""
    names: list[str] = Field(default_factory=list)


class Job(_Strict):
    """A batch of messages, or with `only_check` addresses to be looked at."""

    limit_s: float
    only_check: bool = False
    postings: list[Posting]


class Printed(_Strict):
    """What became of one posting: one line."""

    id: str
    is_sent: bool
    fault: str = ""
    is_sure: bool = True
    for_good: bool = False
    service: str = ""
