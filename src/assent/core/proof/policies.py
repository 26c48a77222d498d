"""Which policy was in force when, and whether those put it there who may."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assent.core.people.model import Need
from assent.core.proof.log import LogEntry, Touched, hexdigest, text_of
from assent.core.proof.voices import PolicyEntry, Voice

Fault = tuple[LogEntry, Touched, str]


@dataclass
class PolicyWalk:
    """Collects entries of policies; what they rest on may stand after them in the log."""

    entries: list[LogEntry] = field(default_factory=list)

    def take(self, entry: LogEntry) -> None:
        self.entries.append(entry)

    def result(
        self, voices: Sequence[Voice], evidence: Mapping[str, bytes]
    ) -> tuple[tuple[PolicyEntry, ...], list[Fault]]:
        """The policies that hold, in order, and what is wrong with the others."""
        kept: list[PolicyEntry] = []
        faults: list[Fault] = []
        for entry in self.entries:
            fault = _fault(entry, voices, evidence, is_first=not kept)
            if fault is not None:
                faults.append((entry, *fault))
                continue
            digest, by = (text_of(entry.statement.predicate, name) for name in ("policy", "by"))
            kept.append(PolicyEntry(entry.position, digest, by))
        return tuple(kept), faults


def _fault(
    entry: LogEntry, voices: Sequence[Voice], evidence: Mapping[str, bytes], *, is_first: bool
) -> tuple[Touched, str] | None:
    predicate = entry.statement.predicate
    digest, by = text_of(predicate, "policy"), text_of(predicate, "by")
    if entry.policy is None or f"sha256:{hexdigest(entry.policy)}" != digest:
        return Touched.POLICY_MISSING, f"The policy {digest[7:17]} did not come with its entry."
    request, action = text_of(predicate, "request"), text_of(predicate, "action")
    if not request:
        if is_first:
            return None
        return Touched.POLICY_BY_STRANGER, f"{by} changed the policy, and nobody was asked."
    said = [
        each
        for each in voices
        if each.about == request and each.agrees and action in each.subjects()
    ]
    if not said:
        return (
            Touched.POLICY_BY_STRANGER,
            f"{by} changed the policy by {request}, which nobody who may decide approved.",
        )
    unmet = [need for need in said[-1].needs if len(set(met_by(need, said))) < need.count]
    if unmet:
        return Touched.POLICY_BY_STRANGER, f"Not all who had to approve {request} did."
    shown = next(_actions(evidence, said, action), None)
    if shown is not None and text_of(shown, "after") != digest:
        return Touched.POLICY_BY_STRANGER, f"{request} approved another policy than this one."
    return None


def met_by(need: Need, voices: Sequence[Voice]) -> tuple[str, ...]:
    """Whose voices count for a need, each person once."""
    names = dict.fromkeys(each.whose for each in voices)
    if not need.people and not need.group:
        return tuple(names)
    return tuple(name for name in names if name in need.people)


def _actions(
    evidence: Mapping[str, bytes], voices: Sequence[Voice], action: str
) -> Iterator[Mapping[str, str]]:
    """The action itself, where its very bytes are in the log."""
    for voice in voices:
        for _, digest in voice.evidence:
            if f"sha256:{digest}" != action or digest not in evidence:
                continue
            try:
                found = json.loads(evidence[digest])
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                yield found
