"""What a project itself uses: found in its manifests, accepted by a person, told as facts."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assent.app import records
from assent.app.gatehouse import Gatehouse
from assent.app.ports import AcceptedPrograms, Standing, Tx
from assent.app.precedent import Recalled, with_written
from assent.core.actions import Action, Command
from assent.core.canonical import Digest
from assent.core.facts import Facts, Task
from assent.core.project import (
    FILE,
    Accepted,
    ProjectPrograms,
    ProjectTask,
    accept,
)
from assent.core.proposals import Proposal
from assent.core.risk.shell import read_script
from assent.errors import ConflictError

RUNNERS = (
    "npm|pnpm|yarn|bun|npx|node|deno|composer|make|gmake|just|task|mise|rtx|cargo|poe|poetry|taskipy"
    "|pdm|hatch|pixi|rye|uv|tox|nox"
)
_RUNNER = re.compile(rf"(?<![\w-])(?:{RUNNERS})(?![\w-])")
_ELSEWHERE = re.compile(
    r"(?<!\S)(?:-C|-w|-r|-f|-d|--prefix|--filter|--cwd|--dir|--workspaces?|--recursive"
    r"|--manifest-path|--file|--makefile|--directory|--working-directory|--project|-c|-lc|workspace"
    r"|workspaces)(?![\w-])"
)
"""Words after which a runner may look for its tasks in another folder."""


@dataclass(frozen=True, slots=True)
class Programs:
    """What stands, and what the manifests name now."""

    accepted: AcceptedPrograms | None
    found: ProjectPrograms
    vouched: tuple[str, ...]

    @property
    def new(self) -> ProjectPrograms:
        """What is found and not accepted."""
        known = Accepted() if self.accepted is None else self.accepted.accepted
        return ProjectPrograms(
            programs=self.found.programs - known.programs,
            tasks=tuple(task for task in self.found.tasks if not known.has(task)),
        )


def programs_of(gate: Gatehouse, workspace: str) -> Programs:
    """The programs of a workspace, for whoever wants to see or accept them."""
    now = gate.clock.now()
    standing = gate.store.read(lambda view: view.standing(workspace, now=now))
    return Programs(
        accepted=standing.programs,
        found=gate.project.programs(workspace),
        vouched=tuple(
            name for grant in standing.grants if grant.kind == "program" for name in grant.what
        ),
    )


async def accept_programs(gate: Gatehouse, workspace: str, *, by: str, seen: Digest) -> int:
    """Accept all that the manifests name now; how many programs and tasks that is.

    `seen` is the digest of what the person was shown. Raises ConflictError when it is no longer
    that, UnavailableError when it cannot be recorded.
    """
    # It reads many files, and hooks are answered meanwhile.
    found = await asyncio.to_thread(gate.project.programs, workspace)
    if found.digest != seen:
        raise ConflictError(
            "The project's manifests changed in the meantime.", hint="Look again, then accept."
        )
    now = gate.clock.now()
    accepted = AcceptedPrograms(workspace, accept(found), by=by, at=now)
    await gate.store.write(lambda tx: _accept(tx, accepted, found, now), durable=True)
    return len(found.programs) + len(found.tasks)


def _accept(tx: Tx, accepted: AcceptedPrograms, found: ProjectPrograms, now: int) -> None:
    tx.accept_programs(accepted)
    tx.append(
        records.policy_stream(accepted.workspace),
        "programs-accepted",
        at=now,
        fields={
            "by": accepted.by,
            "digest": found.digest,
            "programs": len(found.programs),
            "tasks": len(found.tasks),
        },
    )
    tx.seal(now)


async def forget_program(gate: Gatehouse, workspace: str, *, name: str, by: str) -> bool:
    """Take a program or a task's name out of what was accepted or vouched for here."""
    now = gate.clock.now()

    def work(tx: Tx) -> bool:
        standing = tx.standing(workspace, now=now)
        forgotten = _forget_accepted(tx, standing, name)
        for grant in standing.grants:
            if grant.kind == "program" and name in grant.what:
                forgotten = tx.revoke_grant(grant, at=now) or forgotten
        if forgotten:
            tx.append(
                records.policy_stream(workspace),
                "program-forgotten",
                at=now,
                fields={"by": by, "program": name},
            )
            tx.seal(now)
        return forgotten

    return await gate.store.write(work, durable=True)


def _forget_accepted(tx: Tx, standing: Standing, name: str) -> bool:
    if standing.programs is None:
        return False
    accepted = standing.programs.accepted
    left = Accepted(
        programs=accepted.programs - {name},
        tasks=frozenset(
            task for task in accepted.tasks if name not in (task[1], f"{task[0]} {task[1]}")
        ),
    )
    if left == accepted:
        return False
    tx.accept_programs(replace(standing.programs, accepted=left))
    return True


# --- as facts


def gather(gate: Gatehouse, proposal: Proposal, known: Facts, recalled: Recalled) -> Facts:
    """All that is known and seen of the world before the call is judged."""
    action = proposal.action
    before = with_project(gate, action, known, recalled)
    seen = gate.world.facts(action, proposal.session, before)
    return with_accepted_files(with_written(seen, recalled.written), recalled)


def with_project(gate: Gatehouse, action: Action, known: Facts, recalled: Recalled) -> Facts:
    """`known` with the project's programs, and its tasks where the action may run one."""
    return replace(
        known,
        programs=recalled.programs,
        tasks=_tasks(gate, action, known.workspace, recalled),
        precedent=recalled.precedent,
    )


def with_accepted_files(facts: Facts, recalled: Recalled) -> Facts:
    """`facts` in which files that were accepted with what they hold now are programs, too."""
    accepted = recalled.standing.programs
    if not facts.scripts or accepted is None:
        return facts
    root = facts.workspace.rstrip("/") + "/"
    files = set()
    for path, script in facts.scripts.items():
        fact = facts.paths.get(path)
        if fact is None or not fact.real.startswith(root):
            continue
        task = ProjectTask(FILE, fact.real[len(root) :], "", script.digest)
        if accepted.accepted.has(task):
            files |= {path, fact.real}
    return replace(facts, programs=facts.programs | files) if files else facts


def _tasks(
    gate: Gatehouse, action: Action, workspace: str, recalled: Recalled
) -> Mapping[tuple[str, str], Task]:
    if not isinstance(action, Command):
        return {}
    text = action.script if isinstance(action.script, str) else " ".join(action.script)
    if _RUNNER.search(text) is None:
        return {}
    everywhere = _ELSEWHERE.search(text) is not None
    found = gate.project.tasks_near(workspace, _folders(action), everywhere=everywhere)
    accepted = recalled.standing.programs
    known = Accepted() if accepted is None else accepted.accepted
    return {key: _task(tasks, workspace, known) for key, tasks in found.items()}


def _folders(action: Command) -> Sequence[str]:
    if not isinstance(action.script, str):
        return (action.cwd,)
    commands = read_script(action.script, action.cwd).commands
    folders = [folder for command in commands for folder in command.folders]
    return tuple(dict.fromkeys((*folders, action.cwd)))


def _task(tasks: Sequence[ProjectTask], workspace: str, accepted: Accepted) -> Task:
    """Several tasks of one name are judged by all their texts: any of them may be meant."""
    root, folder = workspace.rstrip("/"), tasks[0].folder
    return Task(
        text="\n".join(task.text for task in tasks),
        folder=f"{root}/{folder}" if folder else workspace,
        accepted=all(accepted.has(task) for task in tasks),
    )
