"""`assent people keys`: the SSH keys and passkeys that speak for a person."""

import json
import sys
from pathlib import Path

import click

from assent.entrypoints.cli import people_calls
from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.people_calls import Sign, person_path
from assent.entrypoints.cli.people_words import key_lines
from assent.entrypoints.cli.signing import signing_options
from assent.entrypoints.cli.text import visible_line


class _Listing(click.Group):
    """`keys NAME` is `keys list NAME`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            args = ["list", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Listing)
def keys() -> None:
    """List the keys and passkeys of a person (`keys NAME`); add and remove SSH keys."""


@keys.command("list")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_keys(name: str, as_json: bool) -> None:
    """List the keys and passkeys of NAME."""
    person = connect().get(person_path(name))
    if as_json:
        found = {"keys": person["keys"], "passkeys": person["passkeys"]}
        click.echo(json.dumps(found, indent=2))
    else:
        none = f"{visible_line(name)} has no key and no passkey."
        click.echo("\n".join(key_lines(person)) or none)


@keys.command()
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--label", default="", help="What it is called. Default: its comment.")
@signing_options
def add(*, name: str, file: str, label: str, sign_key: str, as_name: str) -> None:
    """From now on the key in FILE, such as id_ed25519.pub, speaks for NAME. - is standard input."""
    text = sys.stdin.read() if file == "-" else _text(file)
    fields = {"key": text, "label": label}
    person = people_calls.change(name, "keys", fields, Sign(sign_key, as_name))
    click.echo("\n".join(key_lines(person)))


@keys.command()
@click.argument("name")
@click.argument("fingerprint")
@signing_options
def remove(*, name: str, fingerprint: str, sign_key: str, as_name: str) -> None:
    """The key with this FINGERPRINT no longer speaks for NAME. For a passkey, its id."""
    person = people_calls.change(name, "keys/remove", {"key": fingerprint}, Sign(sign_key, as_name))
    click.echo("\n".join(key_lines(person)))


def _text(file: str) -> str:
    return Path(file).read_text(encoding="utf-8", errors="replace")
