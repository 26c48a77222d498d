"""`assent init`: from a repository to a guarded one, asking once."""

from pathlib import Path

import click

from assent.adapters.agents.registry import INSTALLERS
from assent.adapters.policy_file import PROFILES, starting_text
from assent.adapters.project import find_test_command
from assent.app.agents import Change, HookStatus
from assent.core.canonical import digest_of
from assent.entrypoints.cli.client import Client
from assent.entrypoints.cli.programs import accept_shown, has_new, new_programs, summary
from assent.entrypoints.cli.up import login_link, start_daemon
from assent.entrypoints.home import find_home
from assent.entrypoints.wiring import current_project, surroundings
from assent.errors import ConflictError, UnavailableError

POLICY = Path(".assent") / "policy.toml"
DEFAULT_PROFILE = "solo"
NO_TESTS = "none found; name them in the policy, `[changes] test`, before changes can merge"


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    help="How much a new policy asks about; solo if left out.",
)
def command(yes: bool, profile: str | None) -> None:
    """Set up Assent in this repository: policy, hooks of the agents found, daemon."""
    home = find_home()
    root = current_project()
    here = surroundings(home, root)
    click.echo(f"Project: {root}")
    found = [item for item in INSTALLERS.values() if item.status(here).found]
    for installer in found:
        status = installer.status(here)
        click.echo(f"Agent:   {status.title}, hooks {status.state} ({status.found})")
    if not found:
        known = ", ".join(INSTALLERS)
        click.echo(f"Agent:   none found. Assent knows {known}; later: assent agents install NAME")
    if profile and (root / POLICY).exists():
        click.echo(f"Policy:  {root / POLICY} is there and stays; change its `profile` by hand.")
    wanted = profile or DEFAULT_PROFILE
    changes = [*_policy_change(root, wanted), *(c for item in found for c in item.preview(here))]
    tests = find_test_command(str(root))
    if changes and not (root / POLICY).exists():
        click.echo(f"Tests:   {tests or NO_TESTS}")
    programs = new_programs(home, str(root))
    if has_new(programs):
        click.echo(summary(programs["new"]))
    _ask(changes, ask=not yes, more=has_new(programs))
    written = _write_policy(root, wanted, tests)
    states = [item.install(here) for item in found]
    client = start_daemon(home)
    if written is not None:
        _begin(client, root, written)
    if has_new(programs):
        accept_shown(client, str(root), programs)
    _report(states)
    if states:
        click.echo("         Start your agents anew: hooks are read at the start of a session.")
    if written is not None and wanted != DEFAULT_PROFILE:
        _say_who_is_missing(client)
    status = client.get("/api/status")
    click.echo(f"Level:   {status['level']}. {status['why']}")
    if status["next_step"]:
        click.echo(f"         To raise it: {status['next_step']}")
    click.echo(f"Open your inbox, once and within 10 minutes: {login_link(client)}")


def _policy_change(root: Path, profile: str) -> list[Change]:
    if (root / POLICY).exists():
        return []
    return [
        Change(root / POLICY, f"a policy with the profile {profile}, for you to edit; commit it")
    ]


def _ask(changes: list[Change], *, ask: bool, more: bool) -> None:
    """Show what would be written, and ask once for that and for what was shown before (`more`)."""
    click.echo("This would be written:" if changes else "Nothing to write: all is in place.")
    for change in changes:
        click.echo(f"  {change.path}: {change.what}")
    if ask and (changes or more):
        _confirm("Write this and start Assent?" if changes else "Accept the programs?")


def _confirm(question: str) -> None:
    if not click.confirm(question, default=True):
        click.echo("Nothing was written.")
        raise click.Abort


def _write_policy(root: Path, profile: str, tests: str) -> bytes | None:
    """What was written; None when there is a policy already."""
    target = root / POLICY
    if target.exists():
        return None
    text = starting_text(profile, test=tests)
    try:
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(text)
    except OSError as error:
        raise UnavailableError(
            f"{target} cannot be written: {error.strerror}.", hint="Run this in your project."
        ) from error
    return text


def _begin(client: Client, root: Path, text: bytes) -> None:
    """Whoever set it up has seen what it is; a policy of before that is gone is asked about."""
    fields = {"workspace": str(root), "digest": digest_of(text)}
    try:
        client.post("/api/policy/begin", fields)
    except ConflictError as error:
        click.echo(f"Policy:  {error}")


def _say_who_is_missing(client: Client) -> None:
    """In a team nobody approves what their own agent asks: somebody else has to be there."""
    here = [each["name"] for each in client.get("/api/people")["people"] if each["active"]]
    if len(here) == 1:
        click.echo(f"People:  {here[0]} is alone here; nobody approves what their own agent asks.")
        click.echo("         Add somebody: assent people add NAME")


def _report(states: list[HookStatus]) -> None:
    for status in states:
        click.echo(f"{status.title}: hooks {status.state}")
        for note in status.notes:
            click.echo(f"  {note}")
