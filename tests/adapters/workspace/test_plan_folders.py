"""Where an agent may write its plans without being asked."""

from pathlib import Path

import pytest

from assent.adapters.workspace import LocalWorld
from assent.core.actions import Command
from assent.core.facts import Facts
from assent.core.proposals import AgentSession


def plan_paths(home: Path, session_id: str, agent: str = "gemini") -> tuple[str, ...]:
    world = LocalWorld(home=str(home), assent_home=str(home / "assent"))
    session = AgentSession(agent=agent, session_id=session_id, workspace="/w", cwd="/w")
    return world.facts(Command("ls", "/w"), session, Facts("/w", "", "")).plan_paths


def test_a_new_session_of_gemini_has_a_folder_before_it_exists(tmp_path: Path) -> None:
    project = tmp_path / ".gemini" / "tmp" / "repo"
    (project / "another-session" / "plans").mkdir(parents=True)
    assert plan_paths(tmp_path, "s1") == (str(project / "plans"), str(project / "s1" / "plans"))


@pytest.mark.parametrize("session_id", ["", "..", "../../..", "/etc"])
def test_a_session_named_like_a_path_has_none(tmp_path: Path, session_id: str) -> None:
    project = tmp_path / ".gemini" / "tmp" / "repo"
    project.mkdir(parents=True)
    assert plan_paths(tmp_path, session_id) == (str(project / "plans"),)


def test_a_link_to_another_place_is_no_folder_of_plans(tmp_path: Path) -> None:
    project = tmp_path / ".gemini" / "tmp" / "repo"
    project.mkdir(parents=True)
    (tmp_path / ".ssh").mkdir()
    (project / "s1").mkdir()
    (project / "s1" / "plans").symlink_to(tmp_path / ".ssh")
    assert plan_paths(tmp_path, "s1") == (str(project / "plans"),)


def test_other_agents_have_folders_of_their_own(tmp_path: Path) -> None:
    assert plan_paths(tmp_path, "s1", agent="copilot") == ()
