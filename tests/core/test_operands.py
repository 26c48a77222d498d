"""What a command would run belongs to what is approved."""

from assent.core.actions import Command, FileRead
from assent.core.canonical import digest_of
from assent.core.encoding import action_digest
from assent.core.facts import Facts, ScriptFact
from assent.core.operands import bind_operands
from assent.core.proposals import AgentSession, Proposal


def test_a_command_with_another_script_is_another_action() -> None:
    asked = Proposal(AgentSession("a", "s", "/w", "/w"), "c", "sh", Command("bash x.sh", "/w"), b"")

    def with_script(content: bytes) -> Proposal:
        scripts = {"/w/x.sh": ScriptFact(digest_of(content))}
        return bind_operands(asked, Facts("/w", "/h", "/a", scripts=scripts))

    assert bind_operands(asked, Facts("/w", "/h", "/a")) == asked
    assert with_script(b"one").subject == with_script(b"one").subject
    assert len({asked.subject, with_script(b"one").subject, with_script(b"two").subject}) == 3


def test_other_actions_stay_as_they_are() -> None:
    read = Proposal(AgentSession("a", "s", "/w", "/w"), "c", "read", FileRead(("x.sh",), "/w"), b"")
    facts = Facts("/w", "/h", "/a", scripts={"/w/x.sh": ScriptFact(digest_of(b""))})
    assert bind_operands(read, facts) is read


def test_a_script_that_is_gone_is_no_longer_bound() -> None:
    command = Command("bash x.sh", "/w", operands=(("/w/x.sh", digest_of(b"one")),))
    bound = Proposal(AgentSession("a", "s", "/w", "/w"), "c", "sh", command, b"")
    assert bind_operands(bound, Facts("/w", "/h", "/a")).action == Command("bash x.sh", "/w")


def test_a_command_without_operands_has_the_digest_it_always_had() -> None:
    assert action_digest(Command("make", "/w")) == (
        "sha256:9bb0bbfbc2097ee0670f9d14aee38b3f16feadddc03d5c08c5c4d947e566c9cc"
    )
