"""Taking what is to be reviewed out of the user's repository, without changing a byte of it."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from assent.adapters.git.bare import Bare, user_git
from assent.adapters.git.conventions import Conventions, conventions
from assent.adapters.git.run import Git, ask
from assent.app.changes.ports import Place
from assent.core.changes.model import TreePayload
from assent.errors import UnavailableError, UsageError

USUAL_TARGETS = ("main", "master", "trunk")
SHOWN = 5
OWN_NAME = "Assent <assent@localhost>"
"""Of commits that Assent makes."""
MOST_COMMITS = 10_000
"""Of one change whose authors are read."""
FETCHES = 5
"""How often a branch is fetched that moves, or that another process fetches."""
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\./|\.lock/|^/@/$")


def find_place(folder: str) -> Place | None:
    """The work tree that `folder` lies in; None when it lies in none."""
    found = (ask(folder, "rev-parse", "--show-toplevel", "--git-common-dir") or "").splitlines()
    if len(found) != 2:
        return None
    workspace = os.path.realpath(found[0])
    common = Path(os.path.realpath(Path(folder) / found[1]))
    name = (
        ask(folder, "rev-parse", "--symbolic-full-name", "HEAD")
        or ask(folder, "symbolic-ref", "--quiet", "HEAD")
        or "HEAD"
    )
    return Place(
        workspace=workspace,
        repository=str(common),
        branch=name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else "",
        target=default_target(user_git(common)),
    )


def default_target(user: Git) -> str:
    """The branch that changes go to; empty when none of the usual ones is there."""
    origin = user.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    named = os.fsdecode(origin.stdout).strip().removeprefix("refs/remotes/origin/")
    for name in (named, *USUAL_TARGETS):
        if name and commit_of(user, f"refs/heads/{name}") is not None:
            return name
    return ""


def commit_of(git: Git, name: str) -> str | None:
    """The commit that a ref names; None when there is none."""
    done = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return os.fsdecode(done.stdout).strip() if done.returncode == 0 else None


def branch_ref(branch: str) -> str:
    """The full name of a branch; UsageError when it cannot be one (`git check-ref-format`)."""
    if branch.startswith("-") or _NO_BRANCH.search(f"/{branch}/"):
        raise UsageError(f"{branch!r} is not the name of a branch.")
    return f"refs/heads/{branch}"


def fetch_head(bare: Bare, target: str) -> str:
    """The target's commit now, fetched. UsageError when there is no such branch."""
    user = user_git(bare.user)
    ref = branch_ref(target)
    for _ in range(FETCHES):
        now = commit_of(user, ref)
        if now is None:
            raise UsageError(
                f"There is no branch `{target}` in {bare.user}.",
                hint="Make it again, or submit the change for another branch.",
            )
        if bare.has(now):
            return now
        # Another process may be fetching the same; what it fetched is there the next time.
        bare.try_fetch(bare.user, f"{ref}:refs/user/heads/{target}")
    raise UnavailableError(f"`{target}` of {bare.user} could not be fetched.")


def capture(
    bare: Bare, place: Place, *, target: str, uncommitted: bool, branch: str
) -> TreePayload:
    """See `Repositories.capture`."""
    onto = fetch_head(bare, target)
    head = _fetched(bare, place, branch)
    commit = of_work_tree(bare, Path(place.workspace), head) if uncommitted else head
    merge_base = bare.git.run("merge-base", onto, head)
    if merge_base.returncode != 0:
        raise UsageError(
            f"`{target}` has no history in common with what is to be reviewed.",
            hint="Name the branch that the work began from as the target.",
        )
    bare.keep(f"captured/{commit}", commit)
    base = os.fsdecode(merge_base.stdout).splitlines()[0]
    return TreePayload(base=base, commit=commit, tree=bare.tree(commit))


def _fetched(bare: Bare, place: Place, branch: str) -> str:
    """The commit of the branch, or of the work tree's HEAD, now in the executor's repository."""
    into = "refs/user/captured"
    user = user_git(bare.user)
    ref = branch_ref(branch) if branch else "HEAD"
    source = bare.user if branch else Path(place.workspace)
    if branch and commit_of(user, ref) is None:
        raise UsageError(f"There is no branch `{branch}` in {bare.user}.")
    head = None if branch else ask(place.workspace, "rev-parse", "--verify", "--quiet", "HEAD")
    if not branch and not head:
        raise UsageError(f"{place.workspace} has no commit yet.", hint="Commit something first.")
    bare.fetch(source, f"{ref}:{into}")
    fetched = commit_of(bare.git, into)
    if fetched is None:
        raise UnavailableError(f"{ref} of {source} could not be fetched.")
    return fetched


# What is not committed


def of_work_tree(bare: Bare, workspace: Path, head: str) -> str:
    """A commit on `head` of all the work tree holds; `head` itself when that is the same."""
    known = conventions(bare.user)
    with tempfile.TemporaryDirectory(dir=bare.path.parent, prefix="capture-") as made:
        git = _seeded(bare, workspace, head, known=known, folder=Path(made))
        changed = _changed(git)
        _refuse_filtered(git, changed)
        git.output(
            *("update-index", "--add", "--remove", "--replace", "-z", "--stdin"),
            given=b"".join(os.fsencode(path) + b"\0" for path in changed),
        )
        tree = git.line("write-tree")
        if tree == bare.tree(head):
            return head
        return _commit(bare, git, tree=tree, head=head)


def _seeded(bare: Bare, workspace: Path, head: str, *, known: Conventions, folder: Path) -> Git:
    """git on a copy of the user's index: with it only what changed has to be read."""
    ignored = folder / "ignored"
    ignored.write_bytes(known.ignored)
    index = folder / "index"
    env = {
        **known.env(core__excludesFile=str(ignored)),
        # What is staged is in the user's repository only; used while this lasts, never stored.
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(bare.user / "objects"),
    }
    git = bare.at(workspace, index=index, env=env)
    users = ask(workspace, "rev-parse", "--git-path", "index")
    source = workspace / users if users else None
    if source is not None and source.is_file():
        # With its times: an index that looks newer than it is hides edits of the same size.
        shutil.copy2(source, index)
        if git.run("ls-files", "--error-unmatch", "--", ".").returncode in (0, 1):
            return git
    index.unlink(missing_ok=True)
    git.output("read-tree", head)
    return git


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _changed(git: Git) -> list[str]:
    """Paths that differ from the index, and those that are new and not ignored.

    A repository within the repository is no file of it.
    """
    git.run("update-index", "-q", "--refresh")
    # A submodule is taken by its commit alone: looking into it would run git under its settings.
    tracked = git.items("diff-files", "--name-only", "-z", "--ignore-submodules=dirty")
    fresh = git.items("ls-files", "--others", "--exclude-standard", "-z")
    return sorted({*tracked, *(path for path in fresh if not path.endswith("/"))})


def _refuse_filtered(git: Git, changed: list[str]) -> None:
    """Files that a program translates are stored by that program, which is never run here."""
    if not changed:
        return
    given = b"".join(os.fsencode(path) + b"\0" for path in changed)
    said = git.items("check-attr", "-z", "--stdin", "filter", given=given)
    filtered = [
        path
        for path, value in zip(said[::3], said[2::3], strict=True)
        if value not in ("unspecified", "unset", "set")
    ]
    if filtered:
        named = ", ".join(filtered[:SHOWN]) + (" …" if len(filtered) > SHOWN else "")
        raise UsageError(
            f"A filter program stores these files, and Assent runs none: {named}.",
            hint="Commit them, then submit what is committed.",
        )


def _commit(bare: Bare, git: Git, *, tree: str, head: str) -> str:
    """The same files on the same commit are the same commit, whenever they are captured."""
    when = bare.git.line("show", "-s", "--format=%ct +0000", head)
    dated = {**(git.env or {}), "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    own = Git(git.git_dir, env=dated)
    commit = own.line(
        *("commit-tree", tree, "-p", head, "-F", "-"),
        given=b"What the work tree holds\n",
    )
    # Packed with what lies in the user's repository alone, and stored here.
    pack = own.output(
        *("pack-objects", "--revs", "--stdout", "-q"),
        given=f"{commit}\n^{head}\n".encode(),
    )
    bare.git.output("index-pack", "--stdin", "--fix-thin", given=pack)
    return commit


def authors(git: Git, base: str, commit: str) -> tuple[str, ...]:
    """See `Repositories.authors`."""
    words = ("log", "-z", "--no-mailmap", f"-n{MOST_COMMITS}", "--format=%an <%ae>%x00%cn <%ce>")
    named = git.items(*words, f"{base}..{commit}", "--")
    return tuple(dict.fromkeys(name for name in named if name and name != OWN_NAME))
