"""The port to coding agents: what their hooks say, and what they are answered.

One adapter per agent, in its own folder, implements `Agent` and `Installer`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from assent.core.proposals import AgentSession, Proposal

# --- what a hook says ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolProposed:
    """The agent wants to make a call and waits for the answer."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A call ended. `ok` is None when the agent does not tell."""

    session: AgentSession
    call_id: str
    tool: str
    ok: bool | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The agent's own settings are about to change in mid-session."""

    session: AgentSession
    source: str
    path: str


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """A run of the agent began or ended (`what` is `start` or `end`)."""

    session: AgentSession
    what: str


HookEvent: TypeAlias = ToolProposed | ToolFinished | SettingsChange | SessionEvent

# --- what it is answered ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LetThrough:
    """The call runs as proposed."""


@dataclass(frozen=True, slots=True)
class LetThroughChanged:
    """The call runs as a person changed it; `payload` is the changed hook payload."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call does not run, and the model reads `message`."""

    message: str


@dataclass(frozen=True, slots=True)
class AskThere:
    """The agent's own prompt asks its person, showing `message`."""

    message: str


@dataclass(frozen=True, slots=True)
class Park:
    """The run ends here and asks again when it is resumed (Claude Code's `defer`)."""

    message: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Nothing to say: the event only informed us."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Something the agent should know as its session starts, where it can be told."""

    message: str


HookAnswer: TypeAlias = LetThrough | LetThroughChanged | Refuse | AskThere | Park | Noted | Tell


@dataclass(frozen=True, slots=True)
class HookOutput:
    """What the hook process prints and how it exits, in the agent's own language."""

    exit_code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""


class Files(Protocol):
    """The file system as a payload parser may see it: whole files, by absolute path."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None when there is no file.

        Raises UnreadableFile when it exists and is no regular file, cannot be read, or is too
        large to be shown.
        """
        ...

    def workspace_of(self, cwd: str) -> str:
        """Real path of the project `cwd` lies in: the nearest folder with `.git` or `.assent`."""
        ...


class UnreadableFile(Exception):
    """A file that exists but whose content cannot be had. The call becomes an UnknownAction."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this agent's hooks can do beyond letting through and refusing."""

    ask_there: bool = False
    """Its own prompt can ask, when somebody sits there."""
    park: bool = False
    change: bool = True
    max_wait_ms: int = 86_000_000
    """Longest time the agent lets a hook think; we answer before."""


class Agent(Protocol):
    """One coding agent's hook surface. Every method is total: bad input becomes a gated value."""

    name: str
    """Stable name, as in hook commands and policies: `claude-code`."""
    title: str
    """As its makers write it: `Claude Code`."""
    abilities: Abilities
    gating_events: frozenset[str]
    """Events whose hook waits for the answer."""
    informing_events: frozenset[str]
    """Events that only tell us something. A hook of any other event is refused."""
    forwarded_env: tuple[str, ...]
    """Names of environment variables the relay passes on."""

    def read(
        self, event: str, payload: bytes, *, env: Mapping[str, str], files: Files
    ) -> HookEvent:
        """Parse one hook payload. What cannot be read is a `ToolProposed` of an UnknownAction."""
        ...

    def change(self, payload: bytes, text: str) -> bytes:
        """The payload with its editable part replaced by `text`.

        Raises UsageError when this call has no editable part or `text` does not fit it.
        """
        ...

    def answer(self, event: str, payload: bytes, answer: HookAnswer) -> HookOutput:
        """Say `answer` in the agent's own language. What it cannot say becomes a refusal."""
        ...


# --- how it is installed ------------------------------------------------------------------------


HUMAN_IN_LOOP = "HUMAN_IN_LOOP"
"""The variable with which a run says whether a person should be asked; every hook forwards it."""


def human_in_loop(env: Mapping[str, str]) -> bool | None:
    """What the run's environment says; None when it says nothing that can be read."""
    said = env.get(HUMAN_IN_LOOP, "").strip().lower()
    if said in ("true", "1", "yes", "on"):
        return True
    return False if said in ("false", "0", "no", "off") else None


Dialect: TypeAlias = Literal["exit2", "json", "observe"]
"""What the relay tells an agent when the daemon cannot answer: see relay.c."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an installer works. All paths absolute."""

    home: Path
    """The user's home folder."""
    assent_home: Path
    """Assent's state; backups go to `backups/<agent>/`."""
    relay: Callable[[Dialect, str, str, tuple[str, ...]], tuple[str, ...]]
    """`relay(dialect, agent, event, env_names)` gives the hook's argument vector."""
    env: Mapping[str, str]
    """The user's environment, for agents whose folder a variable names."""
    project: Path | None = None
    """The project the user stands in, whose own settings may switch hooks off; None: none."""


@dataclass(frozen=True, slots=True)
class HookStatus:
    """How this agent stands. `state` is one of the words below."""

    agent: str
    title: str
    found: str
    """Path of the agent's program or settings folder; empty when the agent is not here."""
    state: str
    """`absent`, `installed`, `altered` (hooks are there but not as we wrote them)."""
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    """What the user should know, one sentence each."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file an installation would write, for the person who is asked first."""

    path: Path
    what: str


class Installer(Protocol):
    """Puts the hooks into the user's own configuration of one agent, and takes them out again.

    Installing twice changes nothing the second time. The user's own entries stay. Uninstalling
    gives back the very bytes that were there, unless the file was edited since; then only our
    entries leave it.
    """

    agent: str

    def status(self, here: Surroundings) -> HookStatus: ...

    def preview(self, here: Surroundings) -> Sequence[Change]:
        """What `install` would write; empty when nothing is left to do."""
        ...

    def install(self, here: Surroundings) -> HookStatus:
        """Write the hooks. Raises UnavailableError when a file is not what it should be."""
        ...

    def uninstall(self, here: Surroundings) -> HookStatus: ...
