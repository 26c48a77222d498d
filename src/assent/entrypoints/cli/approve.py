"""`assent approve`: let the call of a request run, as it was asked."""

import click

from assent.entrypoints.cli.decision import decide


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--reason", default="", help="Kept in the record.")
def command(request_name: str, reason: str) -> None:
    """Let the call of the request ID run: exactly this call, once."""
    decide(request_name, "approve", {"reason": reason})
