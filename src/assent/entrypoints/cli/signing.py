"""Signing what one decides, in a terminal: `--sign`, and `--as` for another person's word."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from assent.adapters.identity.ssh_agent import (
    agent_keys,
    key_at,
    sign_with_agent,
    sign_with_file,
)
from assent.core.people.model import SshKey, fingerprint_of
from assent.core.proof.decisions import in_words
from assent.core.proof.dsse import (
    NAMESPACE,
    Envelope,
    Signature,
    SignatureKind,
    envelope_bytes,
    pae,
)
from assent.core.proof.sshsig import read_signature
from assent.core.proof.statement import Statement, read_statement
from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.text import moment, visible_line
from assent.errors import IntegrityError, UsageError

F = TypeVar("F", bound=Callable[..., Any])

AGENT = "ssh-agent"
"""What `--sign` without a value means: whichever registered key the agent holds."""


def signing_options(command: F) -> F:
    """The options of a command that decides; it is called with `sign_key` and `as_name`."""
    named = click.option(
        "--as", "as_name", default="", metavar="NAME", help="Who decides, by their own signature."
    )
    signed = click.option(
        "--sign",
        "sign_key",
        is_flag=False,
        flag_value=AGENT,
        default="",
        metavar="[KEY]",
        help="Sign it with this SSH key; without KEY: with yours that ssh-agent holds.",
    )
    return signed(named(command))


def wants_signature(sign_key: str, as_name: str) -> bool:
    """Whether these options ask for a signature: speaking for another takes theirs."""
    return bool(sign_key or as_name)


def signed_fields(
    path: str, verdict: str, fields: Mapping[str, object], *, sign_key: str, as_name: str
) -> dict[str, object]:
    """`fields` of a decision with the `envelope` in which they are signed; as they are where no
    signature is wanted.

    `path` is where the API makes the statement: it is given the fields, `verdict` and `by`. What
    is signed is shown in words first. Raises UsageError when no key signs, and what the API
    raises.
    """
    if not wants_signature(sign_key, as_name):
        return dict(fields)
    prepared = connect().post(path, {**fields, "verdict": verdict, "by": as_name})
    payload = base64.b64decode(prepared["payload"])
    click.echo("\n".join(_shown(payload, prepared["digest"])), err=True)
    signature = _sign(payload, prepared, sign_key or AGENT)
    envelope = envelope_bytes(Envelope(payload, (signature,)))
    return {**fields, "envelope": envelope.decode("ascii")}


def _shown(payload: bytes, digest: str) -> list[str]:
    """What is about to be signed, read from the very bytes."""
    try:
        said = read_statement(payload)
    except ValueError as error:
        raise IntegrityError(f"The daemon sent no statement to sign: {error}.") from error
    lines = [f"To be signed: {in_words(said.predicate)}", *_details(said)]
    return [visible_line(line) for line in (*lines, f"  as {digest}")]


def _details(said: Statement) -> list[str]:
    predicate, at = said.predicate, said.predicate.get("at")
    subjects = ", ".join(
        f"{each.name} {next(iter(each.digest.values()), '')[:19]}…" for each in said.subjects
    )
    named = ("rule", "policy", "grant", "runs", "asker", "tree", "hunks", "fields")
    limits = ("workspace", "paths")
    lines = [f"  {name} {_short(predicate[name])}" for name in named if predicate.get(name)]
    lines += [f"  {name} {_whole(predicate[name])}" for name in limits if predicate.get(name)]
    until = predicate.get("until")
    lines += [f"  until {moment(until)}"] if isinstance(until, int) else []
    if predicate.get("keep"):
        lines.append("  programs that it needs and that were not known run here from then on")
    when = [f"  at {moment(at)}"] if isinstance(at, int) else []
    return [f"  about {subjects}", *lines, *when]


def _whole(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)}: {', '.join(str(each)[:12] for each in value[:6])}"
    return str(value)


def _sign(payload: bytes, prepared: Mapping[str, Any], sign_key: str) -> Signature:
    theirs = {each["fingerprint"] for each in prepared["keys"]}
    who, message = str(prepared["by"]), pae(payload)
    if sign_key == AGENT:
        key = _held(theirs, who)
        _prompt(key)
        blob = sign_with_agent(message, namespace=NAMESPACE, key=key)
    else:
        path = Path(sign_key).expanduser()
        _check_theirs(key_at(path), theirs, who)
        blob = sign_with_file(message, namespace=NAMESPACE, key=path)
    try:
        keyid = fingerprint_of(base64.b64encode(read_signature(blob).key).decode("ascii"))
    except ValueError as error:
        raise UsageError(f"What ssh-keygen made is no signature: {error}.") from error
    return Signature(SignatureKind.SSHSIG, keyid, blob)


def _held(theirs: set[str], who: str) -> SshKey:
    """The person's key that the agent holds, one that wants a touch before the others."""
    held = [key for key in agent_keys() if key.fingerprint in theirs]
    if not held:
        raise UsageError(
            f"ssh-agent holds no key of {who}.",
            hint=f"Add it: ssh-add KEY. Or name it: --sign KEY. Registered: {_named(theirs)}",
        )
    return max(held, key=lambda key: key.wants_touch)


def _check_theirs(key: SshKey | None, theirs: set[str], who: str) -> None:
    """Say it before anybody has to touch anything."""
    if key is None:
        return
    if key.fingerprint not in theirs:
        raise UsageError(
            f"This is no key of {who}: {key.fingerprint}.",
            hint=f"Register it: assent people keys add {who} KEY.pub. Known: {_named(theirs)}",
        )
    _prompt(key)


def _prompt(key: SshKey) -> None:
    if key.wants_touch:
        click.echo("Touch your key.", err=True)


def _named(fingerprints: set[str]) -> str:
    return ", ".join(sorted(fingerprints)) or "none"
