"""Where a shadow repository may be made, and what the user's own git says about the folder."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from assent.app.checkpoints.ports import NotCaptured
from assent.errors import UnavailableError

CONFIG_LIMIT_S = 10.0
NAMED_BYTES = 64 * 1024
REQUIRED = "Take checkpoints of a project's own folder."


@dataclass(frozen=True, slots=True)
class UserRepository:
    """What is known of the git of the user around a folder. Nothing of it is ever written."""

    git_dir: Path | None
    """None when the folder lies in no repository; so are the next two."""
    common_dir: Path | None = None
    top: Path | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    """The user's whole configuration; of a key given more than once the last value."""

    @property
    def object_format(self) -> str:
        return self.config.get("extensions.objectformat", "sha1").lower()

    def is_top(self, workspace: str) -> bool:
        return self.top is not None and os.path.samefile(self.top, workspace)

    def personal(self, key: str, name: str) -> Path:
        """The file that `core.<key>` names, or where git looks without it."""
        named = self.config.get(f"core.{key}")
        if named:
            return Path(os.path.expanduser(named))
        config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        return Path(config, "git", name)


def checked_workspace(workspace: str, *, home: Path, user_home: Path) -> str:
    """The real path of `workspace`. Raises NotCaptured where no checkpoint may be taken."""
    real = os.path.realpath(workspace)
    if not os.path.isdir(real):
        raise NotCaptured(f"There is no folder {workspace} to take a checkpoint of.")
    if _is_within(os.path.realpath(user_home), real):
        raise NotCaptured(
            f"No checkpoint is taken of {real}: it holds the whole home folder.", hint=REQUIRED
        )
    if _is_within(real, os.path.realpath(home)):
        raise NotCaptured(f"No checkpoint is taken of {real}: it belongs to Assent.", hint=REQUIRED)
    return real


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def user_repository(workspace: str) -> UserRepository:
    """The repository that `workspace` is, or lies in, and the configuration that holds there."""
    folder = Path(workspace)
    for top in (folder, *folder.parents):
        git_dir = _git_dir(top / ".git")
        if git_dir is not None:
            return UserRepository(git_dir, _common_dir(git_dir), top, _config(git_dir))
    return UserRepository(None, config=_config(None))


def _git_dir(place: Path) -> Path | None:
    if place.is_file():
        with place.open("rb") as file:
            # One line; whatever else was put there is not read to its end.
            named = file.read(NAMED_BYTES).strip()
        if not named.startswith(b"gitdir:"):
            return None
        place = place.parent / os.fsdecode(named[len(b"gitdir:") :].strip())
    return place if (place / "HEAD").is_file() or (place / "HEAD").is_symlink() else None


def _common_dir(git_dir: Path) -> Path:
    try:
        named = (git_dir / "commondir").read_bytes().strip()
    except OSError:
        return git_dir
    return git_dir / os.fsdecode(named)


def _config(git_dir: Path | None) -> dict[str, str]:
    """The configuration, the user's own included: where ignored files are named. Runs nothing."""
    scrubbed = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    place = [] if git_dir is None else [f"--git-dir={git_dir}"]
    try:
        done = subprocess.run(
            ["git", *place, "config", "--list", "-z"],
            capture_output=True,
            env=scrubbed,
            cwd="/" if git_dir is None else git_dir,
            timeout=CONFIG_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError("git config took too long.") from error
    except OSError as error:
        raise UnavailableError(
            f"git cannot be started: {error}.", hint="Install git 2.39 or newer."
        ) from error
    pairs = (item.partition(b"\n") for item in done.stdout.split(b"\0") if item)
    return {os.fsdecode(key): os.fsdecode(value) for key, _, value in pairs}


def ignore_sources(repository: UserRepository, workspace: str) -> tuple[Path, ...]:
    """Files with ignore rules that a git with another git dir would not see, the weakest first."""
    found = [repository.personal("excludesfile", "ignore")]
    if repository.common_dir is not None:
        found.append(repository.common_dir / "info" / "exclude")
    found += [folder / ".gitignore" for folder in _above(repository, workspace)]
    return tuple(found)


def ignore_rules(repository: UserRepository, workspace: str, home: Path) -> bytes:
    """The rules of these files, as they read for `workspace`, and Assent's own folder."""
    lines: list[bytes] = []
    above = {folder / ".gitignore": folder for folder in _above(repository, workspace)}
    for source in ignore_sources(repository, workspace):
        try:
            text = source.read_bytes()
        except OSError:
            continue
        folder = above.get(source)
        steps = () if folder is None else Path(workspace).relative_to(folder).parts
        lines += [rule for line in text.splitlines() for rule in _moved(line, steps)]
    own = os.path.realpath(home)
    if _is_within(own, workspace):
        lines.append(b"/" + _escaped(os.path.relpath(own, workspace)) + b"/")
    return b"".join(line + b"\n" for line in lines)


def _above(repository: UserRepository, workspace: str) -> list[Path]:
    """The folders of the repository above `workspace`, from its top on."""
    if repository.top is None or repository.is_top(workspace):
        return []
    steps = Path(workspace).relative_to(repository.top).parts
    return [repository.top.joinpath(*steps[:count]) for count in range(len(steps))]


def _moved(rule: bytes, steps: tuple[str, ...]) -> Iterator[bytes]:
    """A rule of a folder as it reads `steps` further down; none when it names nothing there."""
    mark, body = (b"!", rule[1:]) if rule.startswith(b"!") else (b"", rule)
    if not steps or rule.startswith(b"#") or b"/" not in body.rstrip(b"/") or body[:3] == b"**/":
        yield rule
        return
    parts = os.fsdecode(body).lstrip("/").split("/")
    for step in steps:
        if not parts or not fnmatchcase(step, parts[0]):
            return
        parts = parts[1:]
    if any(parts):
        yield mark + b"/" + os.fsencode("/".join(parts))


def _escaped(path: str) -> bytes:
    return re.sub(rb"([\\*?\[\]])", rb"\\\1", os.fsencode(path))
