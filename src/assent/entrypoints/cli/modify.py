"""`assent modify`: change the call of a request, and let the changed one run."""

import sys
from pathlib import Path

import click

from assent.entrypoints.cli.client import connect, request_path
from assent.entrypoints.cli.confirming import confirmed, shown
from assent.entrypoints.cli.decision import decide
from assent.entrypoints.cli.signing import signing_options, wants_signature
from assent.errors import UsageError


@click.command()
@click.argument("request_name", metavar="ID")
@click.option(
    "--with",
    "source",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="File with the changed text, or - for standard input. Without it: your editor.",
)
@click.option("--reason", default="", help="Kept in the record.")
@click.option("--confirm", default="", help="The request's name, for scripts: ask nothing.")
@signing_options
def command(
    *,
    request_name: str,
    source: Path | None,
    reason: str,
    confirm: str,
    sign_key: str,
    as_name: str,
) -> None:
    """Change the call of the request ID and approve what it became."""
    request = connect().get(request_path(request_name))
    editable = request["editable"]
    if editable is None:
        raise UsageError(
            f"{request['name']} has no part that can be changed.",
            hint="Reject it and say what the agent should do instead.",
        )
    text = _edited(editable["text"]) if source is None else _read(source)
    fields = {
        "text": text,
        "reason": reason,
        "version": request["version"],
        "confirm": (
            shown(request) if wants_signature(sign_key, as_name) else confirmed(request, confirm)
        ),
    }
    decide(request_name, "modify", fields, sign_key=sign_key, as_name=as_name)


def _edited(text: str) -> str:
    changed = click.edit(text, require_save=True)
    if changed is None:
        raise UsageError("Nothing was saved, so nothing was decided.")
    return changed if text.endswith("\n") else changed.removesuffix("\n")


def _read(source: Path) -> str:
    """The text, with its line ends as they are. Raises UsageError when it is not UTF-8."""
    data = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{source} is not UTF-8 text at byte {error.start}.", hint="Nothing was decided."
        ) from error
