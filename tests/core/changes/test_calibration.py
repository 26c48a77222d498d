"""What a calibration says, what faults can be planted, and what changes nothing."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.canonical import Digest, canonical
from assent.core.changes.calibration import (
    KIND,
    Calibration,
    calibration_from,
    counts,
    fields_of,
    interval,
    model_of,
    standing_by,
)
from assent.core.changes.mutations import (
    Edit,
    clean_edits,
    faults,
    in_turn,
    is_program,
    reads,
)
from assent.core.policy.changes import ModelRule

# Intervals


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # R: binom.test(hits, of, conf.level = 0.9)$conf.int
        pytest.param(0, 0, 0.0, 1.0, id="nothing-seen"),
        pytest.param(0, 20, 0.0, 0.1391083, id="none"),
        pytest.param(20, 20, 0.8608917, 1.0, id="all"),
        pytest.param(10, 20, 0.3019538, 0.6980462, id="half"),
        pytest.param(18, 20, 0.7173815, 0.9819350, id="most"),
        pytest.param(1, 1, 0.05, 1.0, id="one-of-one"),
    ],
)
def test_interval(hits: int, of: int, low: float, high: float) -> None:
    found = interval(hits, of)
    assert found.low == pytest.approx(low, abs=1e-6)
    assert found.high == pytest.approx(high, abs=1e-6)


@given(of=st.integers(1, 60), data=st.data())
def test_the_share_lies_in_its_interval_and_more_hits_raise_it(
    of: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, of))
    found = interval(hits, of)
    assert 0 <= found.low <= hits / of <= found.high <= 1
    if hits:
        assert interval(hits - 1, of).low < found.low


# What counts

PROMPT = Digest("sha256:prompt")
RULE = ModelRule(model="openai:m", floor=0.7)


def a_calibration(
    caught: int, *, planted: int = 20, model: str = "openai:m", **more: str
) -> Calibration:
    return Calibration(
        reviewer="openai:m",
        model=model,
        prompt=more.get("prompt", PROMPT),
        planted=planted,
        caught=caught,
        clean=20,
        alarms=1,
    )


@pytest.mark.parametrize(
    ("calibrations", "expected"),
    [
        pytest.param([], False, id="never"),
        pytest.param([a_calibration(20)], True, id="all-caught"),
        pytest.param([a_calibration(18)], True, id="lower-end-above-the-floor"),
        pytest.param([a_calibration(17)], False, id="lower-end-below-the-floor"),
        pytest.param([a_calibration(3, planted=3)], False, id="too-few-to-know"),
        pytest.param([a_calibration(20, model="openai:n")], False, id="another-model"),
        pytest.param([a_calibration(20, model="openai:m at x")], False, id="elsewhere"),
        pytest.param([a_calibration(20, prompt="sha256:old")], False, id="another-prompt"),
        pytest.param([a_calibration(20), a_calibration(2)], False, id="the-newest-is-bad"),
        pytest.param([a_calibration(2), a_calibration(20)], True, id="the-newest-is-good"),
        pytest.param(
            [a_calibration(20), a_calibration(0, model="other")], True, id="others-do-not-matter"
        ),
    ],
)
def test_when_approvals_count(calibrations: list[Calibration], expected: bool) -> None:
    assert counts(calibrations, rule=RULE, prompt=PROMPT) is expected
    standing = standing_by(calibrations, RULE, PROMPT)
    assert standing.counts is expected
    assert "openai:m" in standing.why


def test_who_serves_the_model_is_a_part_of_it() -> None:
    elsewhere = ModelRule(model="openai:m", base_url="http://127.0.0.1/v1")
    assert model_of(RULE) == "openai:m"
    assert model_of(elsewhere) == "openai:m at http://127.0.0.1/v1"


def test_a_calibration_is_read_from_what_was_recorded() -> None:
    made = a_calibration(18)
    body = {**fields_of(made), "kind": KIND, "at": 7}
    canonical(body)
    found = calibration_from(body)
    assert found is not None
    assert (found.caught, found.at) == (18, 7)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"kind": "other"}, id="kind"),
        pytest.param({"caught": "18"}, id="text"),
        pytest.param({"caught": True}, id="bool"),
        pytest.param({"caught": 21}, id="more-than-planted"),
        pytest.param({"caught": -1}, id="negative"),
        pytest.param({"model": None}, id="no-model"),
    ],
)
def test_what_is_no_calibration(wrong: dict[str, object]) -> None:
    body = {**fields_of(a_calibration(18)), "kind": KIND, "at": 7, **wrong}
    assert calibration_from(body) is None  # type: ignore[arg-type]


# Faults

PROGRAM = '''\
def withdraw(account, user, amount, limit=10):
    """Take money out."""
    if not user.is_admin:
        raise PermissionError(user)
    if amount > limit and account.open:
        return None
    total = account.balance - amount
    log(account, amount)
    return total


async def fetch(client, url):
    return await client.get(url)
'''


@pytest.mark.parametrize(
    ("kind", "gone", "there"),
    [
        pytest.param("turned-comparison", "amount > limit", "amount <= limit", id="comparison"),
        pytest.param("off-by-one", "amount > limit", "amount >= limit", id="off-by-one"),
        pytest.param("lost-auth-check", "is_admin", "", id="auth"),
        pytest.param("lost-guard", "amount > limit", "", id="guard"),
        pytest.param("lost-raise", "raise PermissionError(user)", "pass", id="raise"),
        pytest.param("lost-result", "return total", "return None", id="result"),
        pytest.param("negated-condition", "if not user.is_admin", "if user.is_admin", id="negated"),
        pytest.param("and-or", "limit and account", "limit or account", id="and-or"),
        pytest.param("wrong-operator", "balance - amount", "balance + amount", id="operator"),
        pytest.param(
            "swapped-arguments", "log(account, amount)", "log(amount, account)", id="arguments"
        ),
        pytest.param("changed-constant", "limit=10", "limit=11", id="constant"),
        pytest.param("lost-await", "await client", "return client.get", id="await"),
    ],
)
def test_faults_of_python(kind: str, gone: str, there: str) -> None:
    made = [edit for edit in faults("bank.py", PROGRAM) if edit.kind == kind]
    assert any(gone not in edit.text and there in edit.text for edit in made), made


def test_a_fault_is_one_edit_that_still_reads_and_says_where_it_is() -> None:
    for edit in faults("bank.py", PROGRAM):
        assert reads(edit)
        assert ast.dump(ast.parse(edit.text)) != ast.dump(ast.parse(PROGRAM))
        before, after = PROGRAM.splitlines(), edit.text.splitlines()
        same = next(
            n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]
        )
        assert same == edit.line - 1
        assert edit.scope in ("withdraw", "fetch")


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        pytest.param("  if (a === b && !c) {", {"turned-comparison", "and-or"}, id="js"),
        pytest.param(
            "  for (let i = 0; i < n; i++) {", {"turned-comparison", "off-by-one"}, id="for"
        ),
        pytest.param("  return await load();", {"lost-await"}, id="await"),
        pytest.param("  if (!ready) {", {"negated-condition"}, id="not"),
        pytest.param("  // if (a === b) {", set(), id="comment"),
        pytest.param('  print("a === b");', set(), id="string"),
        pytest.param("  const open = true; // false", {"changed-constant"}, id="comment-behind"),
    ],
)
def test_faults_of_other_languages(line: str, kinds: set[str]) -> None:
    made = faults("src/app.ts", f"{line}\n")
    assert {edit.kind for edit in made} == kinds
    assert len({edit.text for edit in made}) == len(made)


@pytest.mark.parametrize(
    ("path", "program"),
    [
        pytest.param("src/app.py", True, id="python"),
        pytest.param("lib/app.go", True, id="go"),
        pytest.param("tests/test_app.py", False, id="test"),
        pytest.param("src/test_app.py", False, id="test-beside"),
        pytest.param("conftest.py", False, id="conftest"),
        pytest.param("README.md", False, id="prose"),
    ],
)
def test_where_faults_are_planted(path: str, program: bool) -> None:
    assert is_program(path) is program
    assert bool(faults(path, PROGRAM if path.endswith(".py") else "if a == b {\n")) is program


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def broken(:\n", id="does-not-read"),
        pytest.param("", id="empty"),
        pytest.param("x = 1 < 2\r\n", id="other-line-ends"),
        pytest.param("x = '\x00'\n", id="zero"),
    ],
)
def test_what_cannot_be_edited_gives_no_edits(text: str) -> None:
    assert faults("a.py", text) == ()
    assert clean_edits("a.py", text) == ()


def test_columns_after_wide_letters() -> None:
    made = faults("a.py", "def f(é):\n    return 'ü' if é == 'ö' else 1\n")
    assert any("é != 'ö'" in edit.text for edit in made)


# Clean edits

TIDY = '''\
def area(width, height):
    product = width * height
    return product


def named(width):
    """Has one."""
    return width
'''


def test_clean_edits_do_the_same() -> None:
    made = clean_edits("a.py", TIDY)
    assert {edit.kind for edit in made} == {"docstring", "comment", "new-name"}
    for edit in made:
        space: dict[str, object] = {}
        exec(edit.text, space)
        area = space["area"]
        assert callable(area)
        assert area(3, 4) == 12


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("    x = 1\n    return [x for x in range(x)]\n", id="comprehension"),
        pytest.param("    x = 1\n    return lambda: x\n", id="closure"),
        pytest.param("    x = 1\n    return f'{x}'\n", id="text-with-names"),
        pytest.param("    x = 1\n    return locals()\n", id="locals"),
        pytest.param("    global x\n    x = 1\n", id="global"),
        pytest.param("    import x\n    return x\n", id="import"),
    ],
)
def test_names_that_are_left_alone(body: str) -> None:
    made = clean_edits("a.py", f"def f(y):\n{body}")
    assert "new-name" not in {edit.kind for edit in made}


def test_clean_edits_of_other_languages_are_comments() -> None:
    (made,) = clean_edits("a.ts", "export function area(a: number) {\n  return a;\n}\n")
    assert made.text.startswith("// The steps of area.\nexport")


# The order


def an_edit(path: str, kind: str, line: int) -> Edit:
    return Edit(path, kind, line, line, f"{path}{kind}{line}")


@given(st.text(max_size=5))
def test_the_order_is_the_seeds_and_kinds_take_turns(seed: str) -> None:
    edits = [an_edit("a.py", "common", line) for line in range(50)] + [an_edit("b.py", "rare", 1)]
    drawn = in_turn(edits, seed)
    assert sorted(drawn, key=repr) == sorted(edits, key=repr)
    assert drawn == in_turn(edits[::-1], seed)
    assert "rare" in {edit.kind for edit in drawn[:2]}


def test_another_seed_draws_others() -> None:
    edits = [an_edit("a.py", "k", line) for line in range(50)]
    assert in_turn(edits, "1") != in_turn(edits, "2")
