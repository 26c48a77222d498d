"""`assent verify`: a range of commits against the log of decisions beside them; without a range,
the whole record of this home, running daemon or not."""

import os
import sys
from pathlib import Path

import click

from assent.core.proof.answers import Wanted
from assent.entrypoints.cli.verify_named import is_name, verify_one
from assent.entrypoints.cli.verify_push import refuse_push
from assent.entrypoints.cli.verify_range import verify_commits


@click.command()
@click.argument("given", metavar="[RANGE]", required=False)
@click.option("--ref", "refs", multiple=True, help="The branch for which it has to be approved.")
@click.option("--root", default="", help="Fingerprint that the log's first keys must have.")
@click.option(
    "--require",
    type=click.Choice([each.value for each in Wanted]),
    default=Wanted.ANY.value,
    help="`signed`: people signed it. `present`: with a passkey or a touch.",
)
@click.option("--pre-receive", is_flag=True, help="As a server's hook: refuse what is not covered.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(
    given: str | None,
    refs: tuple[str, ...],
    root: str,
    require: str,
    pre_receive: bool,
    as_json: bool,
) -> None:
    """Say of each commit of RANGE (`v1.0..main`, or one commit) whether it was approved.

    Works in any clone, without a home and without a network. With a name (`REQ-7`, `CH-4`): who
    decided what about that. Without RANGE: check that the record
    of this home is whole and untouched. Exit 1 when a commit is not approved, 4 when something was
    tampered with.
    """
    wanted = Wanted(require)
    if pre_receive:
        lines = sys.stdin.read().splitlines()
        refuse_push(Path.cwd(), lines, env=os.environ, refs=refs, root=root, wanted=wanted)
    elif given is None:
        if refs or root or wanted is not Wanted.ANY:
            raise click.UsageError("--ref, --root and --require need a range of commits.")
        # Here, because the database takes longer to import than a hook or a clone has to wait.
        from assent.entrypoints.cli.verify_ledger import verify_home  # noqa: PLC0415

        verify_home(as_json=as_json)
    elif is_name(given):
        if refs:
            raise click.UsageError("--ref needs a range of commits.")
        verify_one(Path.cwd(), given, root=root, wanted=wanted, as_json=as_json)
    else:
        if len(refs) > 1:
            raise click.UsageError("A range is verified for one branch: give one --ref.")
        ref = refs[0] if refs else ""
        verify_commits(Path.cwd(), given, ref=ref, root=root, wanted=wanted, as_json=as_json)
