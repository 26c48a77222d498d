"""`assent demo --auto`: keeps its promises, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENTRY = "import sys; from assent.entrypoints.cli.main import main; sys.argv[0] = 'assent'; main()"


@pytest.mark.network
def test_auto(tmp_path: Path) -> None:
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(scratch)}
    env.pop("ASSENT_HOME", None)

    done = subprocess.run(
        [sys.executable, "-c", ENTRY, "demo", "--auto"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "BROKEN" not in done.stdout
    assert "\x1b" not in done.stdout
    assert list(scratch.iterdir()) == []
    assert list(home.iterdir()) == []
