"""What the team wants done about an action: `route(...)`, pure and total."""

from assent.core.policy.model import (
    AskIn,
    Deny,
    Gate,
    Mode,
    Notify,
    Policy,
    Proceed,
    Route,
    Rule,
    Terms,
    Tier,
)
from assent.core.policy.route import Chosen, choose, route

__all__ = [
    "AskIn",
    "Chosen",
    "Deny",
    "Gate",
    "Mode",
    "Notify",
    "Policy",
    "Proceed",
    "Route",
    "Rule",
    "Terms",
    "Tier",
    "choose",
    "route",
]
