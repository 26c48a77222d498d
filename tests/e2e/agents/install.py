"""Installs the real coding agents, pinned, for the end-to-end tests.

`python tests/e2e/agents/install.py [--to DIR]`: from the package registry by `npm ci`, without
running anybody's install scripts, into a folder outside the tree (about 1.2 GB). A second run does
nothing; two runs at once do it once.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]

# Where npm leaves each agent's program when no install script links it. The folder's name ends in
# the platform, so it is found by its pattern.
_PROGRAMS: Mapping[str, str] = {
    "claude": "@anthropic-ai/claude-code-*/claude",
    "codex": "@openai/codex-*/vendor/*/bin/codex",
    "copilot": "@github/copilot-*/copilot",
    "gemini": "@google/gemini-cli/bundle/gemini.js",
    "opencode": "opencode-*/bin/opencode",
}
_SHOWN_LINES = 12
_MANIFESTS = ("package.json", "package-lock.json")


class InstallError(Exception):
    """The agents could not be installed; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Agents:
    """The installed agents. `programs` is a folder for PATH, named as users know them."""

    root: Path

    @property
    def programs(self) -> Path:
        return self.root / "bin"


def default_folder() -> Path:
    """`$ASSENT_AGENTS_DIR`, or a folder of the checkout that git ignores."""
    return Path(os.environ.get("ASSENT_AGENTS_DIR") or REPOSITORY / ".dev" / "agents")


def install(folder: Path) -> Agents:
    """The agents in `folder`, installed unless they are there already. Raises InstallError."""
    folder.mkdir(parents=True, exist_ok=True)
    agents = Agents(folder.resolve())
    stamp = folder / "installed"
    with _locked(folder / "lock"):
        wanted = _digest()
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            stamp.unlink(missing_ok=True)
            _install_packages(agents.root)
            _link_programs(agents)
            stamp.write_text(wanted, encoding="utf-8")
    return agents


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest() -> str:
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _MANIFESTS)).hexdigest()


def _install_packages(target: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise InstallError("the real agents need node (20 or newer) and npm on the PATH")
    for name in _MANIFESTS:
        shutil.copyfile(HERE / name, target / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = done.stderr.strip().splitlines()[:_SHOWN_LINES]
        raise InstallError("\n".join([f"npm ci failed in {target}", *errors]))


def _link_programs(agents: Agents) -> None:
    shutil.rmtree(agents.programs, ignore_errors=True)
    agents.programs.mkdir()
    for name, pattern in _PROGRAMS.items():
        found = sorted(
            (agents.root / "node_modules").glob(pattern), key=lambda path: len(str(path))
        )
        if not found:
            raise InstallError(f"{name}: its packages hold no program for this platform")
        (agents.programs / name).symlink_to(found[0])


def main() -> int:
    parser = argparse.ArgumentParser(description="Install the real agents for the e2e tests.")
    parser.add_argument("--to", type=Path, default=default_folder(), metavar="DIR")
    try:
        agents = install(parser.parse_args().to)
    except InstallError as error:
        sys.stderr.write(f"install.py: {error}\n")
        return 3
    sys.stdout.write(f"The real agents are in {agents.root}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
