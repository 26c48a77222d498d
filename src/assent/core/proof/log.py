"""The log of decisions as git holds it: what is in its commits, and whether it was touched.

One commit adds one entry: `by-tree/<2>/<tree>/<id>.json` where the statement is about a git tree,
else `entries/<2>/<id>.json`; `<id>` is the SHA-256 of its payload. Beside it may come
`evidence/<2>/<sha256>` and `policy/<sha256>.toml`. `keys.json` is the newest entry of keys once
more, and `format` says how to read all this. Nothing that is there is ever changed or removed.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assent.core.canonical import Json
from assent.core.proof.dsse import Envelope, envelope_bytes, read_envelope
from assent.core.proof.statement import KEYS, Statement, read_statement

LOG_REF = "refs/assent/log"
FORMAT_FILE = "format"
FORMAT = b"assent-log/1\n"
KEYS_FILE = "keys.json"
JOINED = "https://assent.dev/joined/v1"
"""The server's: entries of a log that a fetch had replaced were appended again; `fork`, and
`commits`, pairs of a commit that is gone and the entry that it added."""
EVIDENCE_LIMIT = 64 * 1024
"""Bytes of one piece of evidence; what is longer is cut."""

_ENTRY = re.compile(r"(?:by-tree/([0-9a-f]{2})/([0-9a-f]{40,64})|entries/([0-9a-f]{2}))/([^/]+)")
_EVIDENCE = re.compile(r"evidence/([0-9a-f]{2})/([0-9a-f]{64})")
_POLICY = re.compile(r"policy/([0-9a-f]{64})\.toml")


class Touched(StrEnum):
    """What can be wrong with a log, or with something in it."""

    NOT_LINEAR = "not-linear"
    TWO_ENTRIES = "two-entries"
    NO_ENTRY = "no-entry"
    EDITED = "edited"
    WRONG_NAME = "wrong-name"
    WRONG_TYPE = "wrong-type"
    UNREADABLE = "unreadable"
    UNKNOWN_FORMAT = "unknown-format"
    EVIDENCE_ALTERED = "evidence-altered"
    EVIDENCE_MISSING = "evidence-missing"
    POLICY_ALTERED = "policy-altered"
    POLICY_MISSING = "policy-missing"
    KEYS_SWAPPED = "keys-swapped"
    KEYS_BY_STRANGER = "keys-by-stranger"
    TAIL_DROPPED = "tail-dropped"
    REORDERED = "reordered"
    DOUBLED = "doubled"
    BAD_SIGNATURE = "bad-signature"
    NOT_SIGNED = "not-signed"
    WRONG_NAMESPACE = "wrong-namespace"
    UNKNOWN_KEY = "unknown-key"
    REVOKED_KEY = "revoked-key"
    OTHERS_KEY = "others-key"
    SERVER_AS_PERSON = "server-as-person"
    NOT_A_PERSON = "not-a-person"
    SELF_APPROVAL = "self-approval"
    POLICY_BY_STRANGER = "policy-by-stranger"
    MERGE_LIES = "merge-lies"
    OTHER_ROOT = "other-root"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that an honest log cannot have."""

    kind: Touched
    where: str
    """The log's commit, or a commit of the code, shortened; with the entry's name where known."""
    what: str
    """In words: a sentence with its full stop."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """What a commit of the log did to one path."""

    path: str
    content: bytes | None
    """None: it is not read, since it is too large or gone."""
    is_new: bool = True
    """Whether the path was not there before."""


@dataclass(frozen=True, slots=True)
class LogCommit:
    """One commit of the log, along first parents, the oldest first."""

    id: str
    parents: tuple[str, ...]
    files: tuple[LogFile, ...]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A statement in the log, and where it stands there."""

    id: str
    """SHA-256 of the payload, in hexadecimal."""
    position: int
    """Counted from zero, in commits."""
    commit: str
    statement: Statement
    envelope: Envelope
    policy: bytes | None = None
    """The policy that came with it."""

    @property
    def where(self) -> str:
        return f"log {self.commit[:10]} ({self.id[:10]})"


@dataclass(frozen=True, slots=True)
class Log:
    """What was read of a log."""

    head: str
    commits: Mapping[str, int]
    """Position by id; also of commits that were appended again, see `JOINED`."""
    entries: tuple[LogEntry, ...]
    evidence: Mapping[str, bytes]
    """By digest, in hexadecimal: what is there and is what its name says."""
    policies: Mapping[str, bytes]
    troubles: tuple[Trouble, ...]
    joined: int = 0
    """How many entries were appended again after a fetch had replaced the log."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be appended."""

    envelope: Envelope
    evidence: tuple[bytes, ...] = ()
    policy: bytes | None = None

    @property
    def id(self) -> str:
        return hexdigest(self.envelope.payload)

    @property
    def path(self) -> str:
        """Where it stands in the log's tree. Raises ValueError when it holds no statement."""
        return entry_path(read_statement(self.envelope.payload), self.id)

    @property
    def title(self) -> str:
        """What its commit says: `decision CH-4`. Raises ValueError as `path` does."""
        statement = read_statement(self.envelope.payload)
        kind = statement.kind.rstrip("/").split("/")[-2:-1]
        about = statement.subjects[-1].name if statement.subjects else ""
        return " ".join((*kind, about))

    def files(self) -> Mapping[str, bytes]:
        """By path. Raises ValueError as `path` does."""
        written = envelope_bytes(self.envelope)
        found = {self.path: written}
        if read_statement(self.envelope.payload).kind == KEYS:
            found[KEYS_FILE] = written
        for text in self.evidence:
            found[evidence_path(hexdigest(text))] = text
        if self.policy is not None:
            found[policy_path(hexdigest(self.policy))] = self.policy
        return found


def hexdigest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry_path(statement: Statement, entry_id: str) -> str:
    """Where the entry stands in the log's tree."""
    trees = [each.digest["gitTree"] for each in statement.subjects if "gitTree" in each.digest]
    if trees:
        return f"by-tree/{trees[0][:2]}/{trees[0]}/{entry_id}.json"
    return f"entries/{entry_id[:2]}/{entry_id}.json"


def evidence_path(digest: str) -> str:
    return f"evidence/{digest[:2]}/{digest}"


def policy_path(digest: str) -> str:
    return f"policy/{digest}.toml"


def is_entry_path(path: str) -> bool:
    return path.startswith(("by-tree/", "entries/"))


def read_log(commits: Iterable[LogCommit]) -> Log:
    """Read the log from its first commit on, and name whatever is not as it should be."""
    reading = _Reading()
    for position, commit in enumerate(commits):
        reading.take(position, commit)
    return reading.result()


class _Reading:
    """A log while it is read."""

    def __init__(self) -> None:
        self._commits: dict[str, int] = {}
        self._entries: dict[str, LogEntry] = {}
        self._evidence: dict[str, bytes] = {}
        self._policies: dict[str, bytes] = {}
        self._troubles: list[Trouble] = []
        self._head = ""
        self._joined = 0

    def result(self) -> Log:
        return Log(
            head=self._head,
            commits=self._commits,
            entries=tuple(self._entries.values()),
            evidence=self._evidence,
            policies=self._policies,
            troubles=tuple(self._troubles),
            joined=self._joined,
        )

    def take(self, position: int, commit: LogCommit) -> None:
        expected = (self._head,) if self._head else ()
        if commit.parents != expected:
            self._say(Touched.NOT_LINEAR, commit, "It does not have the one parent it should have.")
        self._commits[commit.id] = position
        self._head = commit.id
        if position == 0:
            self._check_format(commit)
        entries = [each for each in commit.files if is_entry_path(each.path)]
        if len(entries) > 1:
            self._say(
                Touched.TWO_ENTRIES, commit, f"It adds {len(entries)} entries instead of one."
            )
        if not entries:
            self._say(Touched.NO_ENTRY, commit, "It adds no entry.")
        for file in commit.files:
            if not is_entry_path(file.path):
                self._take_other(commit, file)
        policy = _one_policy(commit.files)
        made = [self._take_entry(position, commit, file, policy) for file in entries]
        self._check_keys(commit, [each for each in made if each is not None])

    def _check_format(self, commit: LogCommit) -> None:
        said = next((each.content for each in commit.files if each.path == FORMAT_FILE), None)
        if said != FORMAT:
            self._say(
                Touched.UNKNOWN_FORMAT, commit, "The log does not begin with a format known here."
            )

    def _take_other(self, commit: LogCommit, file: LogFile) -> None:
        content = file.content
        if file.path == KEYS_FILE or (file.path == FORMAT_FILE and file.is_new):
            return
        evidence, policy = _EVIDENCE.fullmatch(file.path), _POLICY.fullmatch(file.path)
        if content is None or not file.is_new or not (evidence or policy):
            self._say(Touched.EDITED, commit, f"It changes or removes {file.path}.")
        elif evidence is not None:
            if hexdigest(content) != evidence[2]:
                self._say(
                    Touched.EVIDENCE_ALTERED, commit, f"{file.path} is not what its name says."
                )
            else:
                self._evidence[evidence[2]] = content
        elif policy is not None:
            if hexdigest(content) != policy[1]:
                self._say(Touched.POLICY_ALTERED, commit, f"{file.path} is not what its name says.")
            else:
                self._policies[policy[1]] = content

    def _take_entry(
        self, position: int, commit: LogCommit, file: LogFile, policy: bytes | None
    ) -> LogEntry | None:
        if file.content is None or not file.is_new:
            self._say(Touched.EDITED, commit, f"It changes or removes the entry {file.path}.")
            return None
        try:
            envelope = read_envelope(file.content)
        except ValueError as error:
            kind = Touched.WRONG_TYPE if "another type" in str(error) else Touched.UNREADABLE
            self._say(kind, commit, f"{file.path} cannot be read: {error}.")
            return None
        try:
            statement = read_statement(envelope.payload)
        except ValueError as error:
            self._say(Touched.UNREADABLE, commit, f"{file.path} cannot be read: {error}.")
            return None
        entry_id = hexdigest(envelope.payload)
        if file.path != entry_path(statement, entry_id):
            self._say(
                Touched.WRONG_NAME,
                commit,
                f"{file.path} holds what belongs into {entry_path(statement, entry_id)}: "
                "it was edited, or put there under another name.",
            )
            return None
        if entry_id in self._entries:
            self._say(Touched.DOUBLED, commit, f"{file.path} is in the log a second time.")
            return None
        made = LogEntry(
            id=entry_id,
            position=position,
            commit=commit.id,
            statement=statement,
            envelope=envelope,
            policy=policy,
        )
        self._entries[entry_id] = made
        if statement.kind == JOINED:
            self._join(position, statement)
        return made

    def _join(self, position: int, statement: Statement) -> None:
        """Commits that a fetch had replaced count as seen where they were appended again."""
        for commit, _ in joined_commits(statement):
            self._commits.setdefault(commit, position)
            self._joined += 1

    def _check_keys(self, commit: LogCommit, made: Sequence[LogEntry]) -> None:
        """That `keys.json` is the newest entry of keys, and came with it."""
        wanted = [envelope_bytes(each.envelope) for each in made if each.statement.kind == KEYS]
        found = [each.content for each in commit.files if each.path == KEYS_FILE]
        if found != wanted[:1]:
            self._say(
                Touched.KEYS_SWAPPED,
                commit,
                f"{KEYS_FILE} is not the entry of keys that this commit adds.",
            )

    def _say(self, kind: Touched, commit: LogCommit, what: str) -> None:
        self._troubles.append(Trouble(kind, f"log {commit.id[:10]}", what))


def _one_policy(files: Sequence[LogFile]) -> bytes | None:
    return next((each.content for each in files if _POLICY.fullmatch(each.path)), None)


def joined_commits(statement: Statement) -> Iterator[tuple[str, str]]:
    """Of a `JOINED` statement: each commit that is gone, and the id of what it had added."""
    listed = statement.predicate.get("commits")
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return
    for pair in listed:
        if isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2:
            yield str(pair[0]), str(pair[1])


def text_of(predicate: Mapping[str, Json], name: str) -> str:
    """A field that should be text; empty when it is not there or is something else."""
    value = predicate.get(name)
    return value if isinstance(value, str) else ""


def texts_of(predicate: Mapping[str, Json], name: str) -> tuple[str, ...]:
    """A field that should be a list of texts; what in it is none is left out."""
    value = predicate.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(each for each in value if isinstance(each, str))


def fields_of(value: Json) -> Iterator[Mapping[str, Json]]:
    """The objects in a list; none where it is no list."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from (each for each in value if isinstance(each, Mapping))
