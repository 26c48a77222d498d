"""Contents of blobs, one after another, from one process."""

import subprocess
from types import TracebackType
from typing import Self

from assent.adapters.git.run import Git
from assent.errors import UnavailableError


class Blobs:
    """Open it with `with`. The process starts with the first blob that is asked for."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def content(self, blob: str) -> bytes:
        """The bytes of `blob`. Raises UnavailableError when the repository has it not."""
        if self._process is None:
            self._process = self._git.start("cat-file", "--batch")
        asked, said = self._process.stdin, self._process.stdout
        assert asked is not None
        assert said is not None
        try:
            asked.write(f"{blob}\n".encode())
            asked.flush()
            words = said.readline().split()
            if len(words) == 3 and words[1] == b"blob":
                content = said.read(int(words[2]))
                said.read(1)
                return content
        except BrokenPipeError:
            pass
        raise UnavailableError(
            f"The content {blob[:12]} is not in the checkpoints any more.",
            hint="Restore another checkpoint.",
        )
