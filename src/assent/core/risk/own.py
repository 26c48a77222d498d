"""Whether an action reaches for Assent itself: an agent may propose, and never decide.

This only ever raises the class. It looks at the text, so it also sees what stands inside quotes,
inline code or the arguments of a tool; what hides better than that is unknown and asked about.
"""

import re
from collections.abc import Iterator

from assent.core.actions import Action, Command, ToolCall
from assent.core.facts import Facts
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Effect, Evidence

_READS = (
    r"(?:policy\s+(?:lint|explain|test|schema|replay|show)\b|delegate\s+list\b"
    r"|people(?:\s+(?:oncall\b|--json)|\s*(?:$|[|;&\n)])))"
)
_HANDS_IN = r"""change(?:\s+|["',\s]+)(?:submit|list|show)\b"""
_DECIDES = re.compile(
    rf"""
    \bassent(?:\.[\w.]+)?(?:\s+|["',\s]+)(?!{_READS}|{_HANDS_IN})
    (?:approve|reject|modify|delay|withdraw|answer|refer|delegate|people|init|up|down|agents|policy
       |undo|change)\b
    | \bASSENT_HOME\b
    | (?:localhost|127(?:\.\d+){{3}}|\[::1?\]|0\.0\.0\.0)(?::\d+)?
      /api/(?:(?:requests|changes|checkpoints)/[^/\s]+/(?!diff\b|preview\b|log\b)|programs/|grants/
             |policy/|login-links|delegations|passkeys|agent-tokens
             |people/[^/\s]+/(?:change|disable|enable|link|recover|keys|sessions|channels)\b)
    | \bassent\.decision\.v\d
    | \bassent(?:\.[\w.]+)?(?:\s+|["',\s]+)review\b[^|;&\n]*
      (?:\bcalibrate\b|--(?:un)?install-hook\b)
    """,
    re.VERBOSE,
)
"""A command of Assent by which people decide, by its name or by its module, its own page, or the
namespace in which people sign."""


def reaches_for_assent(action: Action, facts: Facts) -> Iterator[Evidence]:
    """Evidence that the action names a command or a file by which agents are guarded."""
    text = _text(action)
    found = _DECIDES.search(text)
    if found is not None:
        yield _evidence("calls Assent itself, which only people may do", found.span(), action)
    for place in _places(facts):
        at = text.find(place)
        if at >= 0:
            what = "names the folder where Assent keeps its own state"
            yield _evidence(what, (at, at + len(place)), action)
            return


def _text(action: Action) -> str:
    match action:
        case Command(script=str(script)):
            return script
        case Command(script=words):
            return " ".join(words)
        case ToolCall():
            return action.arguments
        case _:
            return ""


def _places(facts: Facts) -> Iterator[str]:
    """Assent's folder as written in full, and as written from the home."""
    if facts.assent_home:
        yield facts.assent_home
        below = facts.assent_home.removeprefix(facts.home.rstrip("/") + "/")
        if facts.home and below != facts.assent_home:
            yield f"/{below}"


def _evidence(what: str, span: tuple[int, int], action: Action) -> Evidence:
    return Evidence(
        rule="policy-self",
        effect=Effect.POLICY_SELF,
        factors=typical(RiskClass.IRREVERSIBLE),
        what=what,
        span=span if isinstance(action, Command) else None,
    )
