"""`assent approve`: let the call of a request run, as it was asked."""

from datetime import datetime

import click

from assent.entrypoints.cli.client import connect, request_path
from assent.entrypoints.cli.confirming import confirmed, shown
from assent.entrypoints.cli.decision import decide
from assent.entrypoints.cli.delay import moment_of
from assent.entrypoints.cli.signing import signing_options, wants_signature


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--reason", default="", help="Kept in the record.")
@click.option("--once", is_flag=True, help="A program that was not known stays unknown.")
@click.option("--grant", default="", help="Allow a scope from now on: `push origin/agent/*`.")
@click.option("--for", "span", default="8h", help="How long --grant holds: `30m`, `8h`, `7d`.")
@click.option("--confirm", default="", help="The request's name, for scripts: ask nothing.")
@signing_options
def command(
    *,
    request_name: str,
    reason: str,
    once: bool,
    grant: str,
    span: str,
    confirm: str,
    sign_key: str,
    as_name: str,
) -> None:
    """Let the call of the request ID run: exactly this call, once."""
    request = connect().get(request_path(request_name))
    is_signed = wants_signature(sign_key, as_name)
    fields = {
        "reason": reason,
        "version": request["version"],
        "confirm": shown(request) if is_signed else confirmed(request, confirm),
        "keep": not once,
    }
    if grant:
        now = datetime.now().astimezone()
        seconds = (moment_of(span, now=now) - now).total_seconds()
        fields |= {"grant": grant, "grant_for_ms": int(seconds * 1000)}
    decide(request_name, "approve", fields, sign_key=sign_key, as_name=as_name)
