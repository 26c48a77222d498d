"""Which policy the commands are about: a file, the one in force, or the one in the repository."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from assent.app.explain_policy import policy_now
from assent.app.gatehouse import Gatehouse
from assent.core.policy import Policy
from assent.entrypoints.home import find_home, read_config
from assent.entrypoints.wiring import current_project, looking_gatehouse
from assent.errors import UsageError

POLICY = Path(".assent") / "policy.toml"

policy_option = click.option(
    "--policy",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file instead of the policy in force.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@dataclass(frozen=True)
class Place:
    """The project, and all that the daemon would judge a call of it by."""

    project: Path
    gate: Gatehouse

    def policy(self, file: Path | None) -> Policy:
        """What `file` says, or the policy in force. Raises UsageError when it is none."""
        if file is None:
            return policy_now(self.gate, str(self.project))
        return self.gate.policies.parse(file.read_bytes())

    def own_file(self) -> Path:
        """The repository's policy file. Raises UsageError when there is none."""
        own = self.project / POLICY
        if not own.exists():
            raise UsageError(f"There is no {own}.", hint="Write one: assent init")
        return own


@contextmanager
def place() -> Iterator[Place]:
    """The project that the current folder lies in. Nothing is changed, no daemon is needed."""
    home = find_home()
    with looking_gatehouse(home, read_config(home)) as gate:
        yield Place(current_project(), gate)
