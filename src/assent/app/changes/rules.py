"""Under which policy a change stands: that of the repository, whichever work tree it came from."""

from assent.app.changes.ports import ChangePorts
from assent.app.gatehouse import Gatehouse
from assent.core.changes.model import Change
from assent.core.policy.model import Policy
from assent.errors import UnavailableError


def ports_of(gate: Gatehouse) -> ChangePorts:
    """Raises UnavailableError where there are none."""
    if gate.changes is None:
        raise UnavailableError(
            "Changes are not handled here.", hint="Ask the running Assent: assent up"
        )
    return gate.changes


def policy_of(gate: Gatehouse, change: Change) -> Policy:
    """The policy that a person accepted for the repository, or the built-in one."""
    return policy_for(gate, change.workspace, change.repository)


def policy_for(gate: Gatehouse, workspace: str, repository: str) -> Policy:
    """The same for a work tree and its common git folder."""
    home = policy_home(workspace, repository)
    accepted = gate.store.read(lambda view: view.policy_in_force(home))
    return gate.policies.default() if accepted is None else gate.policies.parse(accepted.text)


def policy_home(workspace: str, repository: str) -> str:
    """The workspace whose policy and calibrations hold. A linked work tree stands under those of
    the main one: an agent can make one anywhere, and nobody has accepted any policy there."""
    return repository.removesuffix("/.git") if repository.endswith("/.git") else workspace
