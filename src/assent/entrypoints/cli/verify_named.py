"""Verifying one request or change by its name: who decided what about it, when, why, how known."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from assent.adapters.git.clones import Clone
from assent.adapters.identity.many import ManySignatures
from assent.app.proof.verify_range import NamedVerification, verify_named
from assent.core.canonical import Json
from assent.core.proof.answers import Wanted
from assent.core.proof.named import Account
from assent.entrypoints.cli.text import visible_line
from assent.entrypoints.cli.verify_range import (
    NOT_APPROVED,
    SIGNS,
    log_fields,
    log_words,
    refuse_touched,
    voice_fields,
    voice_words,
)

_NAME = re.compile(r"(?:REQ|CH)-[0-9]{1,15}", re.IGNORECASE)


def is_name(given: str) -> bool:
    return _NAME.fullmatch(given) is not None


def verify_one(folder: Path, given: str, *, root: str, wanted: Wanted, as_json: bool) -> None:
    """Print what was decided. Ends with exit 1 where it was not approved, and raises
    IntegrityError where the log was touched."""
    name = given.upper()
    found = verify_named(Clone(folder), ManySignatures(), name, root=root, wanted=wanted)
    click.echo(json.dumps(_fields(found), indent=2) if as_json else "\n".join(_words(found)))
    refuse_touched(found.troubles)
    if not found.is_approved:
        click.get_current_context().exit(NOT_APPROVED)


def _fields(found: NamedVerification) -> dict[str, Json]:
    decided: list[Json] = [
        {
            "subject": each.subject,
            "verdict": each.verdict.value,
            "why": each.why,
            "level": each.level.value,
            "decisions": [
                {"decision": voice.text("decision"), **voice_fields(voice, {})}
                for voice in each.voices
            ],
        }
        for each in found.accounts
    ]
    return {
        "name": found.name,
        "approved": found.is_approved,
        "tampered": bool(found.troubles),
        "why": found.why_none,
        "accounts": decided,
        "log": log_fields(found),
    }


def _words(found: NamedVerification) -> Iterator[str]:
    if found.why_none:
        yield found.why_none
    for account in found.accounts:
        yield from _account_words(account)
    yield from log_words(found)
    if found.root:
        yield f"{found.entries} entries in the log; its first keys: {found.root}."


def _account_words(account: Account) -> Iterator[str]:
    sign, colour = SIGNS[account.verdict]
    yield f"{click.style(sign, fg=colour)} {account.name}  {visible_line(account.subject)}"
    yield f"    {visible_line(account.why)}. Level: {account.level.value}."
    for voice in account.voices:
        yield f"    {visible_line(voice.text('decision'))}: {voice_words(voice)}"
