"""Builds the relay that agents start for every hook call, and installs the best one there is.

    python -m assent.entrypoints.hook.relay_build     build the relay of a development checkout

Best first: the compiled relay of a release wheel, the one built in this checkout, one built on the
spot by the system's compiler, relay.py under this interpreter. Only a relay that was seen running
at its place is used: agents let every call run when their hook does not start.
"""

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assent.app.agents import Dialect
from assent.errors import UnavailableError

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "relay.c"
SCRIPTS = (HERE / "relay_call.py", HERE / "relay.py")
BUILDS = HERE / "bin"

RELAY_NAME = "assent-relay"
SELF_TEST = "--version"
SELF_TEST_OUTPUT = b"assent-relay 1\n"
SELF_TEST_LIMIT_S = 10.0

CC_FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra")
# Without symbols and build id the same source gives the same bytes, wherever it is built.
ZIG_FLAGS = ("-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", "-s", "-Wl,--build-id=none")

TARGETS = {
    "linux-x86_64": "x86_64-linux-musl",
    "linux-aarch64": "aarch64-linux-musl",
    "macos-x86_64": "x86_64-macos.11.0-none",
    "macos-aarch64": "aarch64-macos.11.0-none",
}
"""The platforms of a release wheel, with the names that zig has for them."""


@dataclass(frozen=True, slots=True)
class Built:
    path: Path


@dataclass(frozen=True, slots=True)
class NotBuilt:
    reason: str


Build = Built | NotBuilt


@dataclass(frozen=True, slots=True)
class RelayCommand:
    """An installed relay: `program` is how it is started, before its own arguments."""

    program: tuple[str, ...]
    compiled: bool

    def argv(
        self,
        *,
        socket: Path,
        dialect: Dialect,
        agent: str,
        event: str,
        env_names: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """The command line for one event; `env_names` are sent along where they are set."""
        return (*self.program, str(socket), dialect, agent, event, *env_names)

    def shell_quoted(
        self,
        *,
        socket: Path,
        dialect: Dialect,
        agent: str,
        event: str,
        env_names: Sequence[str] = (),
    ) -> str:
        """`argv` as one line for a POSIX shell, which is how agents keep it in their settings."""
        return shlex.join(
            self.argv(socket=socket, dialect=dialect, agent=agent, event=event, env_names=env_names)
        )


# Building


def build_with_cc(out: Path) -> Build:
    """Build for this machine with the system's compiler.

    A static program first, for loading a library is most of the time that a dynamic one takes;
    not every system can link one.
    """
    compiler = find_cc()
    if compiler is None:
        return NotBuilt("no C compiler (cc) was found")
    static = compile_relay([compiler, *CC_FLAGS, "-static"], out)
    return static if isinstance(static, Built) else compile_relay([compiler, *CC_FLAGS], out)


def build_with_zig(target: str, out: Path) -> Build:
    """Build for `target`, a key of TARGETS, with the compiler of the package ziglang."""
    if not has_zig():
        return NotBuilt("the package ziglang is not installed")
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[target]]
    return compile_relay([*zig, *ZIG_FLAGS], out)


def build_development_relay() -> Build:
    """Build into this checkout, and remove what was built there of other sources."""
    out = development_relay()
    shutil.rmtree(out.parent, ignore_errors=True)
    return build_with_cc(out)


def find_cc() -> str | None:
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "darwin":
        return compiler
    # The cc of a Mac without developer tools only opens a window that offers to install them.
    tools = subprocess.run(["xcode-select", "-p"], capture_output=True, check=False)
    return compiler if tools.returncode == 0 else None


def has_zig() -> bool:
    return importlib.util.find_spec("ziglang") is not None


def compile_relay(command: Sequence[str], out: Path) -> Build:
    """Run a compiler; `out` is either the whole program or as it was before."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".build-") as scratch:
        program = Path(scratch) / RELAY_NAME
        completed = subprocess.run(
            [*command, "-o", str(program), str(SOURCE)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if completed.returncode != 0 or not program.exists():
            message = completed.stderr.decode(errors="replace").strip()
            return NotBuilt(message or f"{command[0]} ended with {completed.returncode}")
        program.replace(out)
    return Built(out)


def source_name() -> str:
    """A file name that changes with the source."""
    return f"{RELAY_NAME}-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}"


def development_relay() -> Path:
    return BUILDS / "dev" / source_name()


def release_relay(target: str) -> Path:
    """Where a release wheel has the relay for `target`."""
    return BUILDS / target / RELAY_NAME


def this_machine() -> str:
    """This machine in the words of TARGETS; it need not be one of them."""
    system = "macos" if sys.platform == "darwin" else sys.platform
    machine = platform.machine().lower()
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(machine, machine)
    return f"{system}-{machine}"


# Installing


def install_relay(bin_dir: Path) -> RelayCommand:
    """Put the best relay that runs here into `bin_dir`, in one step, and say how to start it.

    A relay that is in use is replaced without a moment in which there is none. One that is no
    longer the best stays where it is, for an agent's settings may still name it.
    """
    bin_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for candidate in compiled_relays(bin_dir):
        if install_files({RELAY_NAME: candidate}, bin_dir, prefix=()):
            return RelayCommand((str(bin_dir / RELAY_NAME),), compiled=True)
    interpreter = (base_interpreter(), "-I", "-S", "-E")
    scripts = {script.name: script for script in SCRIPTS}
    if install_files(scripts, bin_dir, prefix=interpreter):
        return RelayCommand((*interpreter, str(bin_dir / SCRIPTS[-1].name)), compiled=False)
    raise UnavailableError(
        f"No relay runs from {bin_dir}, so no agent can be gated.",
        hint="Choose an ASSENT_HOME on a disk from which programs may run.",
    )


def installed_relay(bin_dir: Path) -> RelayCommand:
    """The relay that stands in `bin_dir`, which another user keeps. Raises UnavailableError."""
    compiled = (str(bin_dir / RELAY_NAME),)
    if runs(compiled):
        return RelayCommand(compiled, compiled=True)
    script = (base_interpreter(), "-I", "-S", "-E", str(bin_dir / SCRIPTS[-1].name))
    if runs(script):
        return RelayCommand(script, compiled=False)
    raise UnavailableError(
        f"No relay can be started from {bin_dir}.",
        hint="Ask whoever runs Assent here: it has to be up, and you a member of its group.",
    )


def compiled_relays(bin_dir: Path) -> Iterator[Path]:
    """The compiled relays to try; the last one is built when it is asked for, once."""
    yield from (
        path for path in (release_relay(this_machine()), development_relay()) if path.exists()
    )
    own = bin_dir / "built" / source_name()
    if runs([str(own)]) or isinstance(build_with_cc(own), Built):
        yield own


def install_files(files: Mapping[str, Path], bin_dir: Path, *, prefix: tuple[str, ...]) -> bool:
    """Copy `files`, sources by name, if the last one runs when started with `prefix`.

    False leaves `bin_dir` as it was.
    """
    *_parts, program = files
    installed = (*prefix, str(bin_dir / program))
    if all(holds(bin_dir / name, source) for name, source in files.items()) and runs(installed):
        return True
    with tempfile.TemporaryDirectory(dir=bin_dir, prefix=".install-") as scratch:
        for name, source in files.items():
            copy_durably(source, Path(scratch) / name)
        if not runs((*prefix, str(Path(scratch) / program))):
            return False
        for name in files:
            (Path(scratch) / name).replace(bin_dir / name)
    # A first run leaves relay_call.py compiled; a sandboxed agent's hook could not write that.
    return runs(installed)


def copy_durably(source: Path, target: Path) -> None:
    """Half a program after a power cut would not start, and so would let every call run."""
    with target.open("wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    target.chmod(0o755)


def holds(path: Path, source: Path) -> bool:
    try:
        return path.read_bytes() == source.read_bytes()
    except OSError:
        return False


def runs(program: Sequence[str]) -> bool:
    try:
        completed = subprocess.run(
            [*program, SELF_TEST],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SELF_TEST_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return completed.returncode == 0 and completed.stdout == SELF_TEST_OUTPUT


def base_interpreter() -> str:
    """The interpreter behind a virtual environment: it is still there when that is removed."""
    base: str | None = getattr(sys, "_base_executable", None)
    return base or sys.executable


def main() -> int:
    """Build the relay of a development checkout; 1 with the reason when there is none."""
    match build_development_relay():
        case Built(path):
            sys.stdout.write(f"{path}\n")
            return 0
        case NotBuilt(reason):
            sys.stderr.write(f"{reason}\n")
            return 1


if __name__ == "__main__":
    sys.exit(main())
