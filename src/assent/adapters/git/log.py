"""Appending to `refs/assent/log` of the user's repository: objects, then one transaction of refs.

Nothing but plumbing runs there, which starts no program of the repository's and touches neither
index nor files. Beside the log stands `KEPT`, the head that was appended here last: a fetch or a
push that replaces the log takes nothing away, since what is missing is appended again on top.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.git.bare import user_git
from assent.adapters.git.capture import find_place
from assent.adapters.git.log_reading import read_commits
from assent.adapters.git.run import Git, failed
from assent.app.proof.log_ports import LogState, Stray
from assent.core.proof.dsse import read_envelope
from assent.core.proof.log import (
    FORMAT,
    FORMAT_FILE,
    KEYS_FILE,
    LOG_REF,
    LogCommit,
    NewEntry,
    is_entry_path,
)
from assent.core.proof.statement import read_statement

KEPT = "refs/assent/kept"
TRACKED = "refs/assent/remotes"
"""What fetches bring: `<remote>/log` below it."""
DURABLE = ("-c", "core.fsync=objects,derived-metadata,reference")
_SCRATCH = b"refs/assent/scratch"
_NAMED = b"Assent <assent@localhost>"


class GitLogs:
    """Implements `DecisionLogs`. Any thread and any process may append at any time."""

    def __init__(self) -> None:
        self._set_up: dict[Path, int] = {}
        """When each repository's configuration was last changed that was looked at."""

    def find(self, place: str) -> str | None:
        if (Path(place) / "HEAD").is_file() and (Path(place) / "objects").is_dir():
            return os.path.realpath(place)
        found = find_place(place)
        return None if found is None else found.repository

    def head(self, place: str) -> str:
        """The commit that the log of `place` ends with; empty where there is none."""
        repository = self.find(place)
        return "" if repository is None else log_head(user_git(Path(repository)))

    def state(self, repository: str) -> LogState:
        git = user_git(Path(repository))
        refs = _refs(git)
        heads = _heads(git, refs)
        head = heads[0] if heads else ""
        strays = [stray for other in heads[1:] for stray in _strays(git, other, head)]
        keys, has_policy = _keys_and_policy(git, head) if head else (None, False)
        return LogState(head, keys, has_policy, tuple(strays), refs)

    def append(
        self, repository: str, entries: Sequence[NewEntry], *, after: LogState, at: int
    ) -> str | None:
        git = user_git(Path(repository))
        self._track(git)
        refs, onto = after.refs, after.head
        fresh = _lacking(git, onto, entries)
        if not fresh and refs.get(LOG_REF, "") == onto:
            return onto
        head = _written(git, onto, fresh, at=at) if fresh else onto
        script = f"start\n{_moves(refs, head=head)}prepare\ncommit\n"
        done = git.run(*DURABLE, "update-ref", "--stdin", given=script.encode())
        if done.returncode == 0:
            return head
        if _refs(git) != refs:
            return None
        raise failed(("update-ref",), done)

    def _track(self, git: Git) -> None:
        """Have every fetch from a remote bring its log, beside the own one."""
        file = git.git_dir / "config"
        seen = file.stat().st_mtime_ns if file.is_file() else 0
        if self._set_up.get(file) == seen:
            return
        listed = git.run("config", "--get-regexp", "-z", r"^remote\..*\.(url|fetch)$")
        known = listed.stdout.decode("utf-8", "surrogateescape")
        remotes: dict[str, set[str]] = {}
        for item in known.split("\0"):
            key, _, value = item.partition("\n")
            name, _, variable = key.removeprefix("remote.").rpartition(".")
            if name:
                remotes.setdefault(name, set()).add(value if variable == "fetch" else "")
        for name, refspecs in remotes.items():
            wanted = refspec(name)
            if wanted not in refspecs:
                git.output("config", "--add", f"remote.{name}.fetch", wanted)
        self._set_up[file] = seen


def refspec(remote: str) -> str:
    """With a star, since a fetch fails where a ref that is named outright is not there."""
    return f"+refs/assent/log*:{TRACKED}/{remote}/log*"


def log_head(git: Git) -> str:
    """The commit that the log ends with; empty where there is none."""
    return _refs(git).get(LOG_REF, "")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Commits of the log that are written, and the moves of refs that put them in force."""

    head: str
    moves: str
    """Lines for `update-ref --stdin`."""


def prepare(git: Git, entry: NewEntry) -> Prepared | None:
    """Write an entry, to be put in force together with other refs.

    None where the log does not know the server that signed it yet, or has it already: then it is
    left to whoever appends the rest.
    """
    refs = _refs(git)
    onto = refs.get(LOG_REF, "")
    if not onto or not _vouches(_blob(git, onto, KEYS_FILE), entry):
        return None
    if not _lacking(git, onto, [entry]):
        return None
    head = _written(git, onto, [entry], at=_moment(entry))
    return Prepared(head, _moves(refs, head=head))


def _moment(entry: NewEntry) -> int:
    at = read_statement(entry.envelope.payload).predicate.get("at")
    return at if isinstance(at, int) else 0


def _vouches(keys: bytes | None, entry: NewEntry) -> bool:
    """Whether the newest keys name whoever signed the entry as a server."""
    try:
        predicate = read_statement(read_envelope(keys or b"").payload).predicate
    except ValueError:
        return False
    servers = json.dumps(predicate.get("server"))
    return any(json.dumps(each.keyid) in servers for each in entry.envelope.signatures)


def _moves(refs: Mapping[str, str], *, head: str) -> str:
    """Both refs, from where they were found."""
    none = "0" * len(head)
    old, kept = refs.get(LOG_REF, none), refs.get(KEPT, none)
    return f"update {LOG_REF} {head} {old}\nupdate {KEPT} {head} {kept}\n"


def _refs(git: Git) -> dict[str, str]:
    printed = git.output(
        "for-each-ref", "--format=%(objectname) %(refname)", LOG_REF, KEPT, TRACKED
    )
    found = {}
    for line in os.fsdecode(printed).splitlines():
        name, _, ref = line.partition(" ")
        if ref in (LOG_REF, KEPT) or ref.endswith("/log"):
            found[ref] = name
    return found


def _heads(git: Git, refs: Mapping[str, str]) -> list[str]:
    """The heads of which none holds another; first that to go on from: what others published
    where it shares this log's beginning, then the log, then what was kept."""
    order = sorted(refs, key=lambda ref: (not ref.startswith(TRACKED), ref != LOG_REF, ref))
    heads = list(dict.fromkeys(refs[ref] for ref in order))
    if len(heads) < 2:
        return heads
    own = refs.get(LOG_REF) or refs.get(KEPT)
    if own is not None:
        heads = [each for each in heads if each == own or _related(git, own, each)]
    alone = git.output("merge-base", "--independent", *heads).decode("ascii").split()
    return [each for each in heads if each in alone]


def _related(git: Git, one: str, other: str) -> bool:
    return git.run("merge-base", one, other).returncode == 0


def _strays(git: Git, other: str, head: str) -> list[Stray]:
    """What `other` has and the history of `head` lacks."""
    found = []
    for commit in read_commits(git, other, but=head):
        entry = _entry(commit)
        if entry is not None and _lacking(git, head, [entry]):
            found.append(Stray(commit.id, entry))
    return found


def _entry(commit: LogCommit) -> NewEntry | None:
    """What a commit of the log added, to be added again."""
    texts = {each.path: each.content for each in commit.files if each.content is not None}
    try:
        envelopes = [
            read_envelope(content) for path, content in texts.items() if is_entry_path(path)
        ]
    except ValueError:
        return None
    if len(envelopes) != 1:
        return None
    return NewEntry(
        envelope=envelopes[0],
        evidence=tuple(text for path, text in texts.items() if path.startswith("evidence/")),
        policy=next((text for path, text in texts.items() if path.startswith("policy/")), None),
    )


def _lacking(git: Git, head: str, entries: Sequence[NewEntry]) -> list[NewEntry]:
    """Those whose statement is not in the log that ends with `head`, each once."""
    once = list({each.id: each for each in entries}.values())
    if not head or not once:
        return once
    asked = "".join(f"{head}:{each.path}\n" for each in once)
    printed = git.output("cat-file", "--batch-check", given=asked.encode("ascii"))
    answers = printed.decode("utf-8", "replace").splitlines()
    return [each for each, answer in zip(once, answers, strict=True) if answer.endswith(" missing")]


def _keys_and_policy(git: Git, head: str) -> tuple[bytes | None, bool]:
    """The newest entry of keys, and whether there is any policy."""
    asked = f"{head}:{KEYS_FILE}\n{head}:policy\n".encode("ascii")
    about, _, rest = git.output("cat-file", "--batch", given=asked).partition(b"\n")
    keys = None
    if not about.endswith(b" missing"):
        size = int(about.split(b" ")[2])
        keys, rest = rest[:size], rest[size + 1 :]
    return keys, not rest.partition(b"\n")[0].endswith(b" missing")


def _blob(git: Git, head: str, path: str) -> bytes | None:
    found = git.run("cat-file", "blob", f"{head}:{path}")
    return found.stdout if found.returncode == 0 else None


def _written(git: Git, onto: str, entries: Sequence[NewEntry], *, at: int) -> str:
    """One commit for each entry, by one process; no ref names them yet."""
    stream = [b"feature done"]
    seconds = b"%d +0000" % (at // 1000)
    parent = onto.encode("ascii")
    for number, entry in enumerate(entries, start=1):
        message = entry.title.encode("utf-8", "replace") + b"\n"
        stream += [
            b"commit " + _SCRATCH,
            b"mark :%d" % number,
            b"committer %s %s" % (_NAMED, seconds),
            b"data %d\n%s" % (len(message), message),
            *([b"from " + parent] if parent else []),
            *_files(entry, is_first=not parent),
            b"",
        ]
        parent = b":%d" % number
    # What is reset to nothing is no ref when it ends: the commits are only told by their marks.
    none = b"0" * (len(onto) or _name_length(git))
    stream += [b"get-mark " + parent, b"reset " + _SCRATCH, b"from " + none, b"", b"done\n"]
    words = (*DURABLE, "fast-import", "--quiet", "--force")
    return git.line(*words, given=b"\n".join(stream))


def _name_length(git: Git) -> int:
    return 64 if git.line("rev-parse", "--show-object-format") == "sha256" else 40


def _files(entry: NewEntry, *, is_first: bool) -> Iterable[bytes]:
    files = dict(entry.files())
    if is_first:
        files[FORMAT_FILE] = FORMAT
    for path, content in files.items():
        yield b"M 100644 inline %s\ndata %d\n%s" % (path.encode("ascii"), len(content), content)
