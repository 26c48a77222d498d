"""What is seen of the machine before an action touches it."""

import os
from pathlib import Path

import pytest

from assent.adapters.catalog import built_in_catalog
from assent.adapters.workspace import LocalWorld
from assent.adapters.workspace.scripts import MAX_HASHED
from assent.adapters.workspace.world import MAX_POLICY
from assent.core.actions import Action, Command, EditKind, FileChange, FileEdit, FileRead
from assent.core.canonical import digest_of
from assent.core.facts import Facts, Kept, PlanState
from assent.core.proposals import AgentSession
from assent.core.risk import Effect, assess
from tests.adapters.workspace.git_repository import Repository

CATALOG = built_in_catalog()


class Machine:
    """A home with a project in it."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.project = self.home / "project"
        (self.project / ".git").mkdir(parents=True)
        self.world = LocalWorld(home=str(self.home), assent_home=str(self.home / "assent"))

    def facts(self, action: Action, agent: str = "claude-code") -> Facts:
        session = AgentSession(agent, "s", str(self.project), str(self.project))
        known = Facts(str(self.project), "", "", plan=PlanState.APPROVED, catalog=CATALOG)
        return self.world.facts(action, session, known)

    def run(self, script: str) -> Facts:
        return self.facts(Command(script=script, cwd=str(self.project)))

    def worst(self, script: str) -> Effect:
        action = Command(script=script, cwd=str(self.project))
        return assess(action, self.facts(action)).evidence[0].effect


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path.resolve())


def test_paths_are_resolved_through_symlinks(machine: Machine) -> None:
    (machine.home / ".ssh").mkdir()
    (machine.project / "notes").symlink_to("../.ssh/id_rsa")
    (machine.project / "src").mkdir()
    facts = machine.run("cat notes src ~/other missing/deep")
    at = str(machine.project)
    assert facts.paths[f"{at}/notes"].real == str(machine.home / ".ssh/id_rsa")
    assert not facts.paths[f"{at}/notes"].inside
    assert facts.paths[f"{at}/src"].inside
    assert facts.paths[f"{at}/src"].is_dir
    assert facts.paths["~/other"].real == str(machine.home / "other")
    assert not facts.paths["~/other"].exists
    assert facts.paths[f"{at}/missing/deep"].inside
    assert facts.plan is PlanState.APPROVED


def test_the_shell_and_the_kernel_differ_about_parents(machine: Machine) -> None:
    elsewhere = machine.home / "elsewhere/deep"
    elsewhere.mkdir(parents=True)
    (machine.project / "link").symlink_to(elsewhere)
    assert machine.worst("echo x > link/../a.txt") is Effect.OUTSIDE_WRITE
    assert machine.worst("cd link/.. && echo x > a.txt") is Effect.OUTSIDE_WRITE
    assert machine.worst("cd link && cd .. && echo x > a.txt") is Effect.OUTSIDE_WRITE


@pytest.mark.parametrize(
    ("workspace", "inside"),
    [
        pytest.param("home/project", True, id="project"),
        pytest.param("home", True, id="home-itself"),
        pytest.param(".", False, id="above-the-home"),
        pytest.param("/", False, id="root"),
    ],
)
def test_a_folder_that_holds_the_home_is_no_project(
    machine: Machine, workspace: str, inside: bool
) -> None:
    root = os.path.normpath(os.path.join(machine.home.parent, workspace))
    session = AgentSession("codex", "s", root, root)
    path = str(machine.project / "a.py")
    facts = machine.world.facts(FileRead((path,), root), session, Facts(root, "", ""))
    assert facts.paths[path].inside is inside


def test_a_relative_folder_tells_nothing(machine: Machine) -> None:
    change = FileChange("a.py", EditKind.UPDATE, None, None, "")
    action = FileEdit((change,), "src")
    facts = machine.facts(action)
    assert facts.paths == {}
    assert assess(action, facts).evidence[0].effect is Effect.UNKNOWN


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "a\udcff", "/proc/self/fd/0/x"])
def test_strange_paths_never_raise(machine: Machine, path: str) -> None:
    assert machine.facts(FileRead((path,), str(machine.project))).paths


def test_plan_folders_of_the_agents(machine: Machine) -> None:
    (machine.home / ".gemini/tmp/p1").mkdir(parents=True)
    (machine.home / ".gemini/tmp/p2").symlink_to(machine.project)
    action = FileRead(("a",), str(machine.project))
    assert machine.facts(action).plan_paths == (str(machine.home / ".claude/plans"),)
    assert set(machine.facts(action, "gemini").plan_paths) == {
        str(machine.home / ".gemini/tmp/p1/plans"),
        str(machine.home / ".gemini/tmp/p1/s/plans"),
    }
    assert machine.facts(action, "codex").plan_paths == ()


def test_the_policy_file_is_a_regular_file_of_reasonable_size(machine: Machine) -> None:
    workspace = str(machine.project)
    path = machine.project / ".assent/policy.toml"
    assert machine.world.policy_file(workspace) is None
    path.parent.mkdir()
    path.write_bytes(b"[ask]\n")
    assert machine.world.policy_file(workspace) == b"[ask]\n"
    path.write_bytes(b"#" * (MAX_POLICY + 1))
    assert machine.world.policy_file(workspace) is None
    path.unlink()
    os.mkfifo(path)
    assert machine.world.policy_file(workspace) is None


# --- what would be lost, run and reached


@pytest.fixture
def repository(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path.resolve())
    (machine.project / ".git").rmdir()
    Repository(machine.project)
    return machine


def test_what_a_command_deletes_is_looked_up_in_git(repository: Machine) -> None:
    (repository.project / "notes.txt").write_text("x")
    facts = repository.run("rm kept.txt notes.txt && cat src/a.py")
    at = str(repository.project)
    assert facts.paths[f"{at}/kept.txt"].kept is Kept.GIT
    assert facts.paths[f"{at}/notes.txt"].kept is Kept.NOWHERE
    assert facts.paths[f"{at}/notes.txt"].unkept == 1
    assert facts.paths[f"{at}/src/a.py"].kept is Kept.NOWHERE


def test_temporary_files_lie_outside_of_home_and_workspace(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    home, project, scratch = (root / name for name in ("home", "work/project", "scratch"))
    for folder in (home, project, scratch):
        folder.mkdir(parents=True)
    world = LocalWorld(home=str(home), assent_home=str(root / "a"), temporary=[str(root)])
    session = AgentSession("codex", "s", str(project), str(project))
    paths = [str(scratch / "x"), str(home / "x"), str(project / "x"), str(root), str(root / "a/x")]
    paths += [str(root / "work"), "/etc/passwd"]
    known = Facts(str(project), "", "", catalog=CATALOG)
    facts = world.facts(FileRead(tuple(paths), str(project)), session, known)
    assert [path for path in paths if facts.paths[path].temporary] == [str(scratch / "x")]


def test_a_link_out_of_the_temporary_folder_is_not_temporary(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "t").mkdir()
    (root / "t/link").symlink_to(root / "elsewhere")
    world = LocalWorld(home=str(root / "h"), assent_home=str(root / "a"), temporary=[f"{root}/t"])
    session = AgentSession("codex", "s", "/w", "/w")
    path = str(root / "t/link")
    facts = world.facts(FileRead((path,), "/w"), session, Facts("/w", "", ""))
    assert not facts.paths[path].temporary


def test_files_that_run_are_read_and_hashed(machine: Machine) -> None:
    script = machine.project / "run.sh"
    script.write_text("#!/usr/bin/env bash\n./inner.sh\n")
    (machine.project / "inner.sh").write_text("echo inner\n")
    (machine.project / "big").write_bytes(b"\0" * (MAX_HASHED + 1))
    at = str(machine.project)
    facts = machine.run("./run.sh && ./big && ./missing")
    fact = facts.scripts[f"{at}/./run.sh"]
    assert (fact.text, fact.language) == (script.read_text(), "shell")
    assert fact.digest == digest_of(script.read_bytes())
    assert facts.scripts[f"{at}/./big"].text is None
    assert f"{at}/./missing" not in facts.scripts
    before = facts.scripts
    assert machine.run("./run.sh && ./big && ./missing").scripts == before
    script.write_text("#!/usr/bin/env bash\n./inner.sh x\n")
    assert machine.run("./run.sh").scripts[f"{at}/./run.sh"].digest != fact.digest


def test_repositories_that_git_would_use_are_told(repository: Machine) -> None:
    at = str(repository.project)
    facts = repository.run("git push")
    assert facts.repositories[at].branch == "main"
    assert repository.run("ls").repositories == {}


def test_a_script_of_another_repository_is_known_by_git(machine: Machine) -> None:
    other = Repository(machine.home / "other")
    other.write("run.sh", "echo x\n").chmod(0o755)
    script = f"{other.root}/run.sh"
    assert not machine.run(script).scripts[script].tracked
    other.commit()
    assert machine.run(script).scripts[script].tracked
