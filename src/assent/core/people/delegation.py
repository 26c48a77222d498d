"""When one person may decide in the place of another.

A delegation hands on its giver's own voice and nothing else: what the giver may decide only by
another delegation is not handed on, since a voice counts only where its giver is named by the
policy. It holds for a time and within limits, also those of the policy in force where it is used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assent.core.people.matter import Matter
from assent.core.people.model import Delegation
from assent.core.policy.globs import fits
from assent.core.policy.model import Handing


def in_force(delegation: Delegation, at: int) -> bool:
    """Whether it holds at `at`, in ms since the epoch."""
    revoked = delegation.revoked_at is not None and delegation.revoked_at <= at
    return not revoked and delegation.created_at <= at < delegation.until


def within(handing: Handing, delegations: Iterable[Delegation]) -> tuple[Delegation, ...]:
    """The delegations, no wider and no longer than the policy in force allows."""
    if not handing.allowed:
        return ()
    return tuple(
        replace(
            each,
            worst=min(each.worst, handing.worst),
            until=min(each.until, each.created_at + handing.longest_ms),
        )
        for each in delegations
    )


def why_not(delegation: Delegation, matter: Matter, at: int) -> str:
    """Why it does not reach as far as `matter`, in words; empty when it does."""
    giver, taker = delegation.giver, delegation.taker
    if not in_force(delegation, at):
        return f"{giver} let {taker} decide at another time"
    if matter.risk > delegation.worst:
        return f"{giver} let {taker} decide up to what is {delegation.worst.word}"
    if delegation.workspace and delegation.workspace != matter.workspace:
        return f"{giver} let {taker} decide in {delegation.workspace} only"
    if not delegation.paths:
        return ""
    # What is not known to stay within the paths may be anywhere.
    outside = next((path for path in matter.paths if not _covers(delegation, path)), None)
    if outside is not None:
        return f"{giver} did not let {taker} decide about {outside}"
    if not matter.paths or not matter.is_all:
        return f"{giver} let {taker} decide about some files only, and this may touch others"
    return ""


def _covers(delegation: Delegation, path: str) -> bool:
    return any(fits(glob, path) for glob in delegation.paths)


def givers_for(
    taker: str, delegations: Sequence[Delegation], matter: Matter, at: int
) -> tuple[str, ...]:
    """Who lets `taker` decide about `matter` in their place, by name."""
    return tuple(
        sorted(
            {
                each.giver
                for each in delegations
                if each.taker == taker and each.giver != taker and not why_not(each, matter, at)
            }
        )
    )


def takers_of(
    giver: str, delegations: Sequence[Delegation], matter: Matter, at: int
) -> tuple[str, ...]:
    """Who may decide about `matter` in the place of `giver`, by name."""
    return tuple(
        sorted(
            {
                each.taker
                for each in delegations
                if each.giver == giver and each.taker != giver and not why_not(each, matter, at)
            }
        )
    )
