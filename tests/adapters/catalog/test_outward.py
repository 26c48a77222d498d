"""The catalog files for what reaches beyond the project hold together."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assent.adapters.catalog import parse_catalog, reader
from assent.core.risk import RiskClass
from tests.core.risk.stage import assess_script

FILES = [
    "archives",
    "clouds",
    "containers",
    "databases",
    "disks",
    "forge",
    "infra",
    "kubernetes",
    "network",
    "packages-system",
    "security",
    "services",
    "system",
]


def _text(name: str) -> bytes:
    return (Path(reader.__file__).parent / f"{name}.toml").read_bytes()


def _programs() -> Iterator[tuple[str, str]]:
    for file in FILES:
        for name, table in tomllib.loads(_text(file).decode())["program"].items():
            yield from ((each, file) for each in (name, *table.get("also", [])))


@pytest.mark.parametrize("file", FILES)
def test_a_family_is_valid(file: str) -> None:
    assert parse_catalog(_text(file), file)


def test_a_program_has_one_entry() -> None:
    """The first of two would hold, and nobody would see why the second does not."""
    counted = Counter(name for name, _ in _programs())
    assert [name for name, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("file", FILES)
def test_names_of_calls_are_words(file: str) -> None:
    """A flag in the name of a call would never be met."""
    odd = [
        (name, call.name)
        for name, program in parse_catalog(_text(file), file)
        for call in program.calls
        if any(word.startswith("-") for word in call.name)
    ]
    assert odd == []


@pytest.mark.parametrize(
    "program", ["docker", "gh", "kubectl", "aws", "gcloud", "brew", "terraform", "vault", "fly"]
)
def test_an_unknown_call_does_not_proceed(program: str) -> None:
    assert assess_script(f"{program} frobnicate").risk >= RiskClass.MEDIUM
