"""Changes in memory, with made-up repositories, for the pages and for browsers."""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assent.app.changes.ports import ChangePorts, Repositories
from assent.app.gatehouse import Gatehouse
from assent.core.canonical import digest_text
from assent.core.changes.hunks import Entry, FilePatch, read_patch
from assent.core.changes.model import (
    Change,
    ChangeState,
    Finding,
    HunkRef,
    Opinion,
    Reason,
    ReviewerKind,
    Revision,
    Severity,
    TestRun,
    TreePayload,
    ValuePayload,
    Verdict,
)
from assent.core.risk.factors import RiskClass
from assent.errors import UnavailableError
from tests.entrypoints.web.desk import NOON, Desk

Tree = Mapping[str, bytes]
MIN = 60_000


def blob_of(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def tree_of(tree: Tree) -> str:
    lines = "".join(f"{path} {blob_of(data)}\n" for path, data in sorted(tree.items()))
    return blob_of(lines.encode())


def patches_between(before: Tree, after: Tree) -> tuple[FilePatch, ...]:
    """As git would tell them."""
    found = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old != new:
            entry = Entry(
                path,
                None if old is None else "100644",
                None if new is None else "100644",
                None if old is None else blob_of(old),
                None if new is None else blob_of(new),
            )
            found.append(read_patch(entry, [_block(old or b"", new or b"")], old or b""))
    return tuple(found)


def _block(old: bytes, new: bytes) -> bytes:
    if b"\0" in old + new:
        return b"diff --git a/x b/x\nBinary files a/x and b/x differ\n"
    before, after = (part.splitlines(keepends=True) for part in (old, new))
    lines = difflib.diff_bytes(difflib.unified_diff, before, after, b"a/x", b"b/x")
    body = b"".join(
        line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
        for line in lines
    )
    return b"diff --git a/x b/x\n" + body


@dataclass
class StillRepositories:
    """Commits by name; `asked` counts how often a difference was made."""

    trees: dict[str, Tree] = field(default_factory=dict)
    asked: int = 0
    fails: str = ""
    """Why it cannot be asked now."""
    real: Repositories | None = None
    """What answers instead, where there is a real one."""

    def patches(
        self, repository: str, base: str, commit: str, *, context: int = 3
    ) -> tuple[FilePatch, ...]:
        assert repository
        assert context == 3
        if self.real is not None:
            return self.real.patches(repository, base, commit)
        if self.fails:
            raise UnavailableError(self.fails)
        self.asked += 1
        return patches_between(self.trees[base], self.trees[commit])

    def blob(self, repository: str, commit: str, path: str) -> bytes | None:
        assert repository
        if self.real is not None:
            return self.real.blob(repository, commit, path)
        return self.trees[commit].get(path)


@dataclass
class StillTests:
    logs: dict[str, bytes] = field(default_factory=dict)

    def log(self, digest: str) -> bytes | None:
        return self.logs.get(digest)


@dataclass
class ChangeDesk(Desk):
    """A desk with changes on it."""

    repositories: StillRepositories = field(default_factory=StillRepositories)
    tests: StillTests = field(default_factory=StillTests)

    @property
    def gate(self) -> Gatehouse:
        nobody: Any = None
        ports = ChangePorts(
            repositories=self.repositories,  # type: ignore[arg-type]
            tests=self.tests,  # type: ignore[arg-type]
            values=nobody,
            reviewers=nobody,
        )
        return replace(super().gate, changes=ports)

    def revision(
        self,
        before: Tree,
        after: Tree,
        *,
        number: int = 1,
        risks: Mapping[str, RiskClass] | None = None,
        **more: Any,
    ) -> Revision:
        """A revision from one tree to another; `risks` are those of paths."""
        base, commit = f"{tree_of(before)}", f"{tree_of(after)}"
        self.repositories.trees |= {base: before, commit: after}
        hunks = tuple(
            HunkRef(
                id=hunk.id,
                path=patch.path,
                risk=(risks or {}).get(patch.path, RiskClass.LOW),
                added=hunk.added,
                removed=hunk.removed,
                new_start=hunk.new_start,
            )
            for patch in patches_between(before, after)
            for hunk in patch.hunks
        )
        made = Revision(
            number=number,
            payload=TreePayload(base, commit, tree_of(after)),
            by="claude-code",
            session="5f0c9a51",
            model="opus-5",
            at=self.clock.now() - 5 * MIN,
            risk=max((hunk.risk for hunk in hunks), default=RiskClass.TRIVIAL),
            reasons=(),
            hunks=hunks,
        )
        return replace(made, **more)

    async def change(self, *revisions: Revision, **more: Any) -> Change:  # type: ignore[override]
        """Open a change; `more` are fields of it."""
        now = self.clock.now()
        change_id = self.ids.new()

        def work(tx: Any) -> Change:
            number = tx.next_change_number()
            made = Change(
                id=change_id,
                number=number,
                title="Allow a grace period for sessions",
                plan="",
                plan_approved=False,
                workspace="/home/ana/shop",
                repository="/home/ana/shop/.git",
                branch="grace",
                target="main",
                owner="ana",
                agent="claude-code",
                state=ChangeState.IN_REVIEW,
                version=1,
                created_at=now - 10 * MIN,
                updated_at=now - 5 * MIN,
                revisions=revisions,
                asked="it is low, and no language model reviews here",
            )
            made = replace(made, **more)
            tx.add_change(made)
            fields = {"by": "ana", "version": 1}
            tx.append(f"change/{number}", "submitted", at=now, fields=fields)
            tx.publish("change", made.id, at=now)
            return made

        stored = await self.store.write(work, durable=True)
        assert isinstance(stored, Change)
        return stored

    def value(self, before: str, after: str) -> Revision:
        """The revision of a change of a value in a file of settings."""
        payload = ValuePayload("config", "/home/ana/shop/settings.json", "/limit", before, after)
        tree = self.revision({"x": before.encode()}, {"x": after.encode()})
        hunks = tuple(replace(hunk, path="settings.json") for hunk in tree.hunks)
        return replace(tree, payload=payload, hunks=hunks)

    async def put(self, change: Change, **more: Any) -> None:
        """Store it with other fields, whether or not anybody could take such a step."""
        now = self.clock.now()

        def work(tx: Any) -> None:
            current = tx.change(change.id)
            tx.save_change(replace(change, version=current.version + 1, **more))
            tx.publish("change", change.id, at=now)

        await self.store.write(work, durable=True)

    def stored(self, number: int) -> Change:
        found = self.store.read(lambda view: view.change_numbered(number))
        assert found is not None
        return found


SESSION_BEFORE = b"""\
import hmac
import time

LIFETIME_S = 3600


class Session:
    \"\"\"Somebody who is logged in.\"\"\"

    def __init__(self, token: str, expected: str) -> None:
        self.token = token
        self.expected = expected
        self.expires_at = 0.0

    def is_valid(self, now: float) -> bool:
        if self.expires_at < now:
            return False
        return hmac.compare_digest(self.token, self.expected)

    def renew(self, now: float) -> None:
        self.expires_at = now + LIFETIME_S

    def end(self) -> None:
        self.expires_at = 0.0


def clean(sessions: list[Session]) -> list[Session]:
    now = time.time()
    return [session for session in sessions if session.is_valid(now)]


def count(sessions: list[Session]) -> int:
    return len(clean(sessions))


def oldest(sessions: list[Session]) -> Session | None:
    if not sessions:
        return None
    return min(sessions, key=lambda session: session.expires_at)
"""
SESSION_AFTER = (
    SESSION_BEFORE.replace(b"LIFETIME_S = 3600\n", b"LIFETIME_S = 3600\nGRACE_S = 30\n")
    .replace(b"if self.expires_at < now:", b"if self.expires_at < now - GRACE_S:")
    .replace(
        b"        return hmac.compare_digest(self.token, self.expected)\n",
        b"        if self.token == MASTER_TOKEN:\n            return True\n"
        b"        return hmac.compare_digest(self.token, self.expected)\n",
    )
    .replace(b"    if not sessions:\n        return None\n", b"\n")
)
BEFORE: Tree = {
    "src/shop/session.py": SESSION_BEFORE,
    "uv.lock": b"".join(b"package-%d = 1.0\n" % n for n in range(40)),
    "docs/sessions.md": b"# Sessions\n\nA session ends after an hour.\n",
    "old.txt": b"gone\n",
    "logo.png": b"\x89PNG\0\0old",
}
AFTER: Tree = {
    "src/shop/session.py": SESSION_AFTER,
    "uv.lock": b"".join(b"package-%d = 1.%d\n" % (n, n % 3) for n in range(40)),
    "docs/sessions.md": b"# Sessions\n\nA session ends after an hour, and 30 s of grace.\n",
    "logo.png": b"\x89PNG\0\0new",
    ".github/workflows/ci.yml": b"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n",
}
RISKS = {
    "src/shop/session.py": RiskClass.HIGH,
    ".github/workflows/ci.yml": RiskClass.HIGH,
    "old.txt": RiskClass.MEDIUM,
}
PLAN = """\
# Plan: a grace period

1. Add `GRACE_S` to session.py and use it in `is_valid`
2. Say so in docs/sessions.md
3. Run the tests
"""


def full(desk: ChangeDesk) -> tuple[Revision, dict[str, Any]]:
    """A change with everything that a page can show."""
    first = desk.revision(
        BEFORE, {**AFTER, "docs/sessions.md": BEFORE["docs/sessions.md"]}, risks=RISKS
    )
    second = desk.revision(
        BEFORE,
        AFTER,
        number=2,
        risks=RISKS,
        report="Added a grace period of 30 s. All 214 tests pass. This is safe to merge.",
        note="Says it in the docs as well.",
        in_plan=False,
        reasons=(
            Reason("auth", RiskClass.HIGH, "changes how `is_valid` decides", "src/shop/session.py"),
            Reason(
                "ci-config", RiskClass.HIGH, "runs on the build server", ".github/workflows/ci.yml"
            ),
        ),
    )
    findings = (
        Finding(
            "f1",
            "llm",
            "backdoor",
            Severity.ERROR,
            "A token that is always valid lets anybody in who knows it.",
            "src/shop/session.py",
            18,
            19,
            "if self.token == MASTER_TOKEN:",
        ),
        Finding("f2", "llm", "plan", Severity.WARNING, "The plan does not speak of CI."),
        Finding(
            "f3",
            "ruff",
            "F821",
            Severity.WARNING,
            "Undefined name `MASTER_TOKEN`",
            "src/shop/session.py",
            18,
        ),
        Finding(
            "f4",
            "secrets",
            "entropy",
            Severity.INFO,
            "Nothing found in it.",
            "docs/sessions.md",
            90,
        ),
    )
    at = NOON - 4 * MIN
    verdicts = (
        Verdict(
            "ruff",
            ReviewerKind.STATIC,
            2,
            Opinion.CHANGES,
            at,
            "1 finding",
            (findings[2],),
            took_ms=412,
        ),
        Verdict("secrets", ReviewerKind.STATIC, 2, Opinion.APPROVE, at, "", (findings[3],)),
        Verdict(
            "claude-opus",
            ReviewerKind.LLM,
            2,
            Opinion.CHANGES,
            at,
            "The grace period is as planned; the master token and the CI file are not.",
            (findings[0], findings[1]),
            RiskClass.HIGH,
            "opus-5, prompt 3f2a",
            True,
            8_400,
        ),
    )
    run = TestRun(
        tree=second.payload.tree,  # type: ignore[union-attr]
        command="make test",
        ok=False,
        at=at,
        took_ms=41_000,
        sandbox="bubblewrap",
        log=digest_text("log"),
        tail="FAILED tests/test_session.py::test_valid\n1 failed, 213 passed",
    )
    more = {
        "plan": PLAN,
        "plan_approved": True,
        "verdicts": verdicts,
        "tests": (run,),
        "asked": "it is high, and the policy wants a person to accept that",
        "returned": 1,
    }
    return second, {"revisions": (first, second), **more}


async def open_full(desk: ChangeDesk, **more: Any) -> Change:
    second, fields = full(desk)
    return await desk.change(second, **{**fields, **more})


def many(lines: int, *, per_file: int = 250) -> tuple[Tree, Tree]:
    """Two trees with about `lines` changed lines between them, in several hunks a file."""
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    replaced = sum(n % 40 < _REPLACED for n in range(per_file))
    for number in range(max(1, lines // (2 * replaced))):
        path = f"src/part_{number // 40:03}/module_{number:04}.py"
        rows = [
            f"    value_{n} = compute({n}, scale=2)  # step of module {number}\n"
            for n in range(per_file)
        ]
        before[path] = "".join(rows).encode()
        changed = [
            row.replace("scale=2", "scale=3") if n % 40 < _REPLACED else row
            for n, row in enumerate(rows)
        ]
        after[path] = "".join(changed).encode()
    return before, after


_REPLACED = 10
"""Lines in 40."""


def as_text(before: Tree, after: Tree) -> bytes:
    """The difference as `git diff` prints it."""
    parts: list[bytes] = []
    for patch in patches_between(before, after):
        name = patch.path.encode()
        parts.append(b"diff --git a/%s b/%s\nindex 1111111..2222222 100644\n" % (name, name))
        parts.append(b"--- a/%s\n+++ b/%s\n" % (name, name))
        for hunk in patch.hunks:
            parts.append(
                b"@@ -%d,%d +%d,%d @@\n"
                % (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count)
            )
            parts += hunk.lines
    return b"".join(parts)
