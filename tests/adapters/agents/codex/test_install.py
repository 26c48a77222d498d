"""Installing into Codex's folder: the hooks, and the trust without which they are skipped.

The hashes are what `codex app-server` 0.169.0 reports for these very hooks.
"""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents import hook_groups
from assent.adapters.agents.codex import trust
from assent.adapters.agents.codex.install import CodexInstaller
from assent.adapters.agents.json_text import OutOfForm
from assent.app.agents import Surroundings
from assent.errors import UnavailableError
from tests.adapters.agents.conftest import relay, tree

INSTALLER = CodexInstaller()

USERS_HOOKS = b"""{
  "hooks": {
    "PreToolUse": [
      {"matcher": "^Bash$", "hooks": [{"type": "command", "command": "true", "timeout": 5}]}
    ]
  }
}
"""
USERS_CONFIG = b"""# my settings
model = "gpt-5.5"

[hooks.state."/home/dev/.codex/hooks.json:pre_tool_use:0:0"]
trusted_hash = "sha256:d8d9"

[features]
web_search = true
"""


@pytest.fixture
def folder(here: Surroundings) -> Path:
    path = here.home / ".codex"
    path.mkdir()
    return path


def recorded(folder: Path) -> dict[str, dict[str, str]]:
    """What config.toml records, by the end of the hook's name."""
    states = tomllib.loads((folder / "config.toml").read_text())["hooks"]["state"]
    return {name.removeprefix(f"{folder}/hooks.json:"): state for name, state in states.items()}


def test_the_hooks_of_a_new_user(here: Surroundings) -> None:
    folder = here.home / ".codex"
    assert INSTALLER.status(here).state == "absent"
    assert [change.path.name for change in INSTALLER.preview(here)] == ["config.toml", "hooks.json"]
    assert "trust" in INSTALLER.preview(here)[0].what
    assert tree(here.home) == {}
    assert INSTALLER.install(here).state == "installed"
    assert INSTALLER.preview(here) == ()
    command = "'/opt/as sent/bin/assent-relay' /run/hook.sock {} codex {} PWD"
    assert json.loads((folder / "hooks.json").read_bytes()) == {
        "hooks": {
            "PreToolUse": [
                {
                    "matcher": "*",
                    "hooks": [
                        {
                            "type": "command",
                            "command": hook_groups.closed(
                                relay("exit2", "codex", "PreToolUse", ("PWD",))
                            ),
                            "timeout": 86400,
                        }
                    ],
                }
            ],
            "PostToolUse": [
                {
                    "matcher": "*",
                    "hooks": [
                        {
                            "type": "command",
                            "command": command.format("observe", "PostToolUse"),
                            "timeout": 30,
                        }
                    ],
                }
            ],
            "SessionStart": [
                {
                    "hooks": [
                        {
                            "type": "command",
                            "command": command.format("observe", "SessionStart"),
                            "timeout": 30,
                        }
                    ]
                }
            ],
        }
    }
    assert recorded(folder).keys() == {"pre_tool_use:0:0", "post_tool_use:0:0", "session_start:0:0"}
    assert INSTALLER.uninstall(here).state == "absent"
    assert tree(here.home) == tree(here.assent_home) == {}


@pytest.mark.parametrize(
    ("event", "dialect", "timeout", "matcher", "expected"),
    [
        pytest.param(
            "PreToolUse",
            "exit2",
            86400,
            "*",
            "sha256:937fee2751e09d60b376ced80d51ca707de3a8f4324daa15b28610c0f385fb99",
            id="with-matcher",
        ),
        pytest.param(
            "PostToolUse",
            "observe",
            30,
            "*",
            "sha256:d1eef985bb90a8b9ba3ab600445bb08b707d69d840b189c207e1fe778df9f4df",
            id="other-event",
        ),
        pytest.param(
            "SessionStart",
            "observe",
            30,
            None,
            "sha256:ce2f66616b8d55d5df940f6bfe84abf49d20063eb004e38f99e5998b10f21db8",
            id="without-matcher",
        ),
    ],
)
def test_hashes_are_those_that_codex_computes(
    event: str, dialect: str, timeout: int, matcher: str | None, expected: str
) -> None:
    command = f"'/opt/as sent/bin/assent-relay' /run/hook.sock {dialect} codex {event} PWD"
    found = trust.trusted_hash(event, command=command, timeout=timeout, matcher=matcher)
    assert found == expected


def test_a_users_own_hooks_and_trust_stay(here: Surroundings, folder: Path) -> None:
    (folder / "hooks.json").write_bytes(USERS_HOOKS)
    (folder / "config.toml").write_bytes(USERS_CONFIG)
    before = tree(here.home)
    assert INSTALLER.install(here).state == "installed"
    config = (folder / "config.toml").read_text()
    assert config.startswith('# my settings\nmodel = "gpt-5.5"\n')
    assert recorded(folder)["/home/dev/.codex/hooks.json:pre_tool_use:0:0"] == {
        "trusted_hash": "sha256:d8d9"
    }
    assert "pre_tool_use:1:0" in recorded(folder)
    assert "pre_tool_use:0:0" not in recorded(folder)
    INSTALLER.uninstall(here)
    assert tree(here.home) == before


def test_what_the_user_changes_in_between_stays(here: Surroundings, folder: Path) -> None:
    (folder / "config.toml").write_bytes(USERS_CONFIG)
    INSTALLER.install(here)
    config = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(config.replace("gpt-5.5", "gpt-6"))
    INSTALLER.uninstall(here)
    left = tomllib.loads((folder / "config.toml").read_text())
    expected = tomllib.loads(USERS_CONFIG.decode().replace("gpt-5.5", "gpt-6"))
    assert left == expected
    assert not (folder / "hooks.json").exists()


@pytest.mark.parametrize(
    ("lost", "note"),
    [
        pytest.param("config.toml", "not trusted", id="trust-is-gone"),
        pytest.param("hooks.json", "", id="hooks-are-gone"),
    ],
)
def test_half_an_installation_is_altered(
    here: Surroundings, folder: Path, lost: str, note: str
) -> None:
    INSTALLER.install(here)
    (folder / lost).unlink()
    status = INSTALLER.status(here)
    assert status.state == "altered"
    assert note in " ".join(status.notes)
    assert INSTALLER.install(here).state == "installed"


def test_trust_that_no_longer_fits_is_renewed(here: Surroundings, folder: Path) -> None:
    INSTALLER.install(here)
    config = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(config.replace("sha256:", "sha256:00"))
    assert INSTALLER.status(here).state == "altered"
    INSTALLER.install(here)
    assert (folder / "config.toml").read_text() == config


def test_hooks_switched_off_are_not_called_installed(here: Surroundings, folder: Path) -> None:
    (folder / "config.toml").write_text("[features]\nhooks = false\n")
    status = INSTALLER.install(here)
    assert status.state == "altered"
    assert "switches hooks off" in status.notes[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("config.toml", b"model = ", id="not-toml"),
        pytest.param("config.toml", b"\xff", id="not-utf-8"),
        pytest.param("config.toml", b"hooks = 5", id="hooks-of-another-form"),
        pytest.param("config.toml", b"hooks = { state = {} }", id="hooks-on-one-line"),
        pytest.param("hooks.json", b"{,}", id="not-json"),
        pytest.param("hooks.json", b"\xff", id="hooks-not-utf-8"),
    ],
)
def test_files_out_of_form_are_not_touched(
    here: Surroundings, folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(UnavailableError):
        INSTALLER.install(here)
    assert tree(here.home) == {f".codex/{name}": content}
    assert INSTALLER.status(here).state == "absent"


def test_a_folder_named_by_the_environment_is_spelt_as_codex_does(
    here: Surroundings, tmp_path: Path
) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    INSTALLER.install(replace(here, env={"CODEX_HOME": str(link)}))
    assert "pre_tool_use:0:0" in recorded(real)


def test_a_symlinked_folder_at_home_is_spelt_unresolved(here: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (here.home / ".codex").symlink_to(tmp_path / "dotfiles")
    INSTALLER.install(here)
    assert "pre_tool_use:0:0" in recorded(here.home / ".codex")


def test_where_the_agent_is_found(here: Surroundings) -> None:
    assert INSTALLER.status(here).found == ""
    (here.home / ".codex").mkdir()
    assert INSTALLER.status(here).found == str(here.home / ".codex")


# --- the record of trust ------------------------------------------------------------------------

TRUSTED = {"/h/hooks.json:pre_tool_use:0:0": "sha256:1", "/h/hooks.json:stop:1:0": "sha256:2"}


@given(
    st.lists(
        st.sampled_from(
            [
                'model = "x"\n',
                "[features]\na = true\n",
                '[hooks.state."/u/hooks.json:stop:0:0"]\nenabled = false\n',
                "[[hooks.Stop]]\nhooks = []\n",
                '\n# a comment\n[mcp_servers.lab]\ncommand = "x" # why\n',
            ]
        ),
        unique=True,
    )
)
def test_trust_in_and_out_leaves_the_settings(parts: list[str]) -> None:
    parts.sort(key=lambda part: part.startswith(("[", "\n")))
    config = "".join(parts)
    trusted = trust.with_trust(config, TRUSTED)
    assert trust.with_trust(trusted, TRUSTED) == trusted
    for name, value in TRUSTED.items():
        assert trust.states(trusted)[name] == {"trusted_hash": value}
    left = trust.without_trust(trusted, TRUSTED.keys())
    assert tomllib.loads(left) == tomllib.loads(config)


def test_a_hook_the_user_switched_off_is_switched_on_again_when_installing() -> None:
    name = next(iter(TRUSTED))
    off = f'[hooks.state."{name}"]\nenabled = false\n'
    assert trust.states(trust.with_trust(off, TRUSTED))[name] == {"trusted_hash": "sha256:1"}


def test_settings_without_our_trust_are_left_alone() -> None:
    config = USERS_CONFIG.decode()
    assert trust.without_trust(config, TRUSTED.keys()) == config


@pytest.mark.parametrize("config", ["x = ", "hooks = {state = 5}"])
def test_settings_of_another_form(config: str) -> None:
    with pytest.raises(OutOfForm):
        trust.with_trust(config, TRUSTED)
    with pytest.raises(OutOfForm):
        trust.without_trust(config, TRUSTED.keys())
