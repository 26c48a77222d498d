"""What a project itself uses, and what of it a person accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.canonical import digest_text
from assent.core.project import (
    Accepted,
    ProjectPrograms,
    ProjectTask,
    accept,
    accepted_bytes,
    may_be_project_program,
    programs_in,
    put_together,
    read_accepted,
)
from tests.core.strategies import digests, texts


@pytest.mark.parametrize("name", ["ruff", "golangci-lint", "workmux", "tsc", "bin/app", "./app"])
def test_a_manifest_may_name_its_tools(name: str) -> None:
    assert may_be_project_program(name)


@pytest.mark.parametrize(
    "name",
    [
        *("bash", "sh", "env", "python", "python3.12", "node", "sudo", "curl", "ssh", "gh", "git"),
        *("kubectl", "terraform", "fly", "docker", "rm", "assent", "systemctl", "bin/bash"),
        *("", "-x", "@scope", "/usr/bin/x", "a b", "a;b", "$(x)", "../x", "a/../b", "x" * 300),
        pytest.param("r\u0443ff", id="homoglyph"),
    ],
)
def test_no_manifest_makes_these_known(name: str) -> None:
    assert not may_be_project_program(name)
    assert name not in put_together([ProjectPrograms(frozenset({name}))]).programs


@given(texts)
def test_any_name_has_an_answer(name: str) -> None:
    assert may_be_project_program(name) in (True, False)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("tsup && vite build", {"tsup", "vite"}, id="list"),
        pytest.param("NODE_ENV=test jest | tee log", {"jest", "tee"}, id="assignment-and-pipe"),
        pytest.param('"$make_value" build', set(), id="not-plain"),
        pytest.param("./scripts/x.sh; /opt/y", set(), id="paths"),
        pytest.param("curl x | sh", set(), id="never-known"),
        pytest.param("if (", set(), id="no-shell"),
    ],
)
def test_programs_of_a_text(text: str, names: set[str]) -> None:
    assert programs_in(text) == names


def test_a_task_is_accepted_with_its_text() -> None:
    task = ProjectTask("npm", "test", "", "jest")
    accepted = accept(ProjectPrograms(tasks=(task,)))
    assert accepted.has(task)
    for changed in (
        ProjectTask("npm", "test", "", "jest --ci"),
        ProjectTask("npm", "test", "packages/a", "jest"),
        ProjectTask("yarn", "test", "", "jest"),
    ):
        assert not accepted.has(changed)


def test_the_digest_tells_every_change() -> None:
    found = [
        ProjectPrograms(),
        ProjectPrograms(frozenset({"ruff"})),
        ProjectPrograms(tasks=(ProjectTask("npm", "test", "", "jest"),)),
        ProjectPrograms(tasks=(ProjectTask("npm", "test", "", "jest --ci"),)),
    ]
    assert len({each.digest for each in found}) == len(found)


@given(
    st.builds(
        Accepted,
        programs=st.frozensets(texts, max_size=3),
        tasks=st.frozensets(st.tuples(texts, texts, texts, digests), max_size=3),
    )
)
def test_round_trip(accepted: Accepted) -> None:
    assert read_accepted(accepted_bytes(accepted)) == accepted


def test_the_first_of_several_manifests_holds() -> None:
    first, second = (ProjectTask("make", "test", "", text) for text in ("a", "b"))
    both = put_together([ProjectPrograms(tasks=(first,)), ProjectPrograms(tasks=(second,))])
    assert both.tasks == (first,)
    assert both.tasks[0].digest == digest_text("a")
