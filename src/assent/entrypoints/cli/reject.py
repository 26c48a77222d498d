"""`assent reject`: refuse a request and tell the agent why."""

import click

from assent.entrypoints.cli.decision import decide
from assent.entrypoints.cli.signing import signing_options


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--reason", required=True, help="The agent reads it: say what to do instead.")
@signing_options
def command(*, request_name: str, reason: str, sign_key: str, as_name: str) -> None:
    """Refuse the request ID. Steering is fine: `not now, run the tests first`."""
    decide(request_name, "reject", {"reason": reason}, sign_key=sign_key, as_name=as_name)
