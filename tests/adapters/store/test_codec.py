"""A stored request is the request, whatever is in it; anything else is an error with a way out."""

import json

import pytest
from hypothesis import given

from assent.adapters.store.codec import decode_request, encode_request
from assent.core.approvals import Request
from assent.errors import IntegrityError
from tests.adapters.store.samples import request
from tests.core.strategies import requests


@given(requests)
def test_round_trip(stored: Request) -> None:
    assert decode_request(encode_request(stored)) == stored


@given(requests)
def test_the_bytes_suit_every_database(stored: Request) -> None:
    data = encode_request(stored)
    assert data.isascii()
    assert b"\0" not in data


def test_a_payload_that_occurs_often_is_written_once() -> None:
    asked = request(1)
    once, twice = (
        Request(
            **{name: getattr(asked, name) for name in Request.__slots__} | {"runnable": runnable}
        )
        for runnable in (None, asked.proposal)
    )
    assert len(encode_request(twice)) - len(encode_request(once)) < len("null")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="not-text"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"{}", id="fields-missing"),
        pytest.param(
            json.dumps(json.loads(encode_request(request(1))) | {"assent": "request/9"}).encode(),
            id="other-format",
        ),
        pytest.param(
            json.dumps(json.loads(encode_request(request(1))) | {"proposal": 7}).encode(),
            id="no-such-proposal",
        ),
        pytest.param(
            json.dumps(json.loads(encode_request(request(1))) | {"number": True}).encode(),
            id="other-type",
        ),
        pytest.param(
            json.dumps(json.loads(encode_request(request(1))) | {"state": "granted"}).encode(),
            id="unknown-word",
        ),
    ],
)
def test_what_is_no_request_is_an_integrity_error(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="cannot be read"):
        decode_request(data)
