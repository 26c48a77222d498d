"""Running git: no configuration but ours, no hooks, no prompts, and never longer than allowed."""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assent.errors import UnavailableError

OPTIONS = (
    "--literal-pathspecs",
    "--no-replace-objects",
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.splitIndex=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "diff.suppressBlankEmpty=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "protocol.file.allow=always"),
    # Assent may run as another user than the repository's; what its configuration could start is
    # switched off here, so that whose it is makes no difference.
    *("-c", "safe.directory=*"),
)
LIMIT_S = 60.0
ASK_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Git:
    """git in one repository. Every method raises UnavailableError when git fails or is late."""

    git_dir: Path
    work_tree: Path | None = None
    env: Mapping[str, str] | None = None
    """Beyond the fixed environment: `GIT_INDEX_FILE`, authors and dates."""
    limit_s: float = LIMIT_S

    def output(self, *words: str, given: bytes = b"", limit_s: float | None = None) -> bytes:
        """What git prints."""
        done = self.run(*words, given=given, limit_s=limit_s)
        if done.returncode != 0:
            raise failed(words, done)
        return done.stdout

    def line(self, *words: str, given: bytes = b"") -> str:
        """The one line that git prints, without its end."""
        return os.fsdecode(self.output(*words, given=given)).rstrip("\n")

    def items(self, *words: str, given: bytes = b"") -> list[str]:
        """What git prints with `-z`."""
        return [os.fsdecode(item) for item in self.output(*words, given=given).split(b"\0") if item]

    def run(
        self, *words: str, given: bytes = b"", limit_s: float | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """git to its end, whatever it returns."""
        limit = self.limit_s if limit_s is None else limit_s
        with self._started(words, stderr=subprocess.PIPE) as process:
            # Not the limit of `communicate`, which asks again and again whether git has ended.
            late = threading.Event()
            watch = threading.Timer(limit, _end, ([process], late))
            watch.daemon = True
            watch.start()
            try:
                said, complained = process.communicate(given)
            except BaseException:
                process.kill()
                raise
            finally:
                watch.cancel()
        if late.is_set():
            raise _too_late(words, limit)
        return subprocess.CompletedProcess(process.args, process.returncode, said, complained)

    def outputs(
        self, *calls: Sequence[str], meanwhile: Callable[[], object] | None = None
    ) -> list[bytes]:
        """What several calls without input print. They work at once, and `meanwhile` with them."""
        running = [self.start(*words) for words in calls]
        late = threading.Event()
        watch = threading.Timer(self.limit_s, _end, (running, late))
        watch.daemon = True
        watch.start()
        try:
            if meanwhile is not None:
                meanwhile()
            said = [process.communicate()[0] for process in running]
        finally:
            watch.cancel()
            for process in running:
                if process.returncode is None:
                    process.kill()
                    process.communicate()
        if late.is_set():
            raise _too_late(calls[0], self.limit_s)
        for words, process in zip(calls, running, strict=True):
            if process.returncode != 0:
                raise failed(words, subprocess.CompletedProcess([], process.returncode, b"", b""))
        return said

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """git with open input and output, for the caller to end."""
        return self._started(words, stderr=subprocess.DEVNULL)

    def _started(self, words: Sequence[str], *, stderr: int) -> subprocess.Popen[bytes]:
        place = [f"--git-dir={self.git_dir}"]
        if self.work_tree is not None:
            place.append(f"--work-tree={self.work_tree}")
        try:
            return subprocess.Popen(
                ["git", *OPTIONS, *place, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**environment(), **(self.env or {})},
                cwd=self.work_tree or self.git_dir,
            )
        except OSError as error:
            raise UnavailableError(
                f"git cannot be started: {error}.", hint="Install git 2.39 or newer."
            ) from error


def _end(running: Sequence[subprocess.Popen[bytes]], late: threading.Event) -> None:
    late.set()
    for process in running:
        process.kill()


def _too_late(words: Sequence[str], limit: float) -> UnavailableError:
    return UnavailableError(
        f"git {command_of(words)} took longer than {limit:.0f} s.",
        hint="Try again when the machine is less busy.",
    )


def failed(words: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> UnavailableError:
    """The error for a call of git that failed."""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    why = said[-1] if said else "it did not say why"
    return UnavailableError(f"git {command_of(words)} failed ({done.returncode}): {why}.")


def command_of(words: Sequence[str]) -> str:
    """The command among the words, after settings that hold for this call alone."""
    return next(words[at] for at in range(0, len(words), 2) if words[at] != "-c")


def ask(folder: str | Path, *words: str, env: Mapping[str, str] | None = None) -> str | None:
    """git's answer about the folder that it is started in; None when it fails there.

    Raises UnavailableError when git cannot be started or is late: then nothing is known.
    """
    if not os.path.isdir(folder):
        return None
    try:
        done = subprocess.run(
            ["git", *OPTIONS, *words],
            cwd=folder,
            env=environment() if env is None else env,
            capture_output=True,
            timeout=ASK_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"git cannot be run: {error}.", hint="Install git.") from error
    return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def environment() -> dict[str, str]:
    """Nothing of the user's configuration, and nothing that could ask or wait."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ATTR_NOSYSTEM": "1",
    }
