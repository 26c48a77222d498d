"""Our plugin goes into opencode's folder, and out of it again."""

from dataclasses import replace
from pathlib import Path

import pytest

from assent.adapters.agents.opencode.install import OpencodeInstaller
from assent.app.agents import Surroundings
from tests.adapters.agents.conftest import tree

installer = OpencodeInstaller()


def plugin(here: Surroundings) -> Path:
    return here.home / ".config" / "opencode" / "plugins" / "assent.js"


def test_the_plugin_knows_the_relay(here: Surroundings) -> None:
    status = installer.install(here)
    assert (status.state, status.files) == ("installed", (plugin(here),))
    text = plugin(here).read_text()
    assert "@RELAY@" not in text
    relay = '[\n    "/opt/as sent/bin/assent-relay",\n    "/run/hook.sock",\n    '
    for name, dialect, event in (
        ("before", "exit2", "tool.execute.before"),
        ("after", "observe", "tool.execute.after"),
        ("session", "observe", "session.created"),
    ):
        said = f'"{name}": {relay}"{dialect}",\n    "opencode",\n    "{event}"\n  ]'
        assert said in text


def test_the_plugin_needs_no_package(here: Surroundings) -> None:
    installer.install(here)
    imports = [line for line in plugin(here).read_text().splitlines() if "import" in line]
    assert imports == ['import { spawn } from "node:child_process"']


@pytest.mark.parametrize("content", [None, b"export const Mine = async () => ({})\n"])
def test_installing_and_uninstalling_leaves_no_trace(
    here: Surroundings, content: bytes | None
) -> None:
    other = plugin(here).with_name("mine.js")
    other.parent.mkdir(parents=True)
    other.write_bytes(b"export const Other = async () => ({})\n")
    if content is not None:
        plugin(here).write_bytes(content)
    before = tree(here.home)
    assert [change.path for change in installer.preview(here)] == [plugin(here)]
    installer.install(here)
    installed = tree(here.home)
    assert installer.preview(here) == ()
    assert installer.install(here).state == "installed"
    assert tree(here.home) == installed
    assert installer.uninstall(here).state == "absent"
    assert tree(here.home) == before
    assert tree(here.assent_home) == {}


def test_folders_that_were_made_are_removed(here: Surroundings) -> None:
    installer.install(here)
    installer.uninstall(here)
    assert list(here.home.iterdir()) == []


def test_a_changed_plugin_is_noticed_mended_and_removed(here: Surroundings) -> None:
    installer.install(here)
    good = plugin(here).read_bytes()
    plugin(here).write_bytes(good.replace(b'"deny"', b'"never"'))
    assert installer.status(here).state == "altered"
    installer.install(here)
    assert plugin(here).read_bytes() == good
    plugin(here).write_bytes(good + b"// mine\n")
    assert installer.uninstall(here).state == "absent"
    assert not plugin(here).exists()


def test_a_moved_relay_is_noticed(here: Surroundings) -> None:
    installer.install(here)
    moved = replace(here, relay=lambda *_: ("/elsewhere/assent-relay",))
    assert installer.status(moved).state == "altered"


@pytest.mark.parametrize(
    ("value", "state"), [("1", "altered"), ("true", "altered"), ("0", "installed")]
)
def test_opencode_without_plugins_is_noticed(here: Surroundings, value: str, state: str) -> None:
    pure = replace(here, env={"OPENCODE_PURE": value})
    assert installer.install(pure).state == state


def test_another_folder_for_configuration(here: Surroundings, tmp_path: Path) -> None:
    elsewhere = replace(here, env={"XDG_CONFIG_HOME": str(tmp_path / "else")})
    (path,) = installer.install(elsewhere).files
    assert path == tmp_path / "else" / "opencode" / "plugins" / "assent.js"


def test_where_opencode_is_found(here: Surroundings, tmp_path: Path) -> None:
    assert installer.status(here).found == ""
    program = tmp_path / "opencode"
    program.touch(mode=0o755)
    assert installer.status(here).found == str(program)
