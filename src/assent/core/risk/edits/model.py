"""What reading an edit brings to light."""

from dataclasses import dataclass

from assent.core.risk.factors import (
    Factors,
    Reach,
    Reversibility,
    RiskClass,
    Sensitivity,
)
from assent.core.risk.model import Evidence

WORKSPACE_EDIT = Factors(Reversibility.EASY, Reach.WORKSPACE)
"""An edit in the workspace, which git or a checkpoint takes back."""

SENSITIVE_EDIT = Factors(Reversibility.EASY, Reach.WORKSPACE, sensitivity=Sensitivity.SENSITIVE)
"""The same, of what a person wants to have seen."""

SECRET_EDIT = Factors(Reversibility.EASY, Reach.WORKSPACE, sensitivity=Sensitivity.SECRET)


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One file of a change, before and after it. None: the file is not there."""

    path: str
    """From the root of the repository, with `/`; empty when it is not known, then it is taken for
    Python where it reads as Python."""
    before: str | None
    after: str | None
    also: str = ""
    """What else changes, which the texts do not show: `rename`, `mode`, `symlink`, `binary` or
    `submodule`. A file that changes in such a way is never trivial."""


@dataclass(frozen=True, slots=True)
class HunkReading:
    """One place of a file that changes. Lines are counted from one."""

    file: str
    before_start: int
    after_start: int
    risk: RiskClass
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ChangeReading:
    """What a whole change amounts to."""

    evidence: tuple[Evidence, ...]
    """The worst first; of each file at least one."""
    hunks: tuple[HunkReading, ...]
    trivial: str
    """How it is proven that nothing can come of it; empty when that is not proven."""

    @property
    def risk(self) -> RiskClass:
        return max((item.risk for item in self.evidence), default=RiskClass.TRIVIAL)
