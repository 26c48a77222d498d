"""`assent review`: look at what is not submitted, with the reviewers that every change gets.

Needs no running Assent; nothing is recorded, and the repository is only read.
"""

import asyncio
import importlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assent.adapters.git.local import LocalRepository, local_repository
from assent.adapters.local_checks import LocalChecks
from assent.adapters.reviewers import PolicyReviewers
from assent.app.changes.local_review import Asked, Reviewed, review_locally
from assent.app.changes.rules import policy_for
from assent.core.changes.model import TreePayload
from assent.core.policy import Policy
from assent.core.policy.changes import ModelRule
from assent.entrypoints.cli import review_hook
from assent.entrypoints.cli.change_calls import change_url, submit_fields
from assent.entrypoints.cli.change_submit import SUBMIT_LIMIT_S, default_title
from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.review_words import BARS, as_fields, as_sarif, describe, reaches
from assent.entrypoints.home import find_home, read_config
from assent.entrypoints.wiring import SystemClock, looking_gatehouse
from assent.errors import UsageError

if TYPE_CHECKING:
    from assent.adapters.reviewers.llm import ModelReviewer

REFUSED = 1


@dataclass(frozen=True)
class What:
    """What is to be reviewed, in words for a person too."""

    payload: TreePayload
    words: str
    why_no_checks: Callable[[], str] = lambda: ""
    """Why the project's own checks cannot be run on it where the files lie."""


class _Review(click.Command):
    """`assent review calibrate` is a command of its own; everything else is a range."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        if args[:1] == ["calibrate"]:
            module = importlib.import_module("assent.entrypoints.cli.calibrate")
            other: click.Command = module.command
            return other.make_context(f"{info_name} calibrate", args[1:], parent=parent)
        return super().make_context(info_name, args, parent=parent)


@click.command(cls=_Review)
@click.argument("range_text", metavar="[RANGE]", default="")
@click.option("--staged", is_flag=True, help="What is staged, and nothing else.")
@click.option(
    "--fail-on",
    "bar",
    type=click.Choice(BARS),
    default="error",
    show_default=True,
    help="What the exit code is 1 for: findings from here on, or the class of the whole.",
)
@click.option("--llm/--no-llm", help="Also ask the language model that the policy names.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option(
    "--sarif",
    "sarif_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write the findings there as SARIF 2.1; - for standard output.",
)
@click.option("--open", "in_page", is_flag=True, help="Submit it as a draft and print its page.")
@click.option(
    "--install-hook", "hook", flag_value="install", help="Review what is staged before each commit."
)
@click.option(
    "--uninstall-hook", "hook", flag_value="uninstall", help="Give the hook back as it was."
)
def command(
    range_text: str,
    staged: bool,
    bar: str,
    llm: bool,
    as_json: bool,
    sarif_file: Path | None,
    in_page: bool,
    hook: str | None,
) -> int:
    """Review what is not committed yet, what is staged, or RANGE (`main..HEAD`, one commit).

    `assent review calibrate` measures how well the reviewers find faults.
    """
    if sum(map(bool, (range_text, staged, in_page, hook))) > 1:
        raise UsageError("Ask for one thing: a range, --staged, --open, or the hook.")
    if hook is not None:
        act = review_hook.install if hook == "install" else review_hook.uninstall
        click.echo(act(Path.cwd()))
        return 0
    if in_page:
        return _as_draft()
    with local_repository(Path.cwd()) as here:
        what = _what(here, range_text, staged=staged)
        reviewed = _reviewed(here, what, llm=llm)
    failed = reaches(reviewed, bar)
    to_screen = str(sarif_file) == "-"
    if sarif_file is not None:
        text = json.dumps(as_sarif(reviewed), indent=2) + "\n"
        if to_screen:
            click.echo(text, nl=False)
        else:
            sarif_file.write_text(text, encoding="utf-8")
    if as_json and not to_screen:
        click.echo(json.dumps(as_fields(reviewed, failed=failed), indent=2))
    elif not to_screen:
        click.echo("\n".join(describe(reviewed, against=what.words, bar=bar)))
    return REFUSED if failed else 0


def _what(here: LocalRepository, range_text: str, *, staged: bool) -> What:
    if range_text:
        return What(
            here.range(range_text),
            f"in {range_text}",
            lambda: "A check looks at files as they lie in the work tree, and this is a range.",
        )
    if not staged:
        return What(here.uncommitted(), "not committed yet")
    # In a hook git names the index of the commit that is being made.
    payload = here.staged(os.environ.get("GIT_INDEX_FILE", ""))
    return What(payload, "staged", lambda: _not_as_staged(here, payload))


def _not_as_staged(here: LocalRepository, payload: TreePayload) -> str:
    """Why the files are not those that are staged; empty when they are."""
    try:
        stale = here.stale(payload)
    except UsageError as error:
        return error.message
    return (
        f"{stale[0]} has changes that are not staged: stage them, or put them away."
        if stale
        else ""
    )


def _reviewed(here: LocalRepository, what: What, *, llm: bool) -> Reviewed:
    workspace = str(here.workspace)
    with _policy(workspace, str(here.bare.user)) as policy:
        if llm and policy.changes.model is None:
            raise UsageError(
                "The policy in force names no language model.",
                hint="Name one in .assent/policy.toml, `[changes.model]`, and accept it.",
            )
        reviewers = PolicyReviewers(
            texts=here,
            checkouts=LocalChecks(here.workspace, what.payload.commit, what.why_no_checks),
            clock=SystemClock(),
            model=lambda rule: _model(rule, here),
        )
        asked = Asked(workspace, what.payload, policy, llm=llm)
        return asyncio.run(
            review_locally(asked, source=here, reviewers=reviewers, clock=SystemClock())
        )


def _model(rule: ModelRule, here: LocalRepository) -> "ModelReviewer":
    # Here, because few reviews ask a model, and its parts take long to load.
    from assent.adapters.reviewers.llm import ModelReviewer  # noqa: PLC0415

    return ModelReviewer(rule, blobs=here, clock=SystemClock())


@contextmanager
def _policy(workspace: str, repository: str) -> Iterator[Policy]:
    """The policy that a person accepted for the repository; the built-in one without a store."""
    home = find_home()
    with looking_gatehouse(home, read_config(home)) as gate:
        yield policy_for(gate, workspace, repository)


def _as_draft() -> int:
    """The work tree as a draft change, and where its page is."""
    client = connect()
    here = Path.cwd()
    fields = {**submit_fields(here), "title": default_title(here)}
    made = client.post(
        "/api/changes", {**fields, "draft": True, "uncommitted": True}, limit_s=SUBMIT_LIMIT_S
    )
    click.echo(f"{made['name']} is a draft: {change_url(client, made['name'])}")
    click.echo(f"For review: assent change ready {made['name']}")
    return 0
