"""Commands that take typed text as instructions: what is typed later passes no hook."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents.codex.terminals import MAX_SCRIPT, reads_typing


@pytest.mark.parametrize(
    "script",
    [
        "bash",
        "/bin/sh",
        "bash -l",
        "bash -i script.sh",
        "bash -s -- arg",
        "bash -e",
        "bash -o pipefail",
        "bash --norc",
        "bash -c bash",
        "bash -lc 'exec python3'",
        "bash -ic ls",
        "bash /dev/stdin",
        "echo hi | bash -",
        "sudo -u root bash",
        "sudo -i",
        "stdbuf -o L python3",
        "env FOO=1 bash",
        "FOO=1 python3",
        "nohup bash &",
        "time bash",
        "timeout 5 bash",
        "exec bash",
        "cd src && bash",
        "ls; zsh",
        "ls\nzsh",
        "(bash)",
        "if true; then bash; fi",
        "while bash; do :; done",
        "echo $(bash)",
        "b'a's\"h\"",
        "$SHELL",
        "python3.11",
        "python -E",
        "python -i x.py",
        "python -m pdb x.py",
        "python3 -",
        "node",
        "node -r ./setup.js",
        "deno repl",
        "perl",
        "vim README.md",
        "less README.md",
        "ssh host",
        "psql -h db",
        "it's fine; bash",
        "x" * (MAX_SCRIPT + 1),
        pytest.param(["bash"], id="argv-shell"),
        pytest.param(["bash", "-lc", "bash"], id="argv-shell-in-shell"),
    ],
)
def test_interactive(script: str | Sequence[str]) -> None:
    assert reads_typing(script)


@pytest.mark.parametrize(
    "script",
    [
        "",
        "ls -la",
        "bash run.sh",
        "bash -c 'ls -la'",
        "bash -ce 'make test'",
        "bash -o pipefail -c 'ls'",
        "bash < script.sh",
        "bash --version",
        "python3 x.py",
        "python -m pytest -q",
        "python3 -c 'print(1)'",
        "python --version",
        "python -W error x.py",
        "python3 - <<'EOF'\nprint(1)\nEOF",
        "cat > x.md <<'EOF'\nit's fine\nEOF",
        "node -e 1",
        "node -v",
        "node --test",
        "node server.js",
        "perl -pi -e s/a/b/ f",
        "grep -r bash .",
        "which python3",
        "echo 'bash'",
        "ls /bin/bash",
        "timeout 60 python3 x.py",
        "time grep -ri bash .",
        "timeout 5 grep -i x y",
        "cat bash",
        "git log",
        "make test && echo done",
        pytest.param(["ls", "-la"], id="argv"),
        pytest.param(["bash", "-lc", "ls"], id="argv-with-a-script"),
    ],
)
def test_not_interactive(script: str | Sequence[str]) -> None:
    assert not reads_typing(script)


@given(st.text(max_size=80))
def test_any_text_has_an_answer(script: str) -> None:
    assert reads_typing(script) in (True, False)


@given(st.text(max_size=40), st.sampled_from([";", "\n", "&&", "|"]))
def test_a_shell_is_seen_behind_anything_that_ends(text: str, end: str) -> None:
    quoted = "'" + text.replace("'", "") + "'"
    assert reads_typing(f"echo {quoted}{end} bash")
