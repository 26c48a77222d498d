"""A clone as whoever verifies it reads it: objects and refs, no files, nothing that is run."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from assent.adapters.git.bare import NO_TRANSPORT
from assent.adapters.git.log import TRACKED
from assent.adapters.git.log_reading import read_commits
from assent.adapters.git.patches import patches
from assent.adapters.git.run import Git, ask, environment
from assent.app.proof.verify_range import Heads
from assent.core.proof.answers import Commit
from assent.core.proof.log import LOG_REF, LogCommit
from assent.errors import UnavailableError, UsageError

QUARANTINE = (
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
"""By these a server's hook sees what is being pushed, before it is accepted."""
LOOKED_BACK = 1000
_SEEN = re.compile(rb"^Assent-Log: ([0-9a-f]{40,64})$", re.MULTILINE)
_ASSENT = b" <assent@localhost> "


class Clone:
    """Implements `CodeHistory` for the repository that `folder` lies in.

    `log`: where the log of decisions ends, where that is not what the refs say.
    """

    def __init__(
        self, folder: Path, *, env: Mapping[str, str] | None = None, log: str | None = None
    ) -> None:
        known = {name: value for name, value in (env or {}).items() if name in QUARANTINE}
        found = ask(
            folder, "rev-parse", "--absolute-git-dir", env={**environment(), **_own(env or {})}
        )
        if not found:
            raise UsageError(f"{folder} lies in no repository of git.", hint="Go to one.")
        self._git = Git(Path(found), env={**NO_TRANSPORT, **known})
        self._log = log

    def heads(self) -> Heads:
        if self._log is not None:
            return Heads(self._log, is_cut=self._is_cut(self._log))
        printed = self._git.output(
            "for-each-ref", "--format=%(objectname) %(refname)", LOG_REF, TRACKED
        )
        refs = {}
        for line in os.fsdecode(printed).splitlines():
            name, _, ref = line.partition(" ")
            if ref == LOG_REF or ref.endswith("/log"):
                refs[ref] = name
        if not refs:
            return Heads("")
        names = list(dict.fromkeys(refs.values()))
        alone = self._git.output("merge-base", "--independent", *names).decode("ascii").split()
        own = refs.get(LOG_REF)
        head = own if own in alone else alone[0]
        beside = tuple(ref for ref, name in refs.items() if name in alone and name != head)
        return Heads(head, beside, is_cut=self._is_cut(head))

    def _is_cut(self, head: str) -> bool:
        shallow = self._git.git_dir / "shallow"
        common = self._git.line("rev-parse", "--git-common-dir")
        for file in (shallow, self._git.git_dir / common / "shallow"):
            if file.is_file():
                cut = set(file.read_text("ascii", "replace").split())
                listed = self._git.output("rev-list", "--first-parent", "--max-parents=0", head)
                return bool(cut & set(listed.decode("ascii").split()))
        return False

    def log(self, head: str) -> Sequence[LogCommit]:
        return read_commits(self._git, head)

    def commits(self, given: str) -> Sequence[Commit]:
        base, dots, end = given.partition("..")
        named = [base, end or "HEAD"] if dots else [base]
        for name in named if base else named[1:]:
            if name.startswith(("-", ".")) or self._commit(name) is None:
                raise UsageError(
                    f"`{name}` names no commit here.", hint="Write a range as `v1.0..main`."
                )
        words = ("--max-count=1", base) if not dots else (named[1], *([f"^{base}"] if base else []))
        listed = self._git.output("rev-list", "--first-parent", "--reverse", *words, "--")
        return self._read(listed.decode("ascii").split())

    def _commit(self, name: str) -> str | None:
        done = self._git.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        return done.stdout.decode("ascii").strip() if done.returncode == 0 else None

    def _read(self, names: Sequence[str]) -> list[Commit]:
        if not names:
            return []
        given = "".join(f"{name}\n" for name in names).encode("ascii")
        printed = self._git.output("cat-file", "--batch", given=given)
        found, at = [], 0
        for name in names:
            end = printed.index(b"\n", at)
            size = int(printed[at:end].split(b" ")[2])
            found.append(_commit(name, printed[end + 1 : end + 1 + size]))
            at = end + 2 + size
        return found

    def history(self, name: str) -> Sequence[str]:
        tip = self.tip_of(name)
        if not tip:
            return ()
        return self._git.output("rev-list", "--first-parent", tip).decode("ascii").split()

    def between(self, base: str, end: str) -> Sequence[Commit]:
        known = self._commit(base) is not None and self.is_ancestor(base, end)
        most = (f"^{base}",) if known else (f"--max-count={LOOKED_BACK}",)
        listed = self._git.output("rev-list", "--first-parent", end, *most)
        return self._read(listed.decode("ascii").split()[::-1])

    def usual_branch(self) -> str:
        """The branch that things are merged into: the remote's default one, else `main`, `master`
        or `trunk`; `refs/heads/main` where there is none of them."""
        origin = self._git.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        named = os.fsdecode(origin.stdout).strip().removeprefix("refs/remotes/origin/")
        for name in (named, "main", "master", "trunk"):
            if name and self.tip_of(f"refs/heads/{name}"):
                return f"refs/heads/{name}"
        return "refs/heads/main"

    def default_branch(self) -> str:
        """What HEAD names: a server's default branch."""
        found = self._git.run("symbolic-ref", "--quiet", "HEAD")
        return os.fsdecode(found.stdout).strip() or "refs/heads/main"

    def tip_of(self, ref: str) -> str:
        """The commit that a branch ends with, here or where the remote had it; empty: none."""
        remote = f"refs/remotes/origin/{ref.removeprefix('refs/heads/')}"
        return self._commit(ref) or self._commit(remote) or ""

    def is_ancestor(self, one: str, other: str) -> bool:
        return self._git.run("merge-base", "--is-ancestor", one, other).returncode == 0

    def log_head(self) -> str:
        """The commit that the own log ends with; empty: there is none."""
        return self._commit(LOG_REF) or ""

    def hunks(self, commit: Commit) -> frozenset[str] | None:
        try:
            read = patches(self._git, commit.parent, commit.id)
        except UnavailableError:
            return None
        return frozenset(hunk.id for patch in read for hunk in patch.hunks)


def _own(env: Mapping[str, str]) -> dict[str, str]:
    """Where a server's hook runs: git tells it by its environment."""
    return {name: env[name] for name in ("GIT_DIR", *QUARANTINE) if name in env}


def _commit(name: str, raw: bytes) -> Commit:
    head, _, message = raw.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, []).append(value)
    seen = _SEEN.search(message)
    return Commit(
        id=name,
        parents=tuple(each.decode("ascii") for each in fields.get(b"parent", [])),
        tree=fields[b"tree"][0].decode("ascii"),
        title=message.split(b"\n", 1)[0].decode("utf-8", "replace"),
        by_assent=_ASSENT in fields.get(b"committer", [b""])[0],
        seen_log="" if seen is None else seen[1].decode("ascii"),
    )
