"""A repository with a log of decisions, made entry by entry, and whoever tampers with it."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.adapters.git.bare import user_git
from assent.adapters.git.clones import Clone
from assent.adapters.git.log import GitLogs
from assent.adapters.git.patches import patches
from assent.adapters.identity.many import ManySignatures
from assent.adapters.identity.server_key import ServerKeyFile
from assent.app.proof.record import keys_predicate
from assent.app.proof.verify_range import Question, RangeVerification, verify_range
from assent.core.canonical import Json, canonical
from assent.core.people.model import Person
from assent.core.proof.answers import Answer, Wanted
from assent.core.proof.dsse import Envelope, Signature
from assent.core.proof.log import NewEntry, hexdigest
from assent.core.proof.statement import (
    DECISION,
    KEYS,
    MERGE,
    POLICY,
    Statement,
    Subject,
    statement_bytes,
)
from tests.adapters.git.executor_scene import User
from tests.signing import PasskeySigner, SshSigner

MAIN = "refs/heads/main"
EVIDENCE = b"what ana was shown"
POLICY_TEXT = b"[policy]\n"
Signer = SshSigner | PasskeySigner


def person(name: str, *signers: Signer, **more: Any) -> Person:
    return Person(
        name=name,
        added_at=0,
        added_by="",
        keys=tuple(each.key for each in signers if isinstance(each, SshSigner)),
        passkeys=tuple(each.passkey for each in signers if isinstance(each, PasskeySigner)),
        **more,
    )


@dataclass
class LogHouse:
    """`main` of a user's repository, and the log beside it."""

    user: User
    server: ServerKeyFile
    ana: SshSigner = field(default_factory=lambda: SshSigner("sk-ssh-ed25519@openssh.com"))
    ben: SshSigner = field(default_factory=SshSigner)
    logs: GitLogs = field(default_factory=GitLogs)
    people: list[Person] = field(default_factory=list)
    last_keys: str = ""
    at: int = 1_700_000_000_000
    number: int = 0

    @classmethod
    def make(cls, folder: Path, *, form: str = "sha1") -> "LogHouse":
        user = User.make(folder / "repo", form=form)
        house = cls(user, ServerKeyFile(folder / "server.key"))
        house.people = [person("ana", house.ana, roles=("admin",)), person("ben", house.ben)]
        house.keys()
        return house

    @property
    def repository(self) -> str:
        return str(self.user.folder / ".git")

    @property
    def head(self) -> str:
        return self.logs.head(str(self.user.folder))

    def now(self) -> int:
        self.at += 1000
        return self.at

    # --- entries

    def append(self, *entries: NewEntry) -> str:
        state = self.logs.state(self.repository)
        made = self.logs.append(self.repository, entries, after=state, at=self.now())
        assert made is not None
        return made

    def entry(
        self,
        kind: str,
        subjects: Sequence[Subject],
        predicate: dict[str, Json],
        signers: Sequence[Signer | Signature] = (),
        *,
        server: bool = True,
        evidence: tuple[bytes, ...] = (),
        policy: bytes | None = None,
    ) -> NewEntry:
        payload = statement_bytes(Statement(kind, tuple(subjects), predicate))
        signatures = [
            each if isinstance(each, Signature) else each.signature(payload) for each in signers
        ]
        if server:
            signatures.append(self.server.sign(payload))
        return NewEntry(Envelope(payload, tuple(signatures)), evidence, policy)

    def keys(
        self,
        *,
        signers: Sequence[Signer] = (),
        server: bool = True,
        what: str = "changed",
        prev: str | None = None,
    ) -> str:
        change: dict[str, Json] = {"what": what, "who": "", "by": "", "factor": ""}
        public = self.server.public
        predicate = {
            **keys_predicate(self.people, change=change, at=self.now()),
            "server": [{"keyid": public.keyid, "publicKey": public.blob}],
            "prev": self.last_keys if prev is None else prev,
        }
        subject = Subject("keys", {"sha256": hexdigest(canonical(predicate["people"]))})
        made = self.entry(KEYS, [subject], predicate, signers, server=server)
        self.last_keys = made.id
        self.append(made)
        return made.id

    def hunks(self, base: str, commit: str) -> list[str]:
        git = user_git(Path(self.repository))
        return sorted(h.id for each in patches(git, base, commit) for h in each.hunks)

    def tree(self, commit: str) -> str:
        return self.user.git("rev-parse", f"{commit}^{{tree}}")

    def decision(
        self,
        base: str,
        commit: str,
        *,
        by: str = "ana",
        signers: Sequence[Signer] | None = None,
        server: bool = True,
        **more: Json,
    ) -> NewEntry:
        """Somebody accepts all of base..commit as `CH-<number>` of main."""
        hunks, tree = self.hunks(base, commit), self.tree(commit)
        bound = hexdigest(canonical([base, tree, hunks]))
        change = more.pop("change", f"CH-{self.number}")
        predicate: dict[str, Json] = {
            "decision": "accept",
            "by": by,
            "via": "cli",
            "change": change,
            "revision": 1,
            "ref": MAIN,
            "base": base,
            "tree": tree,
            "hunks": hunks,
            "whole": True,
            "binding": f"sha256:{bound}",
            "reason": "looks right",
            "evidence": [{"name": "risk", "digest": f"sha256:{hexdigest(EVIDENCE)}"}],
            "at": self.now(),
            "seenLogHead": self.head,
            **more,
        }
        subjects = [Subject(MAIN, {"gitTree": tree}), Subject(str(change), {"sha256": bound})]
        mine = [self.ana if by == "ana" else self.ben] if signers is None else signers
        return self.entry(
            DECISION,
            subjects,
            predicate,
            mine,
            server=server,
            evidence=(EVIDENCE,),
        )

    def merge_entry(
        self, before: str, after: str, /, *decisions: NewEntry, **more: Json
    ) -> NewEntry:
        tree = self.tree(after)
        predicate: dict[str, Json] = {
            "change": f"CH-{self.number}",
            "ref": MAIN,
            "before": before,
            "after": after,
            "tree": tree,
            "binding": _binding(decisions[0]) if decisions else "",
            "decisions": [f"sha256:{each}" for each in (one.id for one in decisions)],
            "tests": {"command": "make test", "outcome": "passed"},
            "owner": "ana",
            "at": self.now(),
            **more,
        }
        return self.entry(MERGE, [Subject(MAIN, {"gitTree": tree})], predicate)

    def policy(self, text: bytes = POLICY_TEXT, **more: Json) -> NewEntry:
        predicate: dict[str, Json] = {
            "policy": f"sha256:{hexdigest(text)}",
            "before": "",
            "by": "ana",
            "at": self.now(),
            **more,
        }
        subject = Subject("policy", {"sha256": hexdigest(text)})
        return self.entry(POLICY, [subject], predicate, policy=text)

    # --- code

    def change(self, path: str = "b.txt", text: str = "more\n") -> tuple[str, str]:
        """A commit on a branch from main: its base, and it."""
        self.number += 1
        base = self.user.git("rev-parse", "main")
        self.user.git("checkout", "-q", "-b", f"topic-{self.number}", "main")
        made = self.user.commit(f"Change {self.number}", **{path: text})
        self.user.git("checkout", "-q", "main")
        return base, made

    def merge(self, commit: str, message: str = "Merge") -> tuple[str, str]:
        """`main` moves to a merge of `commit`: where it was, and where it is."""
        before = self.user.git("rev-parse", "main")
        self.user.git("merge", "-q", "--no-ff", "--no-commit", commit)
        named = {"GIT_COMMITTER_NAME": "Assent", "GIT_COMMITTER_EMAIL": "assent@localhost"}
        words = ["git", "-c", "user.name=u", "-c", "user.email=u@example.org", "commit", "-q"]
        subprocess.run(
            [*words, "-m", message], cwd=self.user.folder, env={**os.environ, **named}, check=True
        )
        return before, self.user.git("rev-parse", "main")

    def merged(self, path: str = "b.txt", text: str = "more\n", **how: Any) -> str:
        """A change as it should be: decided, merged, both in the log. The merge commit."""
        base, made = self.change(path, text)
        said = self.decision(base, made, **how)
        self.append(said)
        before, after = self.merge(made, f"Merge\n\nAssent-Log: {self.head}\n")
        self.append(self.merge_entry(before, after, said))
        return after

    # --- asking

    def verify(
        self,
        given: str = "main~1..main",
        *,
        folder: Path | None = None,
        root: str = "",
        ref: str = MAIN,
        wanted: Wanted = Wanted.ANY,
    ) -> RangeVerification:
        question = Question(given=given, ref=ref, root=root, wanted=wanted)
        return verify_range(Clone(folder or self.user.folder), ManySignatures(), question)

    def answer(self, **how: Any) -> Answer:
        """For the newest commit of main."""
        found = self.verify("main", **how)
        assert not found.troubles, found.troubles
        return found.answers[0]

    # --- tampering

    def rewrite(self, at: int, files: dict[str, bytes | None], *, drop: int = 0) -> None:
        """Write the log anew from its commit number `at` on, with that one's files changed, and
        without the last `drop` commits: as somebody would who may push it."""
        git = self.user.git
        commits = git("rev-list", "--reverse", "refs/assent/log").split()
        parent = commits[at - 1] if at else ""
        trees = [git("rev-parse", f"{each}^{{tree}}") for each in commits]
        for tree in trees[at : len(trees) - drop]:
            index = str(self.user.folder / ".git" / "tampering")
            changed = self._changed(tree, files, index)
            words = ["commit-tree", changed, "-m", "entry", *(["-p", parent] if parent else [])]
            parent = git(*words)
        self.point(parent)

    def _changed(self, tree: str, files: dict[str, bytes | None], index: str) -> str:
        env = {**os.environ, "GIT_INDEX_FILE": index}

        def run(*words: str, given: bytes = b"") -> str:
            done = subprocess.run(
                ["git", *words],
                cwd=self.user.folder,
                env=env,
                input=given,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.decode().strip()

        run("read-tree", tree)
        for path, content in files.items():
            if content is None:
                run("update-index", "--force-remove", path)
            else:
                blob = run("hash-object", "-w", "--stdin", given=content)
                run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        return run("write-tree")

    def point(self, commit: str) -> None:
        """Have the log end there, and nothing else be known."""
        self.user.git("update-ref", "refs/assent/log", commit)
        self.user.git("update-ref", "refs/assent/kept", commit)
        self.user.git("update-ref", "-d", "refs/assent/remotes/origin/log")

    def raw_commit(
        self, files: dict[str, bytes | None], *, parents: Sequence[str] | None = None
    ) -> str:
        """A commit on top of the log (or of `parents`) with these files, however wrong."""
        index = str(self.user.folder / ".git" / "tampering")
        head = self.head
        tree = self._changed(self.tree(head), files, index)
        words = [word for each in (parents or [head]) for word in ("-p", each)]
        made = self.user.git("commit-tree", tree, "-m", "entry", *words)
        self.point(made)
        return made


def _binding(entry: NewEntry) -> str:
    predicate = json.loads(entry.envelope.payload)["predicate"]
    return str(predicate["binding"])
