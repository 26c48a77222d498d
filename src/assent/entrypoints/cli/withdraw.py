"""`assent withdraw`: take a request back without a verdict."""

import click

from assent.entrypoints.cli.decision import decide


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--reason", default="", help="Kept in the record.")
def command(request_name: str, reason: str) -> None:
    """Take the request ID back: its call does not run, and nobody said it was wrong."""
    decide(request_name, "withdraw", {"reason": reason})
