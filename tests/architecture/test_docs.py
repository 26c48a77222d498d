"""What the documents say is there: files, commands and their options."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from assent.adapters.policy_file import parse_policy
from assent.entrypoints.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
NOT_OURS = {".git", ".venv", ".dev", "node_modules"}
REFERENCE = ROOT / "docs" / "reference" / "cli.md"

LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
COMMAND = re.compile(r"(?:^ {4,}|`)(?:\S*/)?assent ([a-z]+)( [a-z]+)?", re.MULTILINE)
PLACE = re.compile(r"^\| (`[^|]+`) \|", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
MOST_LINES = 150


def documents() -> list[Path]:
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not NOT_OURS & set(path.relative_to(ROOT).parts) and path.parent.name != ".pytest_cache"
    )


def commands(name: str) -> Iterator[tuple[str, click.Command]]:
    """A command as it is typed, or each of a group's."""
    command: click.Command = importlib.import_module(f"assent.entrypoints.cli.{name}").command
    if not isinstance(command, click.Group):
        yield name, command
        return
    for inner, sub in command.commands.items():
        yield f"{name} {inner}", sub


def every_command() -> dict[str, click.Command]:
    return {typed: command for name in COMMANDS for typed, command in commands(name)}


def by_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", documents(), ids=by_name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", documents(), ids=by_name)
def test_named_commands_exist(path: Path) -> None:
    named = COMMAND.findall(path.read_text(encoding="utf-8"))
    assert [name for name, _ in named if name not in COMMANDS] == []
    inner = [f"{name}{sub}" for name, sub in named if name == "agents" and sub]
    assert [typed for typed in inner if typed not in every_command()] == []


def test_every_command_is_in_the_reference_with_its_options() -> None:
    rows = REFERENCE.read_text(encoding="utf-8").splitlines()
    missing = [
        f"assent {typed} {option}".strip()
        for typed, command in every_command().items()
        for option in undocumented(rows, typed, command)
    ]
    assert missing == []


def undocumented(rows: list[str], typed: str, command: click.Command) -> list[str]:
    """The options that a command's row does not show; an empty one when it has no row."""
    row = next((row for row in rows if re.match(rf"\| `assent {typed}\b", row)), "")
    options = [max(param.opts, key=len) for param in command.params if param.opts[0][0] == "-"]
    return [option for option in options if option not in row] if row else [""]


def test_the_code_map_names_what_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    code_map = text.split("## Code map")[1].split("\n## ")[0]
    missing = []
    for cell in PLACE.findall(code_map):
        folder = ROOT / "src" / "assent"
        for place in CODE.findall(cell):
            here = [folder / place, ROOT / "src" / "assent" / place]
            found = next((path for path in here if path.exists()), None)
            if "<" not in place and found is None:
                missing.append(place)
            if found is not None:
                folder = found.parent
    assert missing == []


def test_the_readme_shows_both_first_commands_at_once() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:24]
    assert [line.split()[:2] for line in first_screen if line.startswith("    ./dev")][:2] == [
        ["./dev", "demo"],
        ["./dev", "test"],
    ]


@pytest.mark.parametrize("path", documents(), ids=by_name)
def test_policies_in_the_text_can_be_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    indented = re.findall(r"(?:^ {4}.*\n|^\n)+", text, re.MULTILINE)
    fenced = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for block in (*indented, *fenced):
        if "[[rule]]" in block or "[ask]" in block:
            parse_policy(re.sub(r"^ {4}", "", block, flags=re.MULTILINE).encode())
