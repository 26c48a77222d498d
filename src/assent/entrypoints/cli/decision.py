"""What the deciding commands share: send one word about one request, and say what came of it."""

from collections.abc import Mapping

import click

from assent.entrypoints.cli.client import connect, request_path
from assent.entrypoints.cli.signing import signed_fields


def decide(
    request_name: str,
    verdict: str,
    fields: Mapping[str, object],
    *,
    sign_key: str = "",
    as_name: str = "",
) -> None:
    """Send the decision, signed where that is wanted, and print where the request stands then.

    Raises ConflictError (exit 1) when somebody was first, NotFoundError for an unknown request.
    """
    said = signed_fields(
        request_path(request_name, "statement"),
        verdict,
        fields,
        sign_key=sign_key,
        as_name=as_name,
    )
    request = connect().post(request_path(request_name, verdict), said)
    click.echo(f"{request['name']}: {request['standing']}")
