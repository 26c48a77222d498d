"""What is known of one commit: approved, not approved, or not to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from assent.core.canonical import Json
from assent.core.proof.levels import Level
from assent.core.proof.voices import Voice


class Verdict(StrEnum):
    APPROVED = "approved"
    NOT_APPROVED = "not-approved"
    UNVERIFIABLE = "unverifiable"


class How(StrEnum):
    """What ties a commit to a decision."""

    MERGE = "merge"
    """Assent merged it: its entry names the commit, the decisions and the tests."""
    SAME_TREE = "same-tree"
    """The very files that were approved, on the very commit that they were approved for."""
    SAME_HUNKS = "same-hunks"
    """The same hunks as were approved, on other files: squashed, rebased, picked."""
    POLICY = "policy"
    """Merged by the policy: no person had to look."""
    NOTHING = ""


class Wanted(StrEnum):
    """What counts as approved."""

    ANY = "any"
    SIGNED = "signed"
    """Enough people signed, with whatever key."""
    PRESENT = "present"
    """Enough people signed with a factor that no program has."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the code, as git has it."""

    id: str
    parents: tuple[str, ...]
    tree: str
    title: str
    by_assent: bool = False
    """Whether it names Assent as its committer. Anybody can write that."""
    seen_log: str = ""
    """Which head of the log its message names; empty: none."""

    @property
    def parent(self) -> str:
        return self.parents[0] if self.parents else ""


@dataclass(frozen=True, slots=True)
class Answer:
    commit: Commit
    verdict: Verdict
    why: str
    """In words: a sentence with its full stop."""
    how: How = How.NOTHING
    change: str = ""
    owner: str = ""
    voices: tuple[Voice, ...] = ()
    level: Level = Level.ADVISORY
    tests: Mapping[str, Json] | None = None
    """What was tested on this very tree; None: nothing was."""
    policy: str = ""
    """The digest of the policy under which it was decided."""
    notes: tuple[str, ...] = ()

    @property
    def is_approved(self) -> bool:
        return self.verdict is Verdict.APPROVED
