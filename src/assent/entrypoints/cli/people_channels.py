"""`assent people channels`: where a person is told of what waits for them."""

import json
import sys
from typing import Any

import click

from assent.entrypoints.cli.client import Client, connect
from assent.entrypoints.cli.people_calls import person_only, person_path
from assent.entrypoints.cli.text import visible_line
from assent.errors import UnavailableError

CLASSES = ("trivial", "low", "medium", "high", "irreversible")
TEST_LIMIT_S = 60.0
"""A channel that is slow is given up before."""


class _Listing(click.Group):
    """`channels NAME` is `channels list NAME`, and `channels` alone lists one's own."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            args = ["list", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Listing, invoke_without_command=True)
@click.pass_context
def channels(ctx: click.Context) -> None:
    """List where you are told of what waits (`channels NAME`: of NAME); add, try and remove.

    Who has a passkey or a key changes this with it, on the page: Account.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_channels, name=None, as_json=False)


@channels.command("list")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_channels(name: str | None, as_json: bool) -> None:
    """List the channels of NAME, or your own."""
    client = connect()
    found = client.get(_path(client, name))
    if as_json:
        click.echo(json.dumps(found["channels"], indent=2))
    else:
        _print(found)


@channels.command()
@click.argument("url")
@click.option("--label", default="", help="What it is called. Default: the service.")
@click.option(
    "--worst",
    type=click.Choice(CLASSES),
    default="trivial",
    help="From this class on.",
)
@click.option("--urgent", is_flag=True, help="In quiet hours too, for what is irreversible.")
def add(url: str, label: str, worst: str, urgent: bool) -> None:
    """Be told at URL, too, as apprise writes it: ntfys://ntfy.sh/TOPIC. - is standard input."""
    address = sys.stdin.readline().strip() if url == "-" else url
    client = person_only()
    fields = {"url": address, "label": label, "worst": worst, "urgent": urgent}
    _print(client.post(_path(client, None), fields, limit_s=TEST_LIMIT_S))


@channels.command()
@click.argument("channel")
def remove(channel: str) -> None:
    """Be told at CHANNEL no more: its label, or the end of its id."""
    client = person_only()
    _print(client.post(f"{_path(client, None)}/remove", {"id": channel}))


@channels.command()
@click.argument("channel")
def pause(channel: str) -> None:
    """Be told nothing at CHANNEL until `resume`, but of your own account's security."""
    client = person_only()
    _print(client.post(f"{_path(client, None)}/change", {"id": channel, "paused": True}))


@channels.command()
@click.argument("channel")
def resume(channel: str) -> None:
    """Be told at CHANNEL again."""
    client = person_only()
    _print(client.post(f"{_path(client, None)}/change", {"id": channel, "paused": False}))


@channels.command("test")
@click.argument("channel")
def try_channel(channel: str) -> None:
    """Send a message to CHANNEL, and say what became of it. Exits with 3 when it did not go."""
    client = person_only()
    found = client.post(f"{_path(client, None)}/test", {"id": channel}, limit_s=TEST_LIMIT_S)
    if not found["sent"]:
        raise UnavailableError(
            f"Nothing was sent: {visible_line(found['fault'])}.",
            hint="Look at the address, and whether the server is there.",
        )
    click.echo("Sent. Look whether it arrived.")


def _path(client: Client, name: str | None) -> str:
    who = name or client.get("/api/status")["person"]
    return f"{person_path(who)}/channels"


def _print(found: dict[str, Any]) -> None:
    if not found["channels"]:
        click.echo(f"{visible_line(found['person'])} is told nowhere.")
    for each in found["channels"]:
        click.echo(_line(each))


def _line(channel: dict[str, Any]) -> str:
    said = [f"from {channel['worst']} on"] if channel["worst"] != "trivial" else []
    said += ["urgent in quiet hours"] if channel["urgent"] else []
    said += ["paused"] if channel["paused"] else []
    said += [f"not told: {visible_line(channel['fault'])}"] if channel["fault"] else []
    label, shown = visible_line(channel["label"]), visible_line(channel["shown"])
    return f"{channel['id'][-8:]}  {label}  {shown}" + (f"  ({'; '.join(said)})" if said else "")
