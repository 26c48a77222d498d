"""The jobs for pipelines are what the guide shows, and their commands do what it says."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.git.log_scene import LogHouse

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "how-to" / "verify-in-ci.md").read_text(encoding="utf-8")
GITHUB = ROOT / "integrations" / "github" / "verify.yml"
GITLAB = ROOT / "integrations" / "gitlab" / "verify.yml"


def parsed(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = importlib.import_module("yaml").safe_load(file.read_text("utf-8"))
    return found


@pytest.mark.parametrize("file", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_the_guide_shows_the_file(file: Path) -> None:
    assert f"```yaml\n{file.read_text('utf-8')}```" in GUIDE


def test_the_jobs_have_the_whole_history() -> None:
    steps = parsed(GITHUB)["jobs"]["approved"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    assert parsed(GITLAB)["approved"]["variables"]["GIT_DEPTH"] == "0"


def test_what_a_stranger_can_name_is_no_part_of_a_command() -> None:
    steps = parsed(GITHUB)["jobs"]["approved"]["steps"]
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]


def commands(platform: str) -> list[str]:
    """Those after the installation."""
    if platform == "gitlab":
        return list(parsed(GITLAB)["approved"]["script"][1:])
    steps = parsed(GITHUB)["jobs"]["approved"]["steps"]
    return [step["run"] for step in steps if "run" in step][1:]


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_their_commands_verify_a_push(tmp_path: Path, platform: str) -> None:
    house = LogHouse.make(tmp_path)
    house.merged()
    clone = tmp_path / "clone"
    house.user.git("clone", "-q", str(house.user.folder), str(clone))
    before, after = (house.user.git("rev-parse", name) for name in ("main~1", "main"))
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BEFORE": before,
        "AFTER": after,
        "ROOT": house.verify().root,
        "CI_COMMIT_BEFORE_SHA": before,
        "CI_COMMIT_SHA": after,
        "CI_DEFAULT_BRANCH": "main",
        "ASSENT_ROOT": house.verify().root,
    }
    script = "\n".join(commands(platform))
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=clone, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 approved" in done.stdout
