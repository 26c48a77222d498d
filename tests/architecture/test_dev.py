"""`./dev` installs only when something changed, and says plainly what is missing."""

import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("dev", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def dev(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A checkout's script as a module; its installation only notes what it was asked for."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("dev_script", str(checkout / "dev"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    module.PYTHON.parent.mkdir(parents=True)
    module.PYTHON.symlink_to(sys.executable)
    module.__dict__["installed"] = []
    monkeypatch.setattr(module, "sync", module.__dict__["installed"].append)
    return module


def test_the_first_set_up_installs_and_the_second_does_not(dev: ModuleType) -> None:
    dev.set_up(dev.TEST)
    dev.set_up(dev.TEST)
    dev.set_up(dev.RUNTIME)
    assert dev.installed == [dev.TEST]


def test_a_wider_set_up_keeps_what_was_there(dev: ModuleType) -> None:
    dev.set_up(dev.TEST)
    dev.set_up(frozenset({"build"}))
    assert dev.installed == [dev.TEST, dev.TEST | {"build"}]


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock", ".venv/pyvenv.cfg"])
def test_a_change_installs_again(dev: ModuleType, checkout: Path, name: str) -> None:
    dev.set_up(dev.RUNTIME)
    with (checkout / name).open("a") as file:
        file.write("\n# changed\n")
    dev.set_up(dev.RUNTIME)
    assert dev.installed == [dev.RUNTIME, dev.RUNTIME]


def test_a_change_keeps_what_was_there(dev: ModuleType, checkout: Path) -> None:
    dev.set_up(dev.QUALITY)
    (checkout / "uv.lock").write_text("# another lock")
    dev.set_up(dev.RUNTIME)
    assert dev.installed == [dev.QUALITY, dev.QUALITY]


@pytest.mark.parametrize(
    "stamp",
    [pytest.param("", id="empty"), pytest.param("[]", id="list"), pytest.param("{", id="cut")],
)
def test_a_broken_stamp_installs_again(dev: ModuleType, stamp: str) -> None:
    dev.set_up(dev.RUNTIME)
    dev.STAMP.write_text(stamp)
    dev.set_up(dev.RUNTIME)
    assert dev.installed == [dev.RUNTIME, dev.RUNTIME]


def test_a_lost_environment_is_installed_again(dev: ModuleType) -> None:
    dev.set_up(dev.RUNTIME)
    dev.PYTHON.unlink()
    dev.set_up(dev.RUNTIME)
    assert dev.installed == [dev.RUNTIME, dev.RUNTIME]


def test_without_pip_one_line_says_what_to_install(checkout: Path) -> None:
    # `python -m pip` takes what the working directory has first.
    (checkout / "pip.py").write_text("raise SystemExit('No module named pip')")
    result = run(checkout, "setup")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "apt-get install python3-pip" in result.stderr


def test_an_unknown_command_is_a_usage_error(checkout: Path) -> None:
    result = run(checkout, "tset")
    assert result.returncode == 2
    assert "no command 'tset'" in result.stderr


def test_an_unknown_slow_suite_is_a_usage_error(checkout: Path) -> None:
    result = run(checkout, "slow", "browsers")
    assert result.returncode == 2
    assert "no slow suite browsers" in result.stderr


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, checkout / "dev", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
