"""What manifests ask for, and how far a version is fixed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.changes.dependencies import (
    Move,
    Need,
    Tightness,
    is_manifest,
    moves,
    needs,
    origins,
    tells_origins,
    tightness,
)


@pytest.mark.parametrize(
    ("manifest", "spec", "expected"),
    [
        ("package.json", "1.2.3", Tightness.EXACT),
        ("package.json", "^1.2.3", Tightness.RANGE),
        ("package.json", "~1.2", Tightness.RANGE),
        ("package.json", ">=1", Tightness.OPEN),
        ("package.json", "latest", Tightness.ANY),
        ("package.json", "", Tightness.ANY),
        ("pyproject.toml", "==1.2", Tightness.EXACT),
        ("pyproject.toml", "===1.2", Tightness.EXACT),
        ("pyproject.toml", "==1.*", Tightness.RANGE),
        ("pyproject.toml", "~=1.2", Tightness.RANGE),
        ("pyproject.toml", ">=1,<2", Tightness.RANGE),
        ("cargo.toml", "=1.2.3", Tightness.EXACT),
        ("cargo.toml", "1.2.3", Tightness.RANGE),
        ("cargo.toml", "*", Tightness.ANY),
        ("go.mod", "v1.2.3", Tightness.EXACT),
        ("gemfile", "~> 1.2", Tightness.RANGE),
    ],
)
def test_how_far_a_version_is_fixed(manifest: str, spec: str, expected: Tightness) -> None:
    assert tightness(manifest, spec) is expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            "pyproject.toml",
            "[project]\ndependencies = [\"A_b[x] >=1 ; python_version > '3'\"]\n"
            '[project.optional-dependencies]\ndev = ["c"]\n'
            '[dependency-groups]\ntest = ["d==1"]\n'
            '[build-system]\nrequires = ["e"]\n',
            {
                "a-b": Need(">=1"),
                "c": Need(""),
                "d": Need("==1"),
                "e": Need(""),
            },
            id="python",
        ),
        pytest.param(
            "pyproject.toml",
            '[tool.poetry.dependencies]\npython = "^3.11"\na = "^1"\n'
            'b = { git = "https://h/b", rev = "abc" }\n',
            {"a": Need("^1"), "b": Need("#abc", "https://h/b")},
            id="poetry",
        ),
        pytest.param(
            "requirements.txt",
            "# why\n-r other.txt\n--hash=sha256:1\na[x]==1 \\\n  --hash=sha256:2\n"
            "-e git+https://h/b#egg=b\n./local\n",
            {
                "a": Need("==1"),
                "git+https://h/b": Need("#egg=b", "git+https://h/b"),
                "./local": Need("", "./local"),
            },
            id="requirements",
        ),
        pytest.param(
            "package.json",
            '{"dependencies": {"a": "1"}, "devDependencies": {"b": "file:../b"},'
            ' "peerDependencies": 3, "scripts": {"c": "1"}}',
            {"a": Need("1"), "b": Need("", "file:../b")},
            id="npm",
        ),
        pytest.param(
            "Cargo.toml",
            '[dependencies]\na = "1"\n[target.x.dependencies]\nb = { path = "../b" }\n'
            '[workspace.dependencies]\nc = { version = "2", registry = "own" }\n',
            {"a": Need("1"), "b": Need("", "../b"), "c": Need("2", "own")},
            id="cargo",
        ),
        pytest.param(
            "go.mod",
            "module host.org/m\n\ngo 1.22\n\nrequire (\n\thost.org/a v1.0.0 // indirect\n)\n"
            "replace host.org/a v1.0.0 => ../a\n",
            {"host.org/a": Need("v1.0.0", "../a")},
            id="go",
        ),
        pytest.param(
            "Gemfile",
            "source 'x'\ngem 'a', '~> 1'\ngem 'b', github: 'o/b'\n",
            {"a": Need("~> 1"), "b": Need("", "o/b")},
            id="ruby",
        ),
        pytest.param("package.json", "[1]", None, id="no-object"),
        pytest.param("Cargo.toml", "= = =", None, id="no-toml"),
        pytest.param("go.mod", "", {}, id="empty"),
    ],
)
def test_what_a_manifest_asks_for(name: str, text: str, expected: dict[str, Need] | None) -> None:
    assert needs(name, text) == expected


def test_a_new_manifest_adds_and_a_deleted_one_removes() -> None:
    text = '{"dependencies": {"a": "1.0.0"}}'
    added = moves("package.json", None, text)
    removed = moves("package.json", text, None)
    assert added is not None
    assert removed is not None
    assert [item.move for item in (*added, *removed)] == [Move.ADDED, Move.REMOVED]


NAMES = st.sampled_from(
    ["package.json", "pyproject.toml", "Cargo.toml", "go.mod", "Gemfile", "requirements.txt"]
)
PIECES = st.sampled_from(
    [
        "[dependencies]\n",
        '"dependencies"',
        "{",
        "}",
        "a",
        " = ",
        '"1"',
        "==",
        "\n",
        "=>",
        "gem ",
        "'",
    ]
)


@given(NAMES, st.lists(PIECES | st.text(max_size=5), max_size=20).map("".join))
def test_manifests_are_read_whatever_they_hold(name: str, text: str) -> None:
    assert is_manifest(name)
    found = needs(name, text)
    assert found is None or moves(name, text, text) == ()
    assert moves(name, "", text) is None or found is not None


@given(st.sampled_from([".npmrc", "yarn.lock", "package-lock.json"]), st.lists(st.text()))
def test_origins_are_told_of_lines_that_are_there(name: str, lines: list[str]) -> None:
    assert tells_origins(name)
    assert all(0 <= place < len(lines) for place, _ in origins(name, lines))


def test_only_what_is_installed_has_an_origin() -> None:
    lines = ['"resolved": "https://a.example/x",', '"url": "https://b.example/fund"']
    assert [found.host for _, found in origins("package-lock.json", lines)] == ["a.example"]


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("registry=https://a.example/", True),
        ("registry=http://a.example/", False),
        ("registry=http://localhost:4873/", True),
    ],
)
def test_plain_http_is_not_safe(line: str, safe: bool) -> None:
    [(_, found)] = origins(".npmrc", [line])
    assert found.safe is safe
