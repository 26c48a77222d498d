"""What running a program can mean: the closed vocabulary in which the catalog speaks.

Each word stands for one effect with its factors, so that a catalog says what a program does and
never how bad that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.risk.factors import Cost, Factors, Reach, Reversibility, Sensitivity
from assent.core.risk.model import Effect

_NOTHING, _EASY, _EFFORT, _NEVER = Reversibility
_NONE, _WORKSPACE, _MACHINE, _OTHERS = Reach


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a call of a program amounts to."""

    word: str
    effect: Effect
    factors: Factors
    says: str
    """What it does, verb first, for a person; the call itself is put after it in brackets."""
    undo: str = ""
    """How to take it back; empty for what the effect says in general."""
    files: str = ""
    """What happens to operands that the catalog does not describe; empty when they are no files."""


_ALL = (
    # Nothing changes.
    Meaning("inert", Effect.NONE, Factors(), "runs"),
    Meaning("list", Effect.READ, Factors(), "lists", files="list"),
    Meaning("read", Effect.READ, Factors(), "reads", files="read"),
    Meaning("search", Effect.READ, Factors(), "searches", files="search"),
    Meaning(
        "network-read",
        Effect.NETWORK,
        Factors(_NOTHING, _OTHERS),
        "asks a service, and changes nothing",
    ),
    # Changes that are easily taken back, here.
    Meaning(
        "write", Effect.WORKSPACE_WRITE, Factors(_EASY, _WORKSPACE), "writes files", files="write"
    ),
    Meaning("work", Effect.WORKSPACE_WRITE, Factors(_EASY, _WORKSPACE), "changes the workspace"),
    Meaning(
        "project-run",
        Effect.CODE_EXEC,
        Factors(_EASY, _WORKSPACE),
        "runs the project's own code",
        undo="git keeps what it knows; what the code does elsewhere is not known",
    ),
    Meaning(
        "install-locked",
        Effect.INSTALL,
        Factors(_EASY, _WORKSPACE),
        "installs what the project's lock file or manifest names",
        undo="delete the installed packages and install again",
    ),
    Meaning(
        "local-service",
        Effect.SERVICE,
        Factors(_EASY, _MACHINE),
        "starts or stops something of your own on this machine",
        undo="stop or start it again",
    ),
    # Changes that cost effort, or cannot be taken back, here.
    Meaning(
        "history",
        Effect.HISTORY_REWRITE,
        Factors(_EFFORT, _WORKSPACE),
        "rewrites history",
        undo="the reflog keeps the old commits for a while",
    ),
    Meaning("delete", Effect.DELETE, Factors(_NEVER, _WORKSPACE), "deletes", files="delete"),
    Meaning(
        "discard",
        Effect.DELETE,
        Factors(_NEVER, _WORKSPACE),
        "discards what nothing else keeps",
        undo="none for what was not committed",
    ),
    Meaning("unknown", Effect.UNKNOWN, Factors(_EFFORT, _WORKSPACE), "runs something not known"),
    # This machine.
    Meaning("install", Effect.INSTALL, Factors(_EFFORT, _MACHINE), "installs software"),
    Meaning(
        "service",
        Effect.SERVICE,
        Factors(_EFFORT, _MACHINE),
        "controls processes, services or settings of this machine",
    ),
    Meaning("code", Effect.CODE_EXEC, Factors(_EFFORT, _MACHINE), "runs code"),
    Meaning(
        "interactive",
        Effect.INTERACTIVE,
        Factors(_EFFORT, _MACHINE),
        "opens a prompt into which more can be typed without asking again",
    ),
    Meaning("outside", Effect.OUTSIDE_WRITE, Factors(_EFFORT, _MACHINE), "writes elsewhere"),
    Meaning("privilege", Effect.PRIVILEGE, Factors(_EFFORT, _MACHINE), "takes other rights"),
    Meaning("disk", Effect.DELETE, Factors(_NEVER, _MACHINE), "overwrites or deletes for good"),
    Meaning(
        "secret",
        Effect.CREDENTIAL,
        Factors(_NOTHING, _MACHINE, sensitivity=Sensitivity.SECRET),
        "shows or uses secrets",
    ),
    # Others.
    Meaning(
        "external-easy",
        Effect.EXTERNAL,
        Factors(_EASY, _OTHERS),
        "changes what others see",
    ),
    Meaning(
        "external",
        Effect.EXTERNAL,
        Factors(_EFFORT, _OTHERS),
        "changes what others use",
    ),
    Meaning(
        "external-final",
        Effect.EXTERNAL,
        Factors(_NEVER, _OTHERS),
        "changes for good what others use",
        undo="none: it cannot be called back",
    ),
    Meaning(
        "cost",
        Effect.COST,
        Factors(_EFFORT, _OTHERS, cost=Cost.WITHIN),
        "spends money",
        undo="none for what has been spent",
    ),
    # The guard itself.
    Meaning(
        "guard",
        Effect.POLICY_SELF,
        Factors(_EASY, _MACHINE, sensitivity=Sensitivity.GUARD),
        "changes what decides about agents",
    ),
)

MEANINGS: Mapping[str, Meaning] = {meaning.word: meaning for meaning in _ALL}
"""By their words."""
