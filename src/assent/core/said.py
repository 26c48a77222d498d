"""What an agent says about its own call: what it is for, and how to undo it. Never checked."""

import re
from dataclasses import dataclass

from assent.core.actions import Action, Command
from assent.core.proposals import Proposal
from assent.core.risk.factors import Reversibility, RiskClass
from assent.core.risk.model import Assessment, Evidence

LENGTH = 500
"""Characters that are taken of each."""
COMMENT = "# why: ...; undo: ..."
"""The form in which any agent can say it, as the first line of a shell command."""

_WHY = re.compile(r"\b(?:why|purpose)\s*:\s*(.*?)\s*(?:;\s*(?:undo|rollback)\s*:|$)", re.IGNORECASE)
_UNDO = re.compile(
    r"\b(?:undo|rollback)\s*:\s*(.*?)\s*(?:;\s*(?:why|purpose)\s*:|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Said:
    """Empty where the agent did not say it."""

    purpose: str = ""
    rollback: str = ""


def said_of(proposal: Proposal) -> Said:
    """From the first comment lines of a shell command, and from the agent's own description."""
    comment = _leading_comment(proposal.action)
    purpose = _found(_WHY, comment) or _found(_WHY, proposal.prose) or proposal.prose.strip()
    rollback = _found(_UNDO, comment) or _found(_UNDO, proposal.prose)
    return Said(purpose[:LENGTH], rollback[:LENGTH])


def can_say(action: Action) -> bool:
    """Whether the agent has a way to say it in the call itself. Otherwise a person is asked."""
    return isinstance(action, Command) and isinstance(action.script, str)


def missing(assessment: Assessment, said: Said) -> tuple[str, ...]:
    """What a person would have to know and is told by nobody, in words for the agent."""
    grave = [item for item in assessment.evidence if item.risk >= RiskClass.HIGH]
    has_way_back = bool(said.rollback) or all(map(_has_way_back, grave))
    return tuple(
        what
        for what, known in (
            ("what it is for", bool(said.purpose)),
            ("how to undo it (rollback)", has_way_back),
        )
        if not known
    )


def _has_way_back(item: Evidence) -> bool:
    if item.factors.reversibility <= Reversibility.EASY:
        return True
    return bool(item.undo) and not item.undo.lower().startswith("none")


def _leading_comment(action: Action) -> str:
    if not isinstance(action, Command) or not isinstance(action.script, str):
        return ""
    lines = []
    for line in action.script[: 4 * LENGTH].split("\n"):
        if not line.lstrip().startswith("#"):
            break
        lines.append(line.strip().lstrip("#! "))
    return "; ".join(lines)


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text[: 4 * LENGTH])
    return match[1] if match else ""
