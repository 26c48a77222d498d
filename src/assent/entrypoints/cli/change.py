"""`assent change`: hand changes in, look at them, decide about them."""

import click

from assent.entrypoints.cli.change_decide import (
    abandon,
    accept,
    comment,
    merge,
    ready,
    reject,
    revert,
)
from assent.entrypoints.cli.change_show import list_changes, show
from assent.entrypoints.cli.change_submit import submit


@click.group()
def command() -> None:
    """Submit changes, look at them, accept them in whole or in part, merge, take back.

    CHANGE is `4` or `CH-4`. A change merges when it was accepted as its class wants, and the
    tests pass on the merged result.
    """


for each in (
    submit,
    list_changes,
    show,
    accept,
    reject,
    comment,
    merge,
    revert,
    abandon,
    ready,
):
    command.add_command(each)
