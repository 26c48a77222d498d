"""Grade an action. Total: whatever cannot be understood is `UNKNOWN`, never harmless."""

from assent.core.actions import Action
from assent.core.encoding import kind_of
from assent.core.facts import Facts
from assent.core.risk.model import Assessment, Effect, Evidence, RiskClass


def paths_of(action: Action, *, cwd: str) -> tuple[str, ...]:
    """Absolute paths, as written, that the world should be asked about before `assess`."""
    return ()


def assess(action: Action, facts: Facts) -> Assessment:
    """What `action` would do, how bad that is, and why."""
    evidence = Evidence(
        rule="not-known-safe",
        effect=Effect.UNKNOWN,
        risk=RiskClass.MEDIUM,
        what=f"is a {kind_of(action)} that is not known to be safe",
    )
    return Assessment(
        risk=evidence.risk,
        effects=frozenset({evidence.effect}),
        evidence=(evidence,),
        title=kind_of(action),
        undo="not known",
    )
