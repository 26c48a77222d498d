"""Building the relay and installing it: only what was seen running at its place is used."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assent.entrypoints.hook import relay_build
from assent.entrypoints.hook.relay_build import Built, NotBuilt, RelayCommand, install_relay
from assent.errors import UnavailableError

ROOT = Path(__file__).resolve().parents[3]
SAYS_VERSION = "#!/bin/sh\necho assent-relay 1\n"
REAL_CC = relay_build.find_cc()


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def no_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package without any compiled relay."""
    builds = tmp_path / "package" / "bin"
    monkeypatch.setattr(relay_build, "BUILDS", builds)
    return builds


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory of PATH: without a compiler, until the test puts one there."""
    path = tmp_path / "path"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    return path


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    return tmp_path / "home" / "bin"


def release_relay() -> Path:
    return relay_build.release_relay(relay_build.this_machine())


# Building


def test_no_compiler_is_a_value(path: Path, tmp_path: Path) -> None:
    assert relay_build.build_with_cc(tmp_path / "out") == NotBuilt("no C compiler (cc) was found")


def test_failing_compiler_is_a_value_and_leaves_the_old_program(path: Path, tmp_path: Path) -> None:
    # The compiler's last two arguments are the output and the source.
    half = 'while [ $# -gt 2 ]; do shift; done\necho half > "$1"\n'
    write_program(path / "cc", f"#!/bin/sh\n{half}echo no such header >&2\nexit 1\n")
    out = tmp_path / "out"
    out.write_text("old")
    assert relay_build.build_with_cc(out) == NotBuilt("no such header")
    assert out.read_text() == "old"
    assert sorted(entry.name for entry in tmp_path.glob(".*")) == []


def test_compiler_that_writes_nothing_built_nothing(path: Path, tmp_path: Path) -> None:
    write_program(path / "cc", "#!/bin/sh\nexit 0\n")
    assert isinstance(relay_build.build_with_cc(tmp_path / "out"), NotBuilt)


def test_missing_ziglang_is_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_build, "has_zig", lambda: False)
    build = relay_build.build_with_zig("linux-x86_64", tmp_path / "out")
    assert build == NotBuilt("the package ziglang is not installed")


def test_checkout_without_a_compiler_says_so(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert relay_build.main() == 1
    assert capsys.readouterr() == ("", "no C compiler (cc) was found\n")


if REAL_CC is not None:

    def test_source_has_no_warnings(tmp_path: Path) -> None:
        strict = ["cc", *relay_build.CC_FLAGS, "-Werror", "-Wpedantic", "-Wconversion"]
        assert relay_build.compile_relay(strict, tmp_path / "out") == Built(tmp_path / "out")

    def test_system_without_static_libraries_gets_a_dynamic_relay(
        path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refuses_static = f'case "$*" in *-static*) exit 1;; esac\nexec {REAL_CC} "$@"\n'
        write_program(path / "cc", "#!/bin/sh\n" + refuses_static)
        monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.defpath}")
        assert relay_build.build_with_cc(tmp_path / "out") == Built(tmp_path / "out")
        assert relay_build.runs([str(tmp_path / "out")])

    def test_checkout_keeps_only_the_relay_of_its_source(
        no_builds: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_program(no_builds / "dev" / "assent-relay-0123456789abcdef", SAYS_VERSION)
        assert relay_build.main() == 0
        (built,) = (no_builds / "dev").iterdir()
        assert capsys.readouterr().out == f"{built}\n"
        assert relay_build.runs([str(built)])

    def test_installs_a_relay_compiled_on_the_spot(bin_dir: Path) -> None:
        relay = install_relay(bin_dir)
        assert relay == RelayCommand((str(bin_dir / "assent-relay"),), compiled=True)
        assert relay_build.runs(relay.program)
        assert [entry.name for entry in bin_dir.iterdir() if entry.is_file()] == ["assent-relay"]

    def test_installing_again_compiles_nothing(
        path: Path, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counts = f'#!/bin/sh\necho >> "{path}/calls"\nexec {REAL_CC} "$@"\n'
        write_program(path / "cc", counts)
        monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.defpath}")
        first = install_relay(bin_dir)
        calls = (path / "calls").read_text()
        assert install_relay(bin_dir) == first
        assert (path / "calls").read_text() == calls


# The tools of a release are in the dependency group `build`, not in the one of the tests.
if relay_build.has_zig():

    @pytest.mark.parametrize(
        ("target", "magic"),
        [
            ("linux-x86_64", b"\x7fELF"),
            ("linux-aarch64", b"\x7fELF"),
            ("macos-x86_64", b"\xcf\xfa\xed\xfe"),
            ("macos-aarch64", b"\xcf\xfa\xed\xfe"),
        ],
    )
    def test_same_source_gives_the_same_bytes_anywhere(
        tmp_path: Path, target: str, magic: bytes
    ) -> None:
        places = [tmp_path / "a" / "relay", tmp_path / "elsewhere" / "b" / "relay"]
        assert [relay_build.build_with_zig(target, out) for out in places] == [*map(Built, places)]
        first, second = (out.read_bytes() for out in places)
        assert first == second
        assert first.startswith(magic)


if relay_build.has_zig() and importlib.util.find_spec("hatchling"):

    @pytest.mark.parametrize("release", ["", "1"], ids=["ordinary", "release"])
    def test_only_a_release_wheel_holds_the_relays(tmp_path: Path, release: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
            cwd=ROOT,
            env=os.environ | {"ASSENT_WHEEL_RELAYS": release},
            capture_output=True,
            check=True,
        )
        (wheel,) = tmp_path.glob("*.whl")
        relays = {
            name.split("/")[-2] for name in zipfile.ZipFile(wheel).namelist() if "hook/bin/" in name
        }
        assert relays == (set(relay_build.TARGETS) if release else set())


# Installing


def test_the_relay_of_a_release_comes_first(path: Path, bin_dir: Path, no_builds: Path) -> None:
    write_program(release_relay(), SAYS_VERSION + "# release\n")
    write_program(relay_build.development_relay(), SAYS_VERSION + "# checkout\n")
    relay = install_relay(bin_dir)
    assert relay == RelayCommand((str(bin_dir / "assent-relay"),), compiled=True)
    assert (bin_dir / "assent-relay").read_text().endswith("# release\n")


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("\x7fELF of another machine", id="does-not-start"),
        pytest.param("#!/bin/sh\necho assent-relay 2\n", id="other-protocol"),
        pytest.param("#!/bin/sh\necho assent-relay 1\nexit 1\n", id="fails"),
        pytest.param("#!/bin/sh\n", id="says-nothing"),
        pytest.param("#!/no/such/interpreter\n", id="no-interpreter"),
    ],
)
def test_relay_that_does_not_run_is_not_installed(path: Path, bin_dir: Path, broken: str) -> None:
    write_program(release_relay(), broken)
    write_program(relay_build.development_relay(), SAYS_VERSION)
    assert install_relay(bin_dir).compiled
    assert (bin_dir / "assent-relay").read_text() == SAYS_VERSION
    assert [entry.name for entry in bin_dir.iterdir()] == ["assent-relay"]


def test_relay_that_hangs_is_not_installed(
    path: Path, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_build, "SELF_TEST_LIMIT_S", 0.2)
    write_program(release_relay(), "#!/bin/sh\nexec /bin/sleep 60\n")
    write_program(relay_build.development_relay(), SAYS_VERSION)
    assert install_relay(bin_dir).compiled
    assert (bin_dir / "assent-relay").read_text() == SAYS_VERSION


def test_python_relay_is_installed_when_nothing_compiled_runs(path: Path, bin_dir: Path) -> None:
    relay = install_relay(bin_dir)
    python = (relay_build.base_interpreter(), "-I", "-S", "-E")
    assert relay == RelayCommand((*python, str(bin_dir / "relay.py")), compiled=False)
    assert relay_build.runs(relay.program)
    for script in relay_build.SCRIPTS:
        assert (bin_dir / script.name).read_bytes() == script.read_bytes()
    (compiled,) = (bin_dir / "__pycache__").iterdir()
    assert compiled.name.startswith("relay_call.")


def test_python_relay_does_not_depend_on_the_virtual_environment(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--symlinks", environment], check=True
    )
    asks = (
        f"import sys; sys.path[:0] = [{str(ROOT / 'src')!r}]; "
        "from assent.entrypoints.hook import relay_build; print(relay_build.base_interpreter())"
    )
    interpreter = subprocess.run(
        [environment / "bin" / "python", "-c", asks], capture_output=True, check=True, text=True
    ).stdout.strip()
    shutil.rmtree(environment)
    assert relay_build.runs([interpreter, "-I", "-S", "-E", str(relay_build.SCRIPTS[-1])])


def test_no_relay_at_all_is_an_error(
    path: Path, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "_base_executable", str(path / "removed"))
    with pytest.raises(UnavailableError, match="no agent can be gated"):
        install_relay(bin_dir)
    assert list(bin_dir.iterdir()) == []


def test_installing_again_changes_nothing(path: Path, bin_dir: Path) -> None:
    write_program(release_relay(), SAYS_VERSION)
    first = install_relay(bin_dir)
    before = (bin_dir / "assent-relay").stat()
    assert install_relay(bin_dir) == first
    assert (bin_dir / "assent-relay").stat().st_ino == before.st_ino


@pytest.mark.parametrize("mode", [0o755, 0o644], ids=["changed", "not-executable"])
def test_installing_again_mends_a_broken_relay(path: Path, bin_dir: Path, mode: int) -> None:
    write_program(release_relay(), SAYS_VERSION)
    install_relay(bin_dir)
    if mode == 0o755:
        (bin_dir / "assent-relay").write_text("")
    (bin_dir / "assent-relay").chmod(mode)
    relay = install_relay(bin_dir)
    assert relay.compiled
    assert relay_build.runs(relay.program)


def test_relay_in_use_is_replaced(path: Path, bin_dir: Path) -> None:
    write_program(release_relay(), "#!/bin/sh\n[ $# = 0 ] && read line\necho assent-relay 1\n")
    old = install_relay(bin_dir)
    with subprocess.Popen(old.program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as in_use:
        write_program(release_relay(), SAYS_VERSION)
        install_relay(bin_dir)
        assert (bin_dir / "assent-relay").read_text() == SAYS_VERSION
        assert in_use.communicate(b"\n")[0] == b"assent-relay 1\n"


def test_old_compiled_relay_stays_for_the_settings_that_name_it(path: Path, bin_dir: Path) -> None:
    write_program(release_relay(), SAYS_VERSION)
    install_relay(bin_dir)
    release_relay().unlink()
    assert not install_relay(bin_dir).compiled
    assert relay_build.runs([str(bin_dir / "assent-relay")])


# The command line


def test_command_line_is_in_the_order_of_the_protocol() -> None:
    argv = RelayCommand(("/bin/assent-relay",), compiled=True).argv(
        socket=Path("/run/hook.sock"),
        dialect="exit2",
        agent="claude-code",
        event="PreToolUse",
        env_names=("CLAUDE_PROJECT_DIR", "TERM"),
    )
    assert argv == (
        *("/bin/assent-relay", "/run/hook.sock", "exit2", "claude-code", "PreToolUse"),
        *("CLAUDE_PROJECT_DIR", "TERM"),
    )


@pytest.mark.parametrize("home", ["/plain", "/My Home", "/it's", '/q"$(id)`id`\\', "/é;&|"])
def test_quoted_command_line_reaches_the_relay_word_for_word(tmp_path: Path, home: str) -> None:
    shows = write_program(tmp_path / home[1:] / "relay", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    line = RelayCommand((str(shows),), compiled=True).shell_quoted(
        socket=Path(home) / "hook.sock", dialect="json", agent="copilot", event="preToolUse"
    )
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines() == [f"{home}/hook.sock", "json", "copilot", "preToolUse"]
    assert shlex.split(line)[0] == str(shows)
