"""`assent approve`: let the call of a request run, as it was asked."""

import click

from assent.entrypoints.cli.client import connect, request_path
from assent.entrypoints.cli.confirming import confirmed
from assent.entrypoints.cli.decision import decide


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--reason", default="", help="Kept in the record.")
@click.option("--confirm", default="", help="The request's name, for scripts: ask nothing.")
def command(request_name: str, reason: str, confirm: str) -> None:
    """Let the call of the request ID run: exactly this call, once."""
    request = connect().get(request_path(request_name))
    fields = {
        "reason": reason,
        "version": request["version"],
        "confirm": confirmed(request, confirm),
    }
    decide(request_name, "approve", fields)
