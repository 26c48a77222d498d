"""Tests that become weaker are told, tests that grow are not."""

import pytest

from assent.core.risk.edits import FileVersion, inspect_change

PY = "tests/test_a.py"


def found(path: str, before: str | None, after: str | None) -> list[str]:
    reading = inspect_change([FileVersion(path, before, after)])
    return [item.what for item in reading.evidence if item.rule.startswith("test-")]


@pytest.mark.parametrize(
    ("path", "before", "after", "says"),
    [
        (PY, "def test_a():\n    assert x\n", "", "removes test_a"),
        (PY, "def test_a():\n    assert x\n", None, "deletes the tests"),
        (PY, "def test_a(): ...", "@pytest.mark.skip\ndef test_a(): ...", "skips tests"),
        (
            PY,
            "def test_a(): ...",
            "@pytest.mark.xfail(reason='x')\ndef test_a(): ...",
            "skips tests",
        ),
        (
            PY,
            "def test_a():\n    f()",
            "def test_a():\n    pytest.skip('x')\n    f()",
            "skips tests",
        ),
        (PY, "    assert a == 1\n    assert b\n", "    assert b\n", "has 1 fewer assertion"),
        (PY, "    assert a == 1\n", "    # assert a == 1\n", "has 1 fewer assertion"),
        (PY, "    assert a == 1\n", "    assert True\n", "adds a check that always holds"),
        (
            PY,
            "    f()\n",
            "    try:\n        f()\n    except Exception:\n        pass\n",
            "swallows",
        ),
        ("a.test.ts", "it('adds', () => {})", "it.skip('adds', () => {})", "skips tests"),
        ("a.test.ts", "it('adds', () => {})", "xit('adds', () => {})", "skips tests"),
        ("a.test.ts", "it('adds', () => {})", "it.only('adds', () => {})", "runs only some"),
        ("a.test.ts", "expect(a).toBe(1)\n", "\n", "has 1 fewer assertion"),
        ("a.test.ts", "expect(a).toBe(1)\n", "expect(true).toBe(true)\n", "adds a check that"),
        (
            "a_test.go",
            "func TestA(t *testing.T) {\n",
            "func TestA(t *testing.T) {\n\tt.Skip()\n",
            "skips",
        ),
        ("a_test.go", "func TestA(t *testing.T) {}\n", "\n", "removes TestA"),
        ("tests/a.rs", "#[test]\nfn a() {}", "#[test]\n#[ignore]\nfn a() {}", "skips tests"),
        ("ATest.java", "  @Test\n  void a() {}", "  @Test @Disabled\n  void a() {}", "skips tests"),
        ("spec/a_spec.rb", "it 'adds' do\n", "", "removes adds"),
    ],
)
def test_a_weaker_test_is_told(path: str, before: str, after: str | None, says: str) -> None:
    assert any(what.startswith(says) for what in found(path, before, after))


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (PY, "def test_a():\n    assert x\n", "def test_b():\n    assert x\n"),
        (PY, "def test_a():\n    assert x\n", "def test_a():\n    assert x\n    assert y\n"),
        (PY, "    assert a == 1\n", "    assert a == 2\n"),
        (PY, "@pytest.mark.skip\ndef test_a(): ...", "def test_a(): ..."),
        ("a.test.ts", "it('adds', () => {})", "it('adds', () => {})\nit('more', () => {})"),
        ("src/checks.py", "    assert a == 1\n", "    pass\n"),
    ],
)
def test_a_test_that_is_no_weaker_is_not_told(path: str, before: str, after: str) -> None:
    assert found(path, before, after) == []
