"""The reviewers that a policy names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assent.adapters.reviewers.static import dependencies, risk, secrets, team
from assent.adapters.reviewers.static.checks import CheckReviewer
from assent.adapters.reviewers.static.reading import ReadingReviewer, Texts
from assent.app.changes.ports import Checkouts, Reviewer
from assent.app.ports import Clock
from assent.core.policy.changes import ChangeRules, ModelRule

LOOKS = {
    "secrets": secrets.look,
    "dependencies": dependencies.look,
    "risk": risk.look,
    "team": team.look,
}
"""Reviewers that every change gets."""


@dataclass(frozen=True)
class PolicyReviewers:
    """Implements `Reviewers`."""

    texts: Texts
    checkouts: Checkouts
    clock: Clock
    model: Callable[[ModelRule], Reviewer] | None = None
    """Makes the reviewer that asks a language model; None where there is none to be had."""

    def static(self, rules: ChangeRules) -> Sequence[Reviewer]:
        reading = [
            ReadingReviewer(name, look, texts=self.texts, clock=self.clock)
            for name, look in LOOKS.items()
        ]
        checks = [
            CheckReviewer(rule, checkouts=self.checkouts, clock=self.clock) for rule in rules.checks
        ]
        return (*reading, *checks)

    def llm(self, rules: ChangeRules) -> Reviewer | None:
        if rules.model is None or self.model is None:
            return None
        return self.model(rules.model)
