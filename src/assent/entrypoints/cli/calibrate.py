"""`assent review calibrate`: how many planted faults each reviewer finds.

Runs the tests and asks the model of the policy in force; what comes of it is recorded, and decides
whether the model's approvals count.
"""

import asyncio
import getpass
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from assent.adapters.git.executor import GitRepositories
from assent.adapters.git.planting import GitPlanting
from assent.adapters.reviewers import PolicyReviewers
from assent.adapters.reviewers.llm import ModelReviewer
from assent.adapters.sandbox import SandboxedTests
from assent.adapters.store import open_store
from assent.app.changes.calibrate import Bench, Ground, calibrate, record
from assent.app.changes.ports import Place
from assent.app.changes.rules import policy_for, policy_home
from assent.core.changes.calibration import (
    Calibration,
    Interval,
    Standing,
    fields_of,
    standing_by,
)
from assent.core.changes.model_prompt import prompt_digest
from assent.core.policy import Policy
from assent.entrypoints.cli.text import visible_line
from assent.entrypoints.home import Config, Home, find_home, read_config
from assent.entrypoints.wiring import SystemClock, database_url, looking_gatehouse
from assent.errors import UsageError


@click.command()
@click.option(
    "--cases",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    help="How many faults to plant, and how many clean changes to show.",
)
@click.option(
    "--seed", default="1", show_default=True, help="Draws the cases: another word, other cases."
)
@click.option(
    "--only", "names", multiple=True, metavar="REVIEWER", help="Only this one; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(cases: int, seed: str, names: tuple[str, ...], as_json: bool) -> None:
    """Plant faults that your tests catch, and see which reviewers find them.

    The faults are small edits of your own code on the target branch. Clean changes are shown too:
    what a reviewer has against those is a false alarm. Each case is one review, so that a language
    model is asked up to two questions for each. The result is recorded, and the approval of the
    policy's language model counts only when it found enough.
    """
    home = find_home()
    config = read_config(home)
    place = _place(home)
    with looking_gatehouse(home, config) as gate:
        policy = policy_for(gate, place.workspace, place.repository)
    found = asyncio.run(
        _calibrate(home, place, policy, names=names, cases=cases, seed=seed, quiet=as_json)
    )
    workspace = policy_home(place.workspace, place.repository)
    asyncio.run(_record(home, config, workspace, found))
    standing = _standing(policy, found)
    if as_json:
        click.echo(json.dumps(_fields(found, standing), indent=2))
    else:
        click.echo("\n".join(_words(found, standing)))


def _place(home: Home) -> Place:
    home.make()
    place = GitRepositories(home.root).place(str(Path.cwd()))
    if place is None:
        raise UsageError(
            "This folder is in no git repository.", hint="Change into the one to calibrate for."
        )
    return place


async def _calibrate(
    home: Home,
    place: Place,
    policy: Policy,
    *,
    names: Sequence[str],
    cases: int,
    seed: str,
    quiet: bool,
) -> tuple[Calibration, ...]:
    repositories = GitRepositories(home.root)
    tests = SandboxedTests(home.root, repositories)
    rules = policy.changes
    reviewers = PolicyReviewers(
        texts=repositories,
        checkouts=tests,
        clock=SystemClock(),
        model=lambda rule: ModelReviewer(rule, blobs=repositories, clock=SystemClock()),
    )
    static, model = reviewers.static(rules), reviewers.llm(rules)
    known = [each.name for each in (*static, *([model] if model is not None else []))]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"No reviewer is called {unknown[0]}.", hint=f"There are: {', '.join(known)}."
        )
    target = rules.target or place.target
    ground = Ground(
        workspace=place.workspace,
        repository=place.repository,
        commit=await asyncio.to_thread(repositories.head, place.repository, target),
        target=target,
        policy=policy,
        shared={path: f"{place.workspace}/{path}" for path in rules.share},
    )
    bench = Bench(
        repositories=repositories,
        planting=GitPlanting(home.root),
        tests=tests,
        static=[each for each in static if not names or each.name in names],
        model=model if model is not None and (not names or model.name in names) else None,
        clock=SystemClock(),
        tell=(lambda _: None) if quiet else _tell,
    )
    return await calibrate(bench, ground, cases=cases, seed=seed)


def _tell(said: str) -> None:
    click.echo(visible_line(said), err=True)


async def _record(home: Home, config: Config, workspace: str, found: Sequence[Calibration]) -> None:
    store = await asyncio.to_thread(open_store, database_url(home, config))
    try:
        await record(
            store, workspace, found, by=config.person or getpass.getuser(), at=SystemClock().now()
        )
    finally:
        await store.close()


def _standing(policy: Policy, found: Sequence[Calibration]) -> Standing | None:
    """Where the policy's model stands by what was just found; None without one."""
    rule = policy.changes.model
    if rule is None or not any(made.model for made in found):
        return None
    return standing_by(found, rule, prompt_digest())


def _fields(found: Sequence[Calibration], standing: Standing | None) -> Mapping[str, object]:
    fields: dict[str, object] = {"reviewers": [fields_of(made) for made in found]}
    if standing is not None:
        fields["approvals_count"] = standing.counts
        fields["why"] = standing.why
    return fields


def _words(found: Sequence[Calibration], standing: Standing | None) -> list[str]:
    width = max(len(made.reviewer) for made in found)
    lines = [f"{'':{width}}  {'faults found':24}  {'false alarms':24}  no conclusion"]
    lines += [
        f"{visible_line(made.reviewer):{width}}  "
        f"{_share(made.caught, made.planted, made.catches):24}  "
        f"{_share(made.alarms, made.clean, made.false_alarms):24}  {made.undecided}"
        for made in found
    ]
    lines.append("In brackets: where the share lies with 90 % certainty.")
    if standing is not None:
        counts = "Its approvals count" if standing.counts else "Its approvals do not count"
        lines.append(visible_line(f"{counts}: {standing.why}."))
    return lines


def _share(hits: int, of: int, where: Interval) -> str:
    return f"{hits} of {of} ({where.low:.0%} to {where.high:.0%})"
