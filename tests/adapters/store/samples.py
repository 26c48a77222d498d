"""Requests and the like to store: plain ones by name, all kinds of them by Hypothesis."""

import json
from dataclasses import replace

from hypothesis import strategies as st

from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileChange,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    UnknownAction,
    Vouched,
)
from assent.core.approvals import Decision, Request, State, Verdict
from assent.core.canonical import digest_of
from assent.core.policy.model import AskIn
from assent.core.proposals import AgentSession, Editable, Proposal
from assent.core.risk.model import Assessment, Effect, Evidence, RiskClass

NASTY = 'a\0b\udc80"\\\u202e\U0001f600\r\n\x1b[31m'
"""NUL, a lone surrogate, quotes, bidi, an emoji, CRLF and an escape sequence in one text."""

ASSESSMENT = Assessment(
    risk=RiskClass.MEDIUM,
    effects=frozenset({Effect.UNKNOWN}),
    evidence=(Evidence("not-known-safe", Effect.UNKNOWN, RiskClass.MEDIUM, "runs make", (0, 4)),),
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


def _as_json_reads_it(text: str) -> str:
    """A high surrogate before a low one is the character they spell, in every JSON reader."""
    read = json.loads(json.dumps(text))
    assert isinstance(read, str)
    return read


texts = st.text(max_size=20).map(_as_json_reads_it) | st.sampled_from((NASTY, "", "\0", "\ud800"))
digests = st.binary(max_size=3).map(digest_of)
times = st.integers(0, 2**52)
some_digests = st.none() | digests


def _tuples(of: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, max_size=3).map(tuple)


changes = st.builds(
    FileChange,
    path=texts,
    kind=st.sampled_from(EditKind),
    before=some_digests,
    after=some_digests,
    diff=texts,
    moved_to=st.none() | texts,
)
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(
        Command,
        script=texts | _tuples(texts),
        cwd=texts,
        env=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
        interactive=st.booleans(),
    ),
    st.builds(FileEdit, changes=st.lists(changes, max_size=2).map(tuple), cwd=texts),
    st.builds(FileRead, paths=_tuples(texts), cwd=texts),
    st.builds(
        ToolCall,
        server=texts,
        tool=texts,
        arguments=texts,
        schema_hash=some_digests,
        vouched=st.sampled_from(Vouched),
    ),
    st.builds(Plan, text=texts, path=st.none() | texts),
    st.builds(PolicyEdit, workspace=texts, before=digests, after=digests, diff=texts),
    st.builds(UnknownAction, agent=texts, tool=texts, raw=texts, raw_digest=digests, reason=texts),
)
sessions = st.builds(
    AgentSession,
    agent=texts,
    session_id=texts,
    workspace=texts,
    cwd=texts,
    mode=texts,
    model=texts,
    subagent=texts,
    headless=st.none() | st.booleans(),
)
proposals = st.builds(
    Proposal,
    session=sessions,
    call_id=texts,
    tool=texts,
    action=actions,
    payload=st.binary(max_size=20),
    event=texts,
    prose=texts,
    editable=st.none() | st.builds(Editable, texts, texts),
)
assessments = st.builds(
    Assessment,
    risk=st.sampled_from(RiskClass),
    effects=st.frozensets(st.sampled_from(Effect), max_size=3),
    evidence=st.lists(
        st.builds(
            Evidence,
            rule=texts,
            effect=st.sampled_from(Effect),
            risk=st.sampled_from(RiskClass),
            what=texts,
            span=st.none() | st.tuples(times, times),
        ),
        max_size=2,
    ).map(tuple),
    title=texts,
    undo=texts,
)
decisions = st.builds(
    Decision,
    verdict=st.sampled_from(Verdict),
    by=texts,
    at=times,
    version=st.integers(1, 9),
    subject=digests,
    reason=texts,
    via=texts,
    replacement=st.none() | proposals,
    until=st.none() | times,
)
requests = st.builds(
    Request,
    id=texts,
    number=st.integers(1, 2**31),
    proposal=proposals,
    assessment=assessments,
    rule=texts,
    why=texts,
    policy=digests,
    created_at=times,
    expires_at=times,
    asked_in=st.sampled_from(AskIn),
    quorum=st.integers(1, 3),
    state=st.sampled_from(State),
    version=st.integers(1, 9),
    decisions=st.lists(decisions, max_size=3).map(tuple),
    runnable=st.none() | proposals,
    delayed_until=st.none() | times,
    consumed_at=st.none() | times,
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
