"""`assent init`, the agents' hooks and a watched inbox, each as a process in a home of its own."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import ASSENT, House, house_in

AGENTS = ("claude-code", "codex", "gemini", "copilot", "opencode")

USER_FILES = {
    ".claude/settings.json": b'{\r\n  "model": "opus",\r\n  "hooks": {"PreToolUse": [{"matcher":'
    b' "Bash", "hooks": [{"type": "command", "command": "my-own-hook"}]}]}\r\n}',
    ".codex/hooks.json": b'{"hooks": {"SessionStart": [{"hooks": [{"type": "command",'
    b' "command": "mine"}]}]}}\n',
    ".codex/config.toml": b'model = "gpt"  # mine\n',
    ".gemini/settings.json": b'{"ui": {"theme": "dark"}, "hooks": {"AfterTool": []}}',
    ".copilot/config.json": b'{"banner": "never"}\n',
    ".config/opencode/opencode.json": b'{"theme": "system"}\n',
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """No daemon runs; each agent has left a folder with the user's own settings."""
    with house_in(tmp_path / "house") as house:
        for name, content in USER_FILES.items():
            path = house.user_home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield house


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.soak
def test_init_sets_up_and_uninstalling_gives_every_byte_back(house: House) -> None:
    before = files_below(house.user_home)
    first = house.assent("init", "--yes", "--profile", "team")
    assert first.returncode == 0, first.stderr
    assert "Level:   advisory." in first.stdout
    assert "ana is alone here; nobody approves what their own agent asks" in first.stdout
    policy = (house.workspace / ".assent" / "policy.toml").read_text(encoding="utf-8")
    assert 'profile = "team"' in policy
    states = json.loads(house.assent("agents", "list", "--json").stdout)
    assert {row["agent"]: row["state"] for row in states} == dict.fromkeys(AGENTS, "installed")
    settings = json.loads((house.user_home / ".claude/settings.json").read_bytes())
    commands = json.dumps(settings["hooks"]["PreToolUse"])
    assert "my-own-hook" in commands
    assert str(house.home.bin) in commands

    installed = files_below(house.user_home)
    second = house.assent("init", "--yes", "--profile", "strict")
    assert second.returncode == 0, second.stderr
    assert "is there and stays" in second.stdout
    assert "Nothing to write: all is in place." in second.stdout
    assert files_below(house.user_home) == installed

    for agent in AGENTS:
        assert house.assent("agents", "uninstall", agent).returncode == 0
    assert files_below(house.user_home) == before
    assert house.assent("down").returncode == 0


@pytest.mark.network
def test_init_that_is_declined_writes_nothing(house: House) -> None:
    before = files_below(house.user_home)
    done = house.assent("init", stdin=b"n\n")
    assert done.returncode == 1
    assert files_below(house.user_home) == before
    assert not (house.workspace / ".assent").exists()
    assert house.assent("status").returncode == 3


@pytest.mark.network
def test_settings_that_are_no_settings_are_left_alone(house: House) -> None:
    path = house.user_home / ".claude" / "settings.json"
    path.write_bytes(b'{"hooks": [')
    done = house.assent("agents", "install", "claude-code", "--yes")
    assert done.returncode == 3
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == b'{"hooks": ['


@pytest.mark.network
def test_a_user_edit_after_the_installation_stays(house: House) -> None:
    path = house.user_home / ".claude" / "settings.json"
    assert house.assent("agents", "install", "claude-code", "--yes").returncode == 0
    path.write_bytes(path.read_bytes().replace(b'"opus"', b'"haiku"'))
    assert house.assent("agents", "uninstall", "claude-code").returncode == 0
    settings = json.loads(path.read_bytes())
    assert settings["model"] == "haiku"
    assert json.dumps(settings).count("my-own-hook") == 1
    assert "assent" not in json.dumps(settings)


@pytest.mark.soak
def test_a_watched_inbox_shows_what_comes_and_goes_also_after_a_restart(house: House) -> None:
    house.start()
    watch = subprocess.Popen(
        [*ASSENT, "inbox", "--watch"],
        env={**house.env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert watch.stdout is not None
    assert watch.stderr is not None
    try:
        assert watch.stdout.readline().startswith("Nothing waits for you.")
        house.shell(CLAUDE, "frobnicate-one")
        [one] = house.waiting()
        assert one["name"] in watch.stdout.readline()
        house.decide(one["number"])
        assert "approved by ana" in watch.stdout.readline()
        house.kill()
        house.start()
        house.shell(CLAUDE, "frobnicate-two")
        [two] = house.waiting()
        while two["name"] not in (line := watch.stdout.readline()):
            assert line.startswith("Nothing waits for you.")
        watch.send_signal(signal.SIGINT)
        assert watch.wait() == 1
        assert "Traceback" not in watch.stderr.read()
    finally:
        watch.kill()
        watch.communicate()


@pytest.mark.network
def test_a_home_named_from_the_current_folder(house: House) -> None:
    here = {"ASSENT_HOME": "assent"}
    up = house.assent("up", "--no-link", env=here, cwd=house.root)
    assert up.returncode == 0, up.stderr
    assert house.assent("status").returncode == 0
    assert house.assent("down", env=here, cwd=house.root).returncode == 0
