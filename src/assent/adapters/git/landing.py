"""Moving a branch of the user's repository: objects, then one transaction of refs, then files.

What runs in the user's repository is `unpack-objects`, `index-pack` and `update-ref`, which start
no program: hooks are switched off on the command line, which outweighs the repository's own
configuration, and no push or fetch takes place there, whose settings could name one.
"""

from collections.abc import Callable

from assent.adapters.git import log
from assent.adapters.git.bare import Bare, user_git
from assent.adapters.git.capture import branch_ref, commit_of
from assent.adapters.git.conventions import conventions
from assent.adapters.git.following import Follower, checkouts_of, differences
from assent.adapters.git.run import Git, failed
from assent.app.changes.ports import InTheWay, Landed, Moved
from assent.core.proof.log import NewEntry
from assent.errors import UnavailableError

Step = Callable[[str], None]
"""Told the name of each step before it is taken."""
MERGED = "refs/assent/merged"
"""The last commit that Assent moved a branch to, set together with the branch."""
FEW_OBJECTS = 100
"""Up to so many objects are stored one by one, as git does by default."""
APPENDS = 20
"""How often the log of decisions may be moved by others in between."""
DURABLE = ("-c", "core.fsync=objects,derived-metadata,reference")


def land(
    bare: Bare,
    target: str,
    *,
    before: str,
    after: str,
    step: Step,
    entry: NewEntry | None = None,
) -> Landed | Moved | InTheWay:
    """See `Repositories.land`."""
    user = user_git(bare.user)
    ref = branch_ref(target)
    now = commit_of(user, ref)
    if now is None:
        return Moved("")
    if now != before:
        if not _contains(user, now, after):
            return Moved(now)
        return _bring_along(_followers(bare, ref, before, after), before, after)
    followers = _followers(bare, ref, before, after)
    for follower in followers:
        blocked = follower.in_the_way(before, after)
        if blocked:
            return InTheWay(follower.folder, blocked)
    step("transfer")
    _transfer(bare, user, before=before, after=after)
    step("move")
    moved = _move(user, ref, before=before, after=after, entry=entry)
    if moved is not None:
        return moved
    step("follow")
    landed = _bring_along(followers, before, after)
    step("followed")
    return landed


def contains(user: Git, target: str, commit: str) -> bool:
    """Whether the branch's history holds `commit`."""
    now = commit_of(user, branch_ref(target))
    return now is not None and _contains(user, now, commit)


def _contains(user: Git, now: str, commit: str) -> bool:
    done = user.run("merge-base", "--is-ancestor", commit, now)
    return done.returncode == 0


def _followers(bare: Bare, ref: str, before: str, after: str) -> list[Follower]:
    checkouts = checkouts_of(bare.user, ref)
    if not checkouts:
        return []
    entries, settings = differences(bare.git, before, after), conventions(bare.user).env()
    return [Follower(bare, checkout, entries, settings) for checkout in checkouts]


def _transfer(bare: Bare, user: Git, *, before: str, after: str) -> None:
    """Copy what the user's repository lacks; until a ref names it, it is nothing there."""
    if commit_of(user, after) is not None and _contains(user, after, before):
        return
    pack = bare.git.output(
        *("pack-objects", "--revs", "--thin", "--stdout", "-q"),
        given=f"{after}\n^{before}\n".encode(),
    )
    count = int.from_bytes(pack[8:12], "big")
    if count < FEW_OBJECTS:
        user.output(*DURABLE, "unpack-objects", "-q", given=pack)
    else:
        user.output(*DURABLE, "index-pack", "--stdin", "--fix-thin", given=pack)


def _move(user: Git, ref: str, *, before: str, after: str, entry: NewEntry | None) -> Moved | None:
    """Compare and swap, all refs or none: the branch, what merged last, and the log of decisions
    with `entry`. Begun anew while others append to the log."""
    words = (*DURABLE, "update-ref", "-m", "assent: merge", "--stdin")
    moves = f"update {ref} {after} {before}\nupdate {MERGED} {after}\n"
    for left in reversed(range(APPENDS)):
        noted = None if entry is None else log.prepare(user, entry)
        script = f"start\n{moves}{noted.moves if noted else ''}prepare\ncommit\n"
        done = user.run(*words, given=script.encode("utf-8", "surrogateescape"))
        if done.returncode == 0:
            return None
        now = commit_of(user, ref)
        if now == after:
            return None
        if now != before:
            return Moved(now or "")
        if noted is None or not left:
            raise failed(words, done)
    return None


def _bring_along(followers: list[Follower], before: str, after: str) -> Landed:
    behind = []
    for follower in followers:
        try:
            follower.follow(before, after)
        except UnavailableError as error:
            behind.append(f"{follower.folder}: {error.message}")
    return Landed(tuple(behind))
