"""Tokens of agents: who shows one may propose, and decides nothing."""

import re
from collections.abc import Sequence

from assent.app.gatehouse import Gatehouse
from assent.app.people.directory import is_active
from assent.app.people.records import note
from assent.app.people.rules import Speaker, find_person, need_own, speaking
from assent.app.ports import Tx, View
from assent.core.approvals import Request
from assent.core.canonical import Digest, Json
from assent.core.changes.model import Change
from assent.core.people.apart import handle, handles_of
from assent.core.people.model import AgentToken
from assent.errors import NotFoundError, UsageError

PREFIX = "assent-agent-"
"""How agents' tokens begin."""
DAY_MS = 24 * 3_600_000
LIFETIME = 30 * DAY_MS
LONGEST = 366 * DAY_MS
AGENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


async def add_token(
    gate: Gatehouse, agent: str, *, token: Digest, workspace: str, for_ms: int, by: Speaker
) -> AgentToken:
    """Let `agent` propose in the name of whoever says so. `token` is the token's digest."""
    now = gate.clock.now()
    if AGENT.fullmatch(agent) is None:
        raise UsageError(
            f"{agent!r} cannot be an agent's name.",
            hint="Use small letters, digits, dots and dashes: ci-bot",
        )
    if not 0 < for_ms <= LONGEST:
        raise UsageError("A token lasts up to 366 days.", hint="Say how long: --for 30d")
    made = AgentToken(
        id=gate.ids.new(),
        agent=agent,
        hash=token,
        made_by=by.name,
        created_at=now,
        expires_at=now + for_ms,
        workspace=workspace,
    )

    def work(tx: Tx) -> AgentToken:
        speaking(tx, by)
        if any(handle(agent) in handles_of(person) for person in tx.people()):
            raise UsageError(f"{agent} is a person's name.", hint="Agents are never people.")
        tx.add_agent_token(made)
        fields: dict[str, Json] = {
            "token": made.id,
            "agent": agent,
            "until": made.expires_at,
            "workspace": workspace,
        }
        note(tx, by.name, "token-added", by=by, at=now, fields=fields)
        return made

    return await gate.store.write(work, durable=True)


async def revoke_token(gate: Gatehouse, id_: str, *, by: Speaker) -> AgentToken:
    """Take a token back; the end of its id is enough. One's own, or as administrator any."""
    now = gate.clock.now()

    def work(tx: Tx) -> AgentToken:
        speaker = speaking(tx, by)
        found = [each for each in tokens_in_force(tx, now=now) if id_ and each.id.endswith(id_)]
        if len(found) != 1:
            raise NotFoundError(
                f"There is no one token {id_} in force.", hint="See: assent people token list"
            )
        need_own(speaker, find_person(tx, found[0].made_by), "revoke tokens of others")
        tx.revoke_agent_token(found[0].id, at=now)
        fields: dict[str, Json] = {"token": found[0].id, "agent": found[0].agent}
        note(tx, found[0].made_by, "token-revoked", by=by, at=now, fields=fields)
        return found[0]

    return await gate.store.write(work, durable=True)


def tokens_in_force(view: View, *, now: int) -> Sequence[AgentToken]:
    return [each for each in view.agent_tokens() if _holds(view, each, now)]


def token_shown(view: View, token: Digest, *, now: int) -> AgentToken | None:
    """The token that somebody shows, if it holds at this moment."""
    found = view.agent_token(token)
    return found if found is not None and _holds(view, found, now) else None


def _holds(view: View, token: AgentToken, now: int) -> bool:
    """With the person who made it its tokens stop, too."""
    return token.revoked_at is None and now < token.expires_at and is_active(view, token.made_by)


def is_own_request(request: Request, *, agent: str, workspace: str) -> bool:
    """Whether an agent with a token asked this, and may look at it."""
    session = request.proposal.session
    return session.agent == agent and workspace in ("", session.workspace)


def is_own_change(change: Change, *, agent: str, workspace: str) -> bool:
    """Whether an agent with a token made this, and may look at it."""
    return change.agent == agent and workspace in ("", change.workspace)
