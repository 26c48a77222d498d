"""What the team wants done about an action: `route(...)`, pure and total."""

from assent.core.policy.model import (
    AskIn,
    Deny,
    Gate,
    Notify,
    Policy,
    Proceed,
    Route,
    Rule,
)
from assent.core.policy.route import route

__all__ = ["AskIn", "Deny", "Gate", "Notify", "Policy", "Proceed", "Route", "Rule", "route"]
