"""`assent people`: who is here, what they may do, and what speaks for them."""

import json
from typing import Any

import click

from assent.entrypoints.cli.client import Client, connect
from assent.entrypoints.cli.people_calls import Sign, person_only, person_path
from assent.entrypoints.cli.people_calls import change as change_person
from assent.entrypoints.cli.people_channels import channels
from assent.entrypoints.cli.people_keys import keys
from assent.entrypoints.cli.people_oncall import oncall
from assent.entrypoints.cli.people_tokens import token
from assent.entrypoints.cli.people_words import people_lines, person_line, session_line
from assent.entrypoints.cli.signing import signing_options
from assent.entrypoints.cli.text import visible_line
from assent.errors import UsageError

LINK = "For {0}'s browser, once and within 10 minutes: {1}"


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the people here; add and change them, their keys, sessions and agents' tokens.

    Who has a passkey or a key changes people and keys with it: on the page People, or with --sign.
    """
    if ctx.invoked_subcommand is not None:
        return
    found = connect().get("/api/people")["people"]
    click.echo(json.dumps(found, indent=2) if as_json else people_lines(found))


@command.command()
@click.argument("name")
@click.option("--full-name", default="", help="As it is shown.")
@click.option("--email", default="", help="As in commits.")
@click.option("--alias", "aliases", multiple=True, help="How CODEOWNERS and commits name them.")
@click.option("--role", "roles", multiple=True, help="Such as security; admin changes people.")
@click.option("--login", default="", help="The system's user they are. Default: NAME.")
@click.option("--slack", default="", help="Their member id in Slack.")
@click.option("--link/--no-link", default=True, help="A one-time link for their browser.")
@signing_options
def add(*, sign_key: str, as_name: str, **given: Any) -> None:
    """Add NAME, and print a link by which their browser comes in."""
    client = person_only()
    fields = {key: _plain(value) for key, value in given.items()}
    made = change_person(str(given["name"]), "add", fields, Sign(sign_key, as_name))
    click.echo(f"Added: {person_line(made)}")
    if "path" in made:
        click.echo(LINK.format(visible_line(made["name"]), client.page + made["path"]))


@command.command()
@click.argument("name")
@click.option("--full-name", help="As it is shown.")
@click.option("--email", help="As in commits; the old one stays as an alias.")
@click.option("--alias", "aliases", multiple=True, help="One more.")
@click.option("--no-alias", "no_aliases", multiple=True, help="One less.")
@click.option("--role", "roles", multiple=True, help="One more.")
@click.option("--no-role", "no_roles", multiple=True, help="One less.")
@click.option("--login", help="The system's user they are.")
@click.option("--slack", help="Their member id in Slack.")
@click.option("--quiet", multiple=True, help="When nothing is sent: `mon-fri 20:00-07:00`.")
@click.option("--no-quiet", is_flag=True, help="Always reachable.")
@click.option("--zone", help="Time zone of the quiet hours: Europe/Berlin.")
@signing_options
def change(
    *,
    name: str,
    quiet: tuple[str, ...],
    no_quiet: bool,
    sign_key: str,
    as_name: str,
    **given: Any,
) -> None:
    """Change what is known of NAME."""
    fields = {key: _plain(value) for key, value in given.items() if value not in (None, ())}
    if quiet or no_quiet:
        fields["quiet"] = list(quiet)
    if not fields:
        raise UsageError("Nothing to change.", hint="See: assent people change --help")
    made = change_person(name, "change", fields, Sign(sign_key, as_name))
    click.echo(f"Changed: {person_line(made)}")


@command.command()
@click.argument("name")
@signing_options
def link(*, name: str, sign_key: str, as_name: str) -> None:
    """Print a link that logs one browser in as NAME, once, within ten minutes."""
    client = person_only()
    made = change_person(name, "link", {}, Sign(sign_key, as_name))
    click.echo(LINK.format(visible_line(name), client.page + made["path"]))


@command.command()
@click.argument("name")
@signing_options
def disable(*, name: str, sign_key: str, as_name: str) -> None:
    """NAME decides nothing any more; sessions, tokens and delegations end."""
    made = change_person(name, "disable", {}, Sign(sign_key, as_name))
    click.echo(f"Disabled: {person_line(made)}")


@command.command()
@click.argument("name")
@signing_options
def enable(*, name: str, sign_key: str, as_name: str) -> None:
    """NAME may decide again."""
    made = change_person(name, "enable", {}, Sign(sign_key, as_name))
    click.echo(f"Enabled: {person_line(made)}")


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def sessions(name: str, as_json: bool) -> None:
    """List the browsers that NAME is logged in with."""
    found = connect().get(f"{person_path(name)}/sessions")["sessions"]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif not found:
        click.echo(f"{visible_line(name)} is logged in nowhere.")
    else:
        click.echo("\n".join(session_line(each) for each in found))


@command.command()
@click.argument("name")
@click.option("--session", "id_", default="", help="Only this one; see `assent people sessions`.")
def logout(name: str, id_: str) -> None:
    """Log NAME out everywhere."""
    ended = change_person(name, "sessions/end", {"id": id_})["ended"]
    click.echo(f"Logged out: {ended} {'browser' if ended == 1 else 'browsers'}")


@command.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Ask nothing.")
def recover(name: str, yes: bool) -> None:
    """NAME lost every passkey and key: drop them, and print a link to begin anew.

    Sessions and delegations end. It is recorded as a recovery that nobody signed.
    """
    client = person_only()
    person = client.get(person_path(name))
    if not yes:
        _confirm(client, person)
    made = client.post(f"{person_path(name)}/recover", {})
    click.echo(f"Recovered: {person_line(made)}")
    click.echo(LINK.format(visible_line(made["name"]), client.page + made["path"]))


def _confirm(client: Client, person: dict[str, Any]) -> None:
    """Raises click.Abort unless the person at the terminal types the name."""
    name = visible_line(person["name"])
    browsers = client.get(f"{person_path(person['name'])}/sessions")["sessions"]
    counts = (len(person["passkeys"]), len(person["keys"]), len(browsers))
    click.echo(
        f"{name} loses {counts[0]} passkeys, {counts[1]} keys, {counts[2]} sessions "
        "and all delegations. Talk to them first: whoever opens the link decides as them."
    )
    said: str = click.prompt(f"Type {name} to go on", default="", show_default=False)
    if said.strip() != name:
        click.echo("Nothing was changed.")
        raise click.Abort


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


command.add_command(channels)
command.add_command(keys)
command.add_command(token)
command.add_command(oncall)
