"""Plain requests and decisions to store."""

from dataclasses import replace

from assent.core.actions import Command
from assent.core.approvals import Decision, Request, Verdict
from assent.core.canonical import digest_of
from assent.core.proposals import AgentSession, Editable, Proposal
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Assessment, Effect, Evidence

ASSESSMENT = Assessment(
    risk=RiskClass.MEDIUM,
    effects=frozenset({Effect.UNKNOWN}),
    evidence=(
        Evidence("not-known-safe", Effect.UNKNOWN, typical(RiskClass.MEDIUM), "runs make", (0, 4)),
    ),
    title="run make",
    undo="cannot be told",
)


def proposal(
    command: str = "make",
    *,
    agent: str = "claude-code",
    session_id: str = "s1",
    workspace: str = "/w",
    call_id: str = "c1",
) -> Proposal:
    return Proposal(
        session=AgentSession(agent, session_id, workspace, cwd=workspace),
        call_id=call_id,
        tool="Bash",
        action=Command(command, workspace),
        payload=command.encode("utf-8", "surrogatepass"),
        event="PreToolUse",
        editable=Editable("command", command),
    )


def request(number: int, asked: Proposal | None = None, *, created_at: int = 1_000) -> Request:
    return Request(
        id=f"id-{number:08}",
        number=number,
        proposal=asked or proposal(),
        assessment=ASSESSMENT,
        rule="built-in",
        why="it is not known to be safe",
        policy=digest_of(b"policy"),
        created_at=created_at,
        expires_at=created_at + 100_000,
    )


def decision(of: Request, verdict: Verdict = Verdict.APPROVE, *, at: int = 2_000) -> Decision:
    return Decision(
        verdict=verdict,
        by="ana",
        at=at,
        version=of.version,
        subject=of.subject,
        reason="because",
        via="web",
        until=at + 1_000 if verdict is Verdict.DELAY else None,
    )


def with_texts(of: Request, text: str) -> Request:
    """`of` with `text` wherever an agent or a person can put one."""
    session = replace(of.proposal.session, session_id=text, workspace=text, cwd=text, model=text)
    asked = replace(
        of.proposal,
        session=session,
        call_id=text,
        tool=text,
        action=Command(text, text, ((text, text),)),
        prose=text,
        editable=Editable(text, text),
    )
    said = replace(decision(of), reason=text, by=text, via=text)
    return replace(of, proposal=asked, rule=text, why=text, decisions=(said,), runnable=asked)
