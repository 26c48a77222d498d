"""The ceremonies of passkeys, by the `webauthn` library.

It is imported where it is used: a daemon in which nobody ever registers a passkey needs none of it.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from assent.app.people.passkeys import Party, Registered
from assent.core.canonical import Json
from assent.core.people.model import Passkey, Person
from assent.core.proof.webauthn import from_base64url, read_client_data, to_base64url
from assent.errors import UsageError

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

T = TypeVar("T")

CHALLENGE = 32
TIMEOUT_MS = 120_000
ALGORITHMS = (-7, -8, -257)
"""ES256, EdDSA, RS256: what `core.proof.webauthn` reads."""
ANSWER = 64 * 1024
"""Characters of an answer."""
NOT_RIGHT = "The passkey's answer is not right, so nothing was done."
AGAIN = "Try again; if it stays so, choose another passkey."


class WebauthnCeremonies:
    """Implements `Ceremonies`."""

    def challenge(self) -> bytes:
        return secrets.token_bytes(CHALLENGE)

    def challenge_in(self, answer: str) -> bytes:
        fields = _fields(answer)
        response = fields.get("response")
        data = response.get("clientDataJSON") if isinstance(response, dict) else None
        try:
            return read_client_data(from_base64url(str(data))).challenge
        except ValueError as error:
            raise _not_right(error) from error

    def credential_in(self, answer: str) -> str:
        return str(_fields(answer).get("id", ""))

    def to_register(self, party: Party, person: Person, challenge: bytes) -> Mapping[str, Json]:
        from webauthn import generate_registration_options  # noqa: PLC0415
        from webauthn.helpers import options_to_json_dict  # noqa: PLC0415
        from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415
        from webauthn.helpers.structs import (  # noqa: PLC0415
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        options = generate_registration_options(
            rp_id=party.rp_id,
            rp_name="Assent",
            user_id=handle_of(person),
            user_name=person.name,
            user_display_name=person.full_name or person.name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_described([each.id for each in person.passkeys]),
            supported_pub_key_algs=[COSEAlgorithmIdentifier(each) for each in ALGORITHMS],
        )
        return options_to_json_dict(options)

    def registered(self, answer: str, party: Party, challenge: bytes) -> Registered:
        from webauthn import verify_registration_response  # noqa: PLC0415
        from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415

        made = _checked(
            lambda: verify_registration_response(
                credential=_fields(answer),
                expected_challenge=challenge,
                expected_rp_id=party.rp_id,
                expected_origin=party.origin,
                require_user_verification=True,
                supported_pub_key_algs=[COSEAlgorithmIdentifier(each) for each in ALGORITHMS],
            )
        )
        return Registered(
            id=to_base64url(made.credential_id),
            public_key=to_base64url(made.credential_public_key),
            sign_count=made.sign_count,
        )

    def to_use(
        self, party: Party, challenge: bytes, *, ids: Sequence[str] = ()
    ) -> Mapping[str, Json]:
        from webauthn import generate_authentication_options  # noqa: PLC0415
        from webauthn.helpers import options_to_json_dict  # noqa: PLC0415
        from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415

        options = generate_authentication_options(
            rp_id=party.rp_id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=_described(ids),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options)

    def used(self, answer: str, party: Party, challenge: bytes, *, passkey: Passkey) -> int:
        from webauthn import verify_authentication_response  # noqa: PLC0415

        if passkey.rp_id != party.rp_id:
            raise UsageError(
                f"This passkey belongs to {passkey.rp_id}, not to {party.rp_id}.",
                hint="Open the page that `assent status` prints.",
            )
        found = _checked(
            lambda: verify_authentication_response(
                credential=_fields(answer),
                expected_challenge=challenge,
                expected_rp_id=party.rp_id,
                expected_origin=party.origin,
                credential_public_key=from_base64url(passkey.public_key),
                # The count is looked at by the use case, which records one that goes backwards.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        )
        if to_base64url(found.credential_id) != passkey.id:
            raise _not_right(ValueError("it is another passkey's"))
        return found.new_sign_count


def handle_of(person: Person) -> bytes:
    """Which account a passkey is for, to the device: the same for all passkeys of a person."""
    return hashlib.sha256(b"assent person\0" + person.name.encode()).digest()


def _described(ids: Sequence[str]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor  # noqa: PLC0415

    return [PublicKeyCredentialDescriptor(id=from_base64url(each)) for each in ids]


def _fields(answer: str) -> dict[str, object]:
    """Raises UsageError for what is no answer of a browser."""
    try:
        if len(answer) > ANSWER:
            raise ValueError("too long")
        fields = json.loads(answer)
        if not isinstance(fields, dict):
            raise TypeError("not an object")
    except (ValueError, TypeError, RecursionError) as error:
        raise _not_right(error) from error
    return fields


def _checked(check: Callable[[], T]) -> T:
    """What the library says of an answer. Whatever it trips over is no right answer."""
    try:
        return check()
    # The parsers below it raise what they like for bytes that make no sense.
    except Exception as error:
        raise _not_right(error) from error


def _not_right(error: Exception) -> UsageError:
    return UsageError(f"{NOT_RIGHT} ({_plain(error)})", hint=AGAIN)


def _plain(error: Exception) -> str:
    """Why, in few words and without anything of what was sent."""
    words = str(error).lower()
    known = {
        "not verified": "the device did not check who used it",
        "origin": "it was made on another page",
        "rp id": "it belongs to another address",
        "challenge": "it answers another question",
        "signature": "its signature is not that passkey's",
    }
    return next((said for sign, said in known.items() if sign in words), "it cannot be read")
