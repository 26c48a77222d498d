"""Programs on files, and programs that run another one on each file."""

import pytest

from assent.core.risk import Effect, RiskClass
from tests.core.risk.stage import assess_script


@pytest.mark.parametrize(
    ("script", "effect"),
    [
        pytest.param("fd -e bak -x rm", "delete", id="fd"),
        pytest.param("fd -e bak --exec-batch rm -v {}", "delete", id="fd-batch"),
        pytest.param("fd -Hx rm", "unknown", id="fd-letters"),
        pytest.param("find . -exec cat {} ';'", "credential", id="find-shows-all"),
        pytest.param("find . -exec touch {} ';'", "unknown", id="find-changes-all"),
        pytest.param("ls | xargs sh -c", "code-exec", id="xargs"),
        pytest.param("less '+!ls' a", "code-exec", id="keys"),
        pytest.param("man -P x ls", "code-exec", id="pager"),
        pytest.param("busybox rm -r data", "delete", id="busybox"),
        pytest.param("strace -o /srv/x ls", "outside-write", id="strace"),
        pytest.param("chmod 4755 a", "privilege", id="owners-rights"),
        pytest.param("chmod u+s a", "privilege", id="owners-rights-by-letter"),
        pytest.param("chmod o+w a", "unknown", id="others"),
        pytest.param("chmod a=rwx a", "unknown", id="all"),
        pytest.param("rename 's/x/`ls`/e' a", "unknown", id="rename-runs"),
        pytest.param("patch -d /srv -i a.patch", "outside-write", id="patch"),
        pytest.param('mkdir "$X"', "unknown", id="folder-that-is-not-known"),
        pytest.param('cat "$DIR/.env"', "credential", id="end-of-a-path"),
        pytest.param("cat ~other/.ssh/id_rsa", "credential", id="home-of-somebody-else"),
        pytest.param("mktemp -p /srv", "outside-write", id="mktemp"),
    ],
)
def test_more_than_it_looks(script: str, effect: str) -> None:
    assessment = assess_script(script)
    assert Effect(effect) in assessment.effects
    assert assessment.risk >= RiskClass.MEDIUM


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("fd -e py -x wc -l", id="fd"),
        pytest.param("fd a src", id="fd-lists"),
        pytest.param("find . -name '*.py' -exec cat {} ';'", id="find"),
        pytest.param("ls | xargs sh -c 'cat \"$@\"' _", id="xargs"),
        pytest.param("less +G a", id="keys"),
        pytest.param("chronic ls && numactl --localalloc ls lib", id="wrappers"),
        pytest.param("perf stat ls", id="perf"),
        pytest.param("chmod +w a && chmod 755 b && chmod u=rwx,go=rx c", id="chmod"),
        pytest.param(r"rename 's/\.jpeg$/.jpg/' a.jpeg", id="rename"),
        pytest.param("rename .htm .html a.htm", id="rename-of-plain-texts"),
        pytest.param("patch -p1 < a.patch", id="patch"),
        pytest.param("dos2unix a", id="line-ends"),
        pytest.param('mkdir -p "reports/$(date +%F)"', id="folder-named-by-the-date"),
        pytest.param("rm --help && cp --version", id="help"),
        pytest.param("mktemp -d", id="mktemp"),
    ],
)
def test_what_a_day_has(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW
