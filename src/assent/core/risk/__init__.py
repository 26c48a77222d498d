"""How much harm an action could do: `assess(action, facts)`, pure and total."""

from assent.core.risk.assess import assess, assess_findings, paths_of, repositories_of, uses_of
from assent.core.risk.factors import Factors, RiskClass
from assent.core.risk.findings import Use
from assent.core.risk.model import Assessment, Effect, Evidence, Scope
from assent.core.risk.paths import lies_in

__all__ = [
    "Assessment",
    "Effect",
    "Evidence",
    "Factors",
    "RiskClass",
    "Scope",
    "Use",
    "assess",
    "assess_findings",
    "lies_in",
    "paths_of",
    "repositories_of",
    "uses_of",
]
