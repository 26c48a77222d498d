"""`assent policy lint`: what is wrong with a policy file."""

import json
import shutil
from pathlib import Path

import click

from assent.adapters.agents.registry import AGENTS
from assent.adapters.git.run import ask
from assent.core.policy import Policy
from assent.core.policy.complaints import Complaint, Known
from assent.core.policy.lint import lint as complaints_of
from assent.entrypoints.cli.policy.sources import Place, json_option, place, policy_option


@click.command()
@policy_option
@json_option
def lint(file: Path | None, as_json: bool) -> None:
    """Name rules that never decide, contradict each other or leave a gap. Exit 1 for any.

    Looks at the repository's policy file, accepted or not; without one, at the built-in policy.
    """
    with place() as here:
        own = here.project / ".assent" / "policy.toml"
        read = file or (own if own.exists() else None)
        policy = here.gate.policies.default() if read is None else here.policy(read)
        found = complaints_of(policy, _known(policy, here))
    click.echo(json.dumps(_fields(policy, found), indent=2) if as_json else _words(policy, found))
    if found:
        raise click.exceptions.Exit(1)


def _known(policy: Policy, here: Place) -> Known:
    named = {program.split()[0] for rule in policy.rules for program in rule.programs}
    there = {name for name in named if name in policy.catalog.programs or _is_there(name, here)}
    return Known(
        agents=frozenset(AGENTS),
        programs=frozenset(there),
        people=tuple(here.gate.store.read(lambda view: view.people())),
        files=_files(here) if policy.owners else None,
    )


def _files(here: Place) -> tuple[str, ...] | None:
    listed = ask(here.project, "ls-files", "-z")
    return None if listed is None else tuple(listed.split("\0"))


def _is_there(name: str, here: Place) -> bool:
    if "/" in name and not name.startswith("/"):
        return (here.project / name).exists()
    return shutil.which(name) is not None


def _fields(policy: Policy, found: tuple[Complaint, ...]) -> dict[str, object]:
    return {
        "policy": policy.digest,
        "profile": policy.profile,
        "rules": len(policy.rules),
        "complaints": [
            {
                "problem": each.problem.value,
                "rule": each.rule,
                "what": each.what,
                "other": each.other,
            }
            for each in found
        ],
    }


def _words(policy: Policy, found: tuple[Complaint, ...]) -> str:
    own = sum(not rule.general for rule in policy.rules)
    head = f"{own} rules of its own beside the profile {policy.profile}"
    if not found:
        return f"Nothing to complain about: {head}."
    lines = (f"  {each.problem.value:12} {each.rule}: {each.what}" for each in found)
    return "\n".join((f"{len(found)} complaints about {head}:", *lines))
