"""A level is what was the case, and never more."""

from dataclasses import replace

import pytest

from assent.core.people.model import Factor
from assent.core.proof.levels import Level, decision_level, level_of, outlook
from tests.adapters.store.samples import decision, request


@pytest.mark.parametrize("factor", Factor)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_only_what_a_human_factor_signed_is_more_than_advisory(
    factor: Factor, signed: bool, apart: bool
) -> None:
    found = level_of(factor, signed=signed, apart=apart)
    if signed and factor in (Factor.TOUCH, Factor.PASSKEY):
        assert found is (Level.ISOLATED if apart else Level.PRESENT)
    else:
        assert found is Level.ADVISORY


def test_a_decision_is_isolated_only_for_an_agent_of_another_user() -> None:
    asked = request(7)
    said = replace(decision(asked), factor=Factor.PASSKEY, envelope="sha256:" + "0" * 64)
    assert decision_level(asked, said) is Level.PRESENT
    session = replace(asked.proposal.session, apart=True)
    elsewhere = replace(asked, proposal=replace(asked.proposal, session=session))
    assert decision_level(elsewhere, said) is Level.ISOLATED
    assert decision_level(elsewhere, replace(said, envelope="")) is Level.ADVISORY


@pytest.mark.parametrize(
    ("has_factor", "apart", "level"),
    [
        pytest.param(False, False, Level.ADVISORY, id="nothing"),
        pytest.param(False, True, Level.ADVISORY, id="another user alone proves nobody's word"),
        pytest.param(True, False, Level.PRESENT, id="a passkey"),
        pytest.param(True, True, Level.ISOLATED, id="both"),
    ],
)
def test_the_outlook_says_what_is_missing(has_factor: bool, apart: bool, level: Level) -> None:
    found = outlook(has_human_factor=has_factor, apart=apart)
    assert found.level is level
    assert bool(found.next_step) is (level is not Level.ISOLATED)
