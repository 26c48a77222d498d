"""The statements of a log as values: what people decided, what was merged, which policy holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.approvals import AGENT_PROMPT
from assent.core.canonical import Json
from assent.core.people.model import Factor, Need
from assent.core.proof.key_history import Vouch
from assent.core.proof.levels import Level, level_of
from assent.core.proof.log import LogEntry, fields_of, text_of, texts_of

AGREES = frozenset({"approve", "modify", "accept"})


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person decided, as the log says it. Whether it counts is said elsewhere."""

    entry: LogEntry
    factor: Factor = Factor.NONE
    """What the signature shows; NONE: the server says that they said so."""
    vouched: Vouch | None = None
    """How the key got into the log; None: no person signed."""

    def text(self, name: str) -> str:
        return text_of(self._predicate, name)

    @property
    def _predicate(self) -> Mapping[str, Json]:
        return self.entry.statement.predicate

    @property
    def by(self) -> str:
        return self.text("by")

    @property
    def whose(self) -> str:
        """Whose voice it counts as."""
        return self.text("inNameOf") or self.by

    @property
    def agrees(self) -> bool:
        return self.text("decision") in AGREES

    @property
    def about(self) -> str:
        """`CH-4` or `REQ-7`."""
        return self.text("change") or self.text("request")

    @property
    def at(self) -> int:
        return number_of(self._predicate, "at")

    @property
    def hunks(self) -> frozenset[str]:
        return frozenset(texts_of(self._predicate, "hunks"))

    @property
    def is_at_prompt(self) -> bool:
        """Whether it was said at the agent's own prompt, about a call of that agent."""
        return self.text("via") == AGENT_PROMPT and not self.text("ref")

    @property
    def set(self) -> tuple[str, str]:
        """What voices are counted together for: a change and the exact hunks of it."""
        return self.about, self.text("binding")

    @property
    def is_whole(self) -> bool:
        """Whether all hunks of the proposal were accepted: then its tree was."""
        return self._predicate.get("whole") is True

    @property
    def needs(self) -> tuple[Need, ...]:
        found = tuple(
            Need(text_of(each, "group"), texts_of(each, "people"), number_of(each, "count"))
            for each in fields_of(self._predicate.get("needs"))
        )
        return found or (Need(""),)

    @property
    def is_signed(self) -> bool:
        """Whether the person signed it for themselves, with a key that not only the server vouches
        for. That somebody let them speak in their name is what the server says."""
        own = not self.text("inNameOf")
        return own and self.vouched is not None and self.vouched is not Vouch.SERVER

    @property
    def is_present(self) -> bool:
        return self.is_signed and self.factor.is_human

    @property
    def level(self) -> Level:
        return level_of(self.factor, signed=self.is_signed, apart=False)

    @property
    def evidence(self) -> tuple[tuple[str, str], ...]:
        """Names, and digests in hexadecimal."""
        return tuple(
            (text_of(each, "name"), text_of(each, "digest").removeprefix("sha256:"))
            for each in fields_of(self._predicate.get("evidence"))
        )

    def subjects(self) -> tuple[str, ...]:
        """Digests of the actions that it lets run."""
        runs = self.text("runs")
        own = [
            f"sha256:{each.digest['sha256']}"
            for each in self.entry.statement.subjects
            if "sha256" in each.digest
        ]
        return (*own, runs) if runs else tuple(own)

    def parts_taken(self) -> tuple[str, ...]:
        """Those who have a part in what is decided, where that keeps them from deciding."""
        apart = texts_of(self._predicate, "apart")
        if self._predicate.get("separate") is not True:
            return apart
        agent = self._predicate.get("agent")
        person = text_of(agent, "person") if isinstance(agent, Mapping) else ""
        return tuple(name for name in (*apart, self.text("asker"), person) if name)


@dataclass(frozen=True, slots=True)
class MergeEntry:
    """What the executor says of one merge. Its signature was checked."""

    entry: LogEntry

    def text(self, name: str) -> str:
        return text_of(self.entry.statement.predicate, name)

    @property
    def change(self) -> str:
        return self.text("change")

    @property
    def decisions(self) -> tuple[str, ...]:
        """Ids of the entries by which it was accepted."""
        named = texts_of(self.entry.statement.predicate, "decisions")
        return tuple(each.removeprefix("sha256:") for each in named)

    @property
    def at(self) -> int:
        return number_of(self.entry.statement.predicate, "at")

    @property
    def tests(self) -> Mapping[str, Json]:
        found = self.entry.statement.predicate.get("tests")
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """A policy that came into force."""

    position: int
    digest: str
    by: str


def number_of(predicate: Mapping[str, Json], name: str) -> int:
    """A field that should be a whole number; 0 when it is not there or is something else."""
    value = predicate.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
