"""What the deciding commands share: send one word about one request, and say what came of it."""

from collections.abc import Mapping

import click

from assent.entrypoints.cli.client import connect, request_path


def decide(request_name: str, verdict: str, fields: Mapping[str, object]) -> None:
    """Send the decision and print where the request stands then.

    Raises ConflictError (exit 1) when somebody was first, NotFoundError for an unknown request.
    """
    request = connect().post(request_path(request_name, verdict), fields)
    click.echo(f"{request['name']}: {request['standing']}")
