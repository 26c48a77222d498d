"""What reading an action brought to light, before the world is asked about it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias, assert_never

from assent.core.risk.model import Evidence

Span: TypeAlias = tuple[int, int] | None


class Use(StrEnum):
    """What happens to a path."""

    LIST = "list"
    """Its name, size or kind is told, not what it holds."""
    READ = "read"
    SEARCH = "search"
    """It is read with everything below it."""
    WRITE = "write"
    DELETE = "delete"
    DISCARD = "discard"
    """What was changed in it since the last commit is thrown away."""
    RUN = "run"
    """It is run as a program, or by an interpreter."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A path that is used. `path` is absolute and as written, `~` for the home included."""

    path: str
    use: Use
    span: Span = None
    pattern: str = ""
    """The part of the path that is a pattern for names below `path`."""
    built: bool = False
    """A write: it is made by the project's own build. A run: this script built it."""
    text: str | None = None
    """A write: exactly what is written, where that is known."""
    folder: str = ""
    """A run: where it runs."""
    called: tuple[tuple[str, ...], ...] = ()
    """As in `Evidence`."""


@dataclass(frozen=True, slots=True)
class Runs:
    """A program runs in one of `folders`. `evidence` holds unless somebody vouches for it."""

    evidence: Evidence
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """Git runs in `folder`, under the configuration of the repository there."""

    folder: str
    span: Span = None


@dataclass(frozen=True, slots=True)
class RunsTask:
    """A task of the project is run by its name, in one of `folders`."""

    runner: str
    task: str
    folders: tuple[str, ...]
    evidence: Evidence
    """What holds when the project's manifest tells nothing about it."""


@dataclass(frozen=True, slots=True)
class Pushes:
    """A push to `remote`, of `branch` or of whichever branch the repository in `folder` is on."""

    folder: str
    remote: str
    branch: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rewrites:
    """Commits of the branch that is checked out in `folder` are made anew."""

    folder: str
    evidence: Evidence
    """What holds when others may have the old ones."""
    usual: bool = False
    """Nobody has them unless it is known that they were pushed."""


@dataclass(frozen=True, slots=True)
class RunsText:
    """A script runs a file that it has just written itself, in `folder`."""

    language: str
    """`shell` or `python`."""
    text: str
    folder: str
    span: Span = None


Finding: TypeAlias = Evidence | Touch | Runs | RunsTask | RunsText | Pushes | Rewrites | Repository


def span_of(item: Finding) -> Span:
    """The place that a finding points at."""
    match item:
        case Runs() | RunsTask() | Pushes() | Rewrites():
            return item.evidence.span
        case Evidence() | Touch() | RunsText() | Repository():
            return item.span
        case _:
            assert_never(item)


def at(item: Finding, span: Span) -> Finding:
    """The finding, pointing at another place or at none."""
    match item:
        case Runs() | RunsTask() | Pushes() | Rewrites():
            return replace(item, evidence=replace(item.evidence, span=span))
        case Evidence() | Touch() | RunsText() | Repository():
            return replace(item, span=span)
        case _:
            assert_never(item)
