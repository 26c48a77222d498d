"""All kinds of actions and requests, for Hypothesis."""

import json

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
    UnexplainedChange,
    UnknownAction,
    Vouched,
)
from assent.core.approvals import Decision, Request, State, Verdict
from assent.core.canonical import digest_of
from assent.core.people.model import Factor, Need, Rung
from assent.core.policy.model import AskIn, Tier
from assent.core.proposals import AgentSession, Editable, Proposal
from assent.core.risk.factors import (
    Cost,
    Factors,
    Precedent,
    Reach,
    Reversibility,
    RiskClass,
    Sensitivity,
)
from assent.core.risk.model import Assessment, Effect, Evidence, Scope

NASTY = 'a\0b\udc80"\\\u202e\U0001f600\r\n\x1b[31m'
"""NUL, a lone surrogate, quotes, bidi, an emoji, CRLF and an escape sequence in one text."""


def _as_json_reads_it(text: str) -> str:
    """A high surrogate before a low one is the character they spell, in every JSON reader."""
    read = json.loads(json.dumps(text))
    assert isinstance(read, str)
    return read


texts = st.text(max_size=20).map(_as_json_reads_it) | st.sampled_from((NASTY, "", "\0", "\ud800"))
digests = st.binary(max_size=3).map(digest_of)
times = st.integers(0, 250_000_000_000_000)
"""Up to the year 9892."""
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
        operands=st.lists(st.tuples(texts, digests), max_size=2).map(tuple),
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
    st.builds(
        UnexplainedChange,
        workspace=texts,
        before=texts,
        after=texts,
        left_out=st.integers(0, 9),
        changes=st.lists(changes, max_size=2).map(tuple),
    ),
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
    human_in_loop=st.none() | st.booleans(),
    person=texts,
    apart=st.booleans(),
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
factors = st.builds(
    Factors,
    st.sampled_from(Reversibility),
    st.sampled_from(Reach),
    st.sampled_from(Cost),
    st.sampled_from(Sensitivity),
    st.sampled_from(Precedent),
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
            factors=factors,
            what=texts,
            span=st.none() | st.tuples(times, times),
            path=texts,
            program=st.lists(texts, max_size=3).map(tuple),
            scope=st.none() | st.builds(Scope, texts, texts),
            undo=texts,
            called=st.lists(_tuples(texts), max_size=2).map(tuple),
            amount=st.integers(0, 10**9),
        ),
        max_size=2,
    ).map(tuple),
    title=texts,
    undo=texts,
    factors=factors,
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
    hand=st.sampled_from(Tier),
    factor=st.sampled_from(Factor),
    envelope=texts,
    in_name_of=texts,
    shown_ms=times,
    read=st.booleans(),
    to=_tuples(texts),
)
needs = st.builds(Need, group=texts, people=_tuples(texts), count=st.integers(0, 9))
rungs = st.builds(Rung, after_ms=times, ask=_tuples(texts))
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
    tier=st.sampled_from(Tier),
    reviewers=_tuples(texts),
    then_ask=_tuples(texts),
    also=st.lists(needs, max_size=2).map(tuple),
    asker=texts,
    separate=st.booleans(),
    signed=st.booleans(),
    remind_ms=times,
    ladder=st.lists(rungs, max_size=2).map(tuple),
    advice=texts,
    remember_ms=times,
    purpose=texts,
    rollback=texts,
    state=st.sampled_from(State),
    version=st.integers(1, 9),
    decisions=st.lists(decisions, max_size=3).map(tuple),
    runnable=st.none() | proposals,
    delayed_until=st.none() | times,
    consumed_at=st.none() | times,
)
