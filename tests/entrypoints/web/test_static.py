"""What is shipped to browsers: known files, nothing inline, nothing from elsewhere."""

import hashlib
import re

import httpx2
import pytest

from assent.entrypoints.web.rendering import HERE, STATIC, static_version

TEMPLATES = sorted((HERE / "templates").glob("*.html"))
SCRIPTS = sorted(STATIC.glob("*.js"))
VENDOR = STATIC / "vendor"


def test_vendored_files_are_the_ones_we_know() -> None:
    listed = {}
    for line in (VENDOR / "MANIFEST.sha256").read_text(encoding="ascii").splitlines():
        digest, name = line.split("  ")
        listed[name] = digest
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "MANIFEST.sha256"
    }
    assert found == listed


def test_every_vendored_script_has_its_licence() -> None:
    for path in VENDOR.glob("*.js"):
        assert (VENDOR / f"{path.name.split('.')[0]}.LICENSE").exists()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_nothing_inline(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert not re.findall(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|hx-on|javascript:", text
    )
    assert not re.findall(r"\|\s*safe\b|autoescape false", text)
    assert "//" not in re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_markup_is_printed_into_an_attribute(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    for tag in re.findall(r"<[a-z][^<>]*>", text):
        for value in re.findall(r'"([^"]*)"', tag):
            assert "|visible" not in value
            assert "|line" not in value


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_code_from_text(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert not re.findall(r"\beval\b|new Function|setTimeout\(\s*[\"'`]|document\.write", text)


async def test_static_files_are_kept_for_good_under_an_address_of_their_content(
    stranger: httpx2.AsyncClient,
) -> None:
    answer = await stranger.get(f"/static/{static_version()}/app.js")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]
    assert (await stranger.get("/static/other/app.js")).status_code == 404


@pytest.mark.parametrize(
    "name", ["../app.py", "%2e%2e/app.py", "vendor/../../app.py", "//etc/passwd"]
)
async def test_nothing_else_is_served(stranger: httpx2.AsyncClient, name: str) -> None:
    answer = await stranger.get(f"/static/{static_version()}/{name}")
    assert answer.status_code == 404
