"""`assent people token`: what agents show to propose by the API."""

import json
from datetime import datetime
from pathlib import Path

import click

from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.delay import moment_of
from assent.entrypoints.cli.people_calls import person_only
from assent.entrypoints.cli.people_words import token_line


@click.group()
def token() -> None:
    """Tokens of agents: who shows one may hand in changes, and decides nothing."""


@token.command()
@click.argument("agent")
@click.option("--workspace", default="", metavar="FOLDER", help="Only there.")
@click.option("--for", "span", default="30d", show_default=True, help="How long it holds.")
def add(agent: str, workspace: str, span: str) -> None:
    """Let AGENT propose in your name. Its token is printed once, and kept nowhere."""
    now = datetime.now().astimezone()
    lasts = int((moment_of(span, now=now) - now).total_seconds() * 1000)
    folder = str(Path(workspace).resolve()) if workspace else ""
    fields = {"agent": agent, "workspace": folder, "for_ms": lasts}
    made = person_only().post("/api/agent-tokens", fields)
    click.echo(token_line(made), err=True)
    click.echo(made["token"])


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_tokens(as_json: bool) -> None:
    """List the tokens in force, without the tokens themselves."""
    found = connect().get("/api/agent-tokens")["tokens"]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo("\n".join(token_line(each) for each in found) or "No tokens.")


@token.command()
@click.argument("token_id", metavar="ID")
def revoke(token_id: str) -> None:
    """Take the token ID back at once; the end of its id is enough."""
    revoked = person_only().post("/api/agent-tokens/revoke", {"id": token_id})
    click.echo(f"Revoked: {token_line(revoked)}")
