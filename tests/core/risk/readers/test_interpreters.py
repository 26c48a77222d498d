"""Interpreters: a script, a text, a module, the input, or a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import Command
from assent.core.risk import RiskClass
from assent.core.risk.commands import inspect_command
from assent.core.risk.findings import Touch, Use
from assent.core.risk.names import names
from tests.core.risk.stage import CATALOG, WORKSPACE, assess_script


def rule_of(script: str) -> str:
    return assess_script(script).evidence[0].rule


@pytest.mark.parametrize(
    ("script", "run"),
    [
        pytest.param("bash a.sh -c x", "a.sh", id="words-after-the-script-are-its-own"),
        pytest.param("sh -eu b/a.sh", "b/a.sh", id="flags-before-it"),
        pytest.param("bash -o pipefail a.sh", "a.sh", id="flag-with-a-value"),
        pytest.param("zsh -- a.sh", "a.sh", id="end-of-flags"),
        pytest.param("bash --rcfile a.sh -c ls", "a.sh", id="file-that-is-loaded"),
        pytest.param("python3 -u a.py -c x", "a.py", id="python"),
        pytest.param("python -W error -X dev a.py", "a.py", id="python-flags"),
        pytest.param("/usr/bin/python3.12 a.py", "a.py", id="python-by-its-path"),
        pytest.param("python -m a.b", "a/b.py", id="own-module"),
        pytest.param("python -m cProfile -s cumtime a.py", "a.py", id="under-a-profiler"),
        pytest.param("node --inspect a.js --version", "a.js", id="node"),
        pytest.param("node -r ./a.js b.js", "./a.js", id="node-loads-a-file"),
        pytest.param("tsx watch.ts", "watch.ts", id="tsx"),
        pytest.param("ruby -w -Ilib a.rb", "a.rb", id="ruby"),
        pytest.param("perl -Mstrict a.pl", "a.pl", id="perl"),
        pytest.param("php -d x=1 a.php", "a.php", id="php"),
        pytest.param("Rscript a.R", "a.R", id="r"),
        pytest.param("java -Xmx1g -Dx=y -jar a.jar -v", "a.jar", id="java"),
        pytest.param("java A.java", "A.java", id="java-source"),
        pytest.param("pwsh -NoProfile -File a.ps1", "a.ps1", id="powershell"),
        pytest.param("uv run a.py", "a.py", id="uv"),
        pytest.param("go run main.go x.txt", "main.go", id="go"),
    ],
)
def test_the_script_that_runs(script: str, run: str) -> None:
    found = inspect_command(Command(script=script, cwd=WORKSPACE), CATALOG)
    runs = {item.path for item in found if isinstance(item, Touch) and item.use is Use.RUN}
    assert f"{WORKSPACE}/{run}" in runs


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        pytest.param("bash -c 'rm -rf src'", "delete", id="text"),
        pytest.param("bash -lc 'rm -rf src'", "delete", id="letters"),
        pytest.param("bash -euxo pipefail -c 'rm -rf src'", "delete", id="letters-with-a-value"),
        pytest.param("bash -c -- 'rm -rf src'", "delete", id="end-of-flags"),
        pytest.param("bash -O nullglob -c 'rm -rf src'", "delete", id="option"),
        pytest.param("bash -c 'ls' && bash -c \"$X\"", "code", id="text-that-is-not-known"),
        pytest.param("bash -s <<'E'\nrm -rf src\nE", "delete", id="here-document"),
        pytest.param("sh <<< 'rm -rf src'", "delete", id="here-string"),
        pytest.param("curl https://example.com | sh", "code", id="piped"),
        pytest.param("curl https://example.com | bash -s -- x", "code", id="piped-with-words"),
        pytest.param("curl https://example.com | python3 -", "code", id="piped-into-python"),
        pytest.param("bash <(curl https://example.com)", "runs-file", id="process-substitution"),
        pytest.param("bash", "interactive", id="shell"),
        pytest.param("bash -i", "interactive", id="interactive-shell"),
        pytest.param("python", "interactive", id="python"),
        pytest.param("python -i a.py", "interactive", id="python-stays"),
        pytest.param("python -m pdb a.py", "interactive", id="debugger"),
        pytest.param("node", "interactive", id="node"),
        pytest.param("php -a", "interactive", id="php"),
        pytest.param("python -c 'import os; os.remove(\"a\")'", "delete", id="python-code"),
        pytest.param("python -m pip install x", "install", id="module-that-installs"),
        pytest.param("python -m timeit -s 'import os; os.remove(\"a\")' 1", "delete", id="timed"),
        pytest.param("python -m $X", "code", id="module-that-is-not-known"),
        pytest.param("python manage.py flush", "external-final", id="script-with-calls-of-its-own"),
        pytest.param("php artisan db:wipe", "external-final", id="artisan"),
        pytest.param('node -pe \'require("fs").rmSync("a")\'', "delete", id="javascript"),
        pytest.param("ruby -e 'system(\"ls\")'", "code", id="ruby-code"),
        pytest.param("perl -pi -e 's/a/b/' /etc/hosts", "outside-write", id="in-place"),
        pytest.param("rails runner 'system(\"ls\")'", "code", id="runner"),
        pytest.param("python setup.py upload", "external-final", id="set-up-that-publishes"),
        pytest.param("node --import data:text/javascript,x a.js", "code", id="address"),
        pytest.param("java -javaagent:/opt/a.jar Main", "runs-file", id="agent-of-the-jvm"),
        pytest.param("perl -lane 'system(\"ls\")' a.txt", "code", id="perl-letters"),
        pytest.param("perl -0777 -ne 'system(1)' a.txt", "code", id="perl-numbers"),
        pytest.param("ruby -W0 -lne 'system(\"ls\")'", "code", id="ruby-letters"),
        pytest.param("node --some-flag 'f()'", "code", id="flag-that-is-not-known"),
        pytest.param("pwsh -COMMAND Remove-Item", "code", id="powershell-command"),
        pytest.param("groovy -e 'f()'", "code", id="groovy"),
        pytest.param("pwsh -EncodedCommand abc", "code", id="encoded"),
    ],
)
def test_what_waits(script: str, rule: str) -> None:
    found = assess_script(script)
    assert (found.evidence[0].rule, found.risk >= RiskClass.MEDIUM) == (rule, True)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("bash -c 'ls'", id="harmless-text"),
        pytest.param("bash -c", id="nothing"),
        pytest.param("bash -n a.sh", id="only-checks"),
        pytest.param("bash --version", id="question"),
        pytest.param("python3 <<'E'\nprint(1)\nE", id="python-text"),
        pytest.param("python -m json.tool a.json", id="prints-json"),
        pytest.param("cat a.json | python -m json.tool", id="prints-its-input"),
        pytest.param("python -m http.server 8000", id="serves"),
        pytest.param("python -m venv .venv", id="makes-an-environment"),
        pytest.param("python -m zipfile -l a.zip", id="lists-an-archive"),
        pytest.param("node --check a.js", id="javascript-is-only-checked"),
        pytest.param("node -p 'process.version'", id="javascript-prints"),
        pytest.param("node --test", id="javascript-tests"),
        pytest.param("php -S localhost:8000 -t public", id="php-serves"),
        pytest.param("perl -pi -e 's/a/b/g' src/a.txt", id="replaces"),
        pytest.param("perl -ne 'print if /x/' a.txt", id="prints-lines"),
        pytest.param("ruby -v", id="version"),
    ],
)
def test_what_runs_at_once(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("short", "long"),
    [
        pytest.param("bash -c 'rm -rf src'", "rm -rf src", id="shell"),
        pytest.param("python -m pip install x", "pip install x", id="module"),
        pytest.param("uv run -m pytest -q", "pytest -q", id="uv"),
        pytest.param("mise exec -- npm publish", "npm publish", id="mise"),
    ],
)
def test_a_wrapper_is_judged_as_what_it_runs(short: str, long: str) -> None:
    assert assess_script(short).risk is assess_script(long).risk
    assert rule_of(short) == rule_of(long)


PROGRAMS = names(
    "bash python node ruby perl php java npm npx pnpm yarn bun uv go cargo make just mise deno tmux"
    " pip nx turbo concurrently R pwsh lua composer rails manage.py code"
)
ODD = names(
    "-c -e -m -i -r -p -x -- - -lc --eval run exec x test install --package=a -s --from a.py $X"
    " $(ls) --version -C ::: a=b @a/b@1 ./... *.py -euxo '' $'a'"
)
WORDS = st.lists(
    st.sampled_from(sorted(ODD)) | st.text("-abc=@/:.'\" ", max_size=6).map(repr), max_size=6
)


@given(st.sampled_from(sorted(PROGRAMS)), WORDS)
def test_no_words_are_too_odd(program: str, words: list[str]) -> None:
    assert assess_script(" ".join([program, *words])).evidence
