"""`assent refer`: have somebody else decide a request, too."""

import click

from assent.entrypoints.cli.client import connect, request_path
from assent.entrypoints.cli.decision import decide
from assent.entrypoints.cli.signing import signing_options


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--to", multiple=True, required=True, help="`ben`, `@security`; may be given again.")
@click.option("--reason", default="", help="Why them; they read it.")
@signing_options
def command(
    *, request_name: str, to: tuple[str, ...], reason: str, sign_key: str, as_name: str
) -> None:
    """Let others decide the request ID in your place; you may still do so."""
    request = connect().get(request_path(request_name))
    fields = {"to": list(to), "reason": reason, "version": request["version"]}
    decide(request_name, "refer", fields, sign_key=sign_key, as_name=as_name)
