"""The files of the catalog: each can be read, and each program stands in one place."""

import re
from collections import Counter
from pathlib import Path

import pytest

import assent.adapters.catalog
from assent.adapters.catalog import parse_catalog
from assent.adapters.catalog.reader import CatalogFile
from assent.core.risk.catalog import FILE_USES, OTHER_USES
from assent.core.risk.factors import class_of
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.readers import READERS

FILES = sorted(Path(assent.adapters.catalog.__file__).parent.glob("*.toml"))
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "catalog.md"


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FILES])
def test_every_file_can_be_read(file: Path) -> None:
    programs = parse_catalog(file.read_bytes(), file.name)
    assert programs
    assert all(program.about for _, program in programs)


def test_no_program_stands_in_two_places() -> None:
    named = Counter(
        name for file in FILES for name, _ in parse_catalog(file.read_bytes(), file.name)
    )
    assert [name for name, times in named.items() if times > 1] == []


def test_the_page_tells_every_meaning_as_it_is() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| ([a-z-]+) \| ([a-z]+) \| ([a-z]+) \| ([a-z]+) \| ([a-z]+) \|",
        PAGE.read_text("utf-8"),
        re.MULTILINE,
    )
    assert rows == [
        (
            word,
            meaning.effect.value,
            meaning.factors.reversibility.word,
            meaning.factors.reach.word,
            meaning.factors.sensitivity.word,
            class_of(meaning.factors).word,
        )
        for word, meaning in MEANINGS.items()
    ]


def test_the_page_tells_every_use() -> None:
    rows = r"^\| `([a-z]+)` \| (?:file|text|tail) \|"
    told = set(re.findall(rows, PAGE.read_text("utf-8"), re.MULTILINE))
    assert told == (FILE_USES | OTHER_USES) - {""}


def test_the_page_tells_readers_that_there_are() -> None:
    after = PAGE.read_text("utf-8").split("## Readers")[1]
    told = re.findall(r"^\| `([a-z-]+)` \|", after, re.MULTILINE)
    assert told
    assert set(told) <= set(READERS)


def test_the_page_tells_every_key() -> None:
    page = PAGE.read_text("utf-8").split("## Meanings")[0]
    told = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    fields = CatalogFile.model_json_schema(by_alias=True)["$defs"]
    assert told == {*fields["_Program"]["properties"], *fields["_Call"]["properties"]} - {"name"}
