"""What a policy says about changes: who has to look, which tests, how large, how many at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from assent.core.changes.model import Severity
from assent.core.risk.factors import RiskClass

if TYPE_CHECKING:
    # The model of policies holds the rules of changes, and is read after them.
    from assent.core.policy.model import Wanted


class Path(StrEnum):
    """What a class of change has to pass before it may merge. Declared from the lightest on."""

    CHECKS = "checks"
    """Static reviewers."""
    LLM = "llm"
    """Static reviewers and the language model's approval; a person where there is none."""
    LLM_THEN_PERSON = "llm-then-person"
    """The same, and a person looks at it after it was merged."""
    PERSON = "person"
    """Static reviewers, the language model if there is one, and a person's acceptance."""
    ONE_BY_ONE = "one-by-one"
    """The same, and each hunk that cannot be taken back is accepted by itself."""

    @property
    def strictness(self) -> int:
        return tuple(Path).index(self)


PATHS: Mapping[RiskClass, Path] = MappingProxyType(
    {
        RiskClass.TRIVIAL: Path.CHECKS,
        RiskClass.LOW: Path.LLM,
        RiskClass.MEDIUM: Path.LLM_THEN_PERSON,
        RiskClass.HIGH: Path.PERSON,
        RiskClass.IRREVERSIBLE: Path.ONE_BY_ONE,
    }
)
LINES: Mapping[RiskClass, int] = MappingProxyType(
    {
        RiskClass.TRIVIAL: 10_000,
        RiskClass.LOW: 1_000,
        RiskClass.MEDIUM: 600,
        RiskClass.HIGH: 400,
        RiskClass.IRREVERSIBLE: 200,
    }
)
"""Changed lines of each class that a person can be asked to look at in one piece."""


@dataclass(frozen=True, slots=True)
class CheckRule:
    """A program of the project's own that looks at a revision's files."""

    name: str
    command: str
    """Shell text, run in a checkout of the revision; `{paths}` stands for the changed files."""
    form: str = "plain"
    """What it prints: `sarif`, or `plain`: lines of `path:line[:column]: message`."""
    severity: Severity = Severity.WARNING
    """Of what it finds, where it does not say."""
    fails: bool = True
    """Whether its findings keep the policy from accepting by itself."""
    paths: tuple[str, ...] = ()
    """Globs of the files it looks at; empty: all. It runs when one of them changed."""


@dataclass(frozen=True, slots=True)
class ModelRule:
    """The language model that reviews."""

    model: str
    """As pydantic-ai names it: `anthropic:claude-…`, `openai:gpt-…`."""
    base_url: str = ""
    """Of the provider's API; empty: its own."""
    key_env: str = ""
    """The variable of the daemon's environment that holds the key; empty: the provider's."""
    limit_ms: int = 120_000
    floor: float = 0.7
    """Share of planted bad changes it has to catch for its approval to count, as the lower end of
    the 90 % interval; without a calibration nothing is known, and its approval does not count."""


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """The table `[changes]` of a policy."""

    target: str = ""
    """Branch that changes are merged into; empty: the repository's default branch."""
    test: str = ""
    """Shell text; empty: none is known, and nothing merges until one is named."""
    test_limit_ms: int = 1_800_000
    test_retries: int = 1
    """How often a failed run is repeated; one that then passes is recorded as flaky."""
    sandbox: bool = False
    """Refuse to run tests where no sandbox can be had."""
    share: tuple[str, ...] = ()
    """Folders that git ignores and tests and checks need, from the workspace's root: they are
    linked into the checkout from the work tree that the change came from."""
    paths: Mapping[RiskClass, Path] = field(default_factory=lambda: PATHS)
    lines: Mapping[RiskClass, int] = field(default_factory=lambda: LINES)
    reviewers: tuple[str, ...] = ()
    """Who may accept, as policies name people; empty: whoever has access."""
    quorum: int = 1
    """How many different people of `reviewers` have to accept."""
    needs: Mapping[RiskClass, tuple["Wanted", ...]] = field(default_factory=dict)
    """Who else has to accept what is of a class, where a person has to at all."""
    separate: bool = False
    """Whether whoever handed it in, wrote its commits or runs its agent does not count."""
    signed: frozenset[RiskClass] = frozenset()
    """Classes that are accepted only by a signature which no program can give."""
    iterations: int = 3
    """After so many returns a change waits for a person and is not reviewed automatically."""
    window: int = 4
    """Most changes that the queue tests at once."""
    checks: tuple[CheckRule, ...] = ()
    model: ModelRule | None = None
    unexplained: str = "gate"
    """What happens when files change that no call accounts for: `gate` or `notify`."""
