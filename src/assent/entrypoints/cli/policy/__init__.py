"""`assent policy`: check a policy, ask it why, try it, and see what a draft would have done."""

import json

import click

from assent.adapters.policy_file import json_schema
from assent.entrypoints.cli.grants import grants
from assent.entrypoints.cli.policy.cases import test
from assent.entrypoints.cli.policy.explain import explain
from assent.entrypoints.cli.policy.lint import lint
from assent.entrypoints.cli.policy.replay import replay
from assent.entrypoints.cli.programs import programs


@click.group()
def command() -> None:
    """Check the policy of this repository, ask it why, try it, replay a draft."""


@command.command()
@click.option("--json", is_flag=True, expose_value=False, help="The same: a schema is JSON.")
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))


for each in (lint, explain, test, replay, programs, grants):
    command.add_command(each)
