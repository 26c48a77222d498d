"""Python is followed by its syntax tree: what it uses is told, what acts is not harmless."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.findings import Use
from assent.core.risk.languages import Reading, read_code, read_python
from tests.core.risk.languages.dangers import DANGERS
from tests.core.risk.languages.reading import is_harmless, words

PURE = ("", *Path(__file__).with_name("harmless_python.txt").read_text().split("\n%%\n"))
"""Programs that compute, print and read; nothing runs them."""

FILES = (
    ("open('a')", {("a", Use.READ)}),
    ("open('a', 'rb').read()", {("a", Use.READ)}),
    ("open('a', 'w').write('x')", {("a", Use.WRITE)}),
    ("open(file='a', mode='a')", {("a", Use.WRITE)}),
    ("o = open\nwith o('a', 'x') as f: f.write('x')", {("a", Use.WRITE)}),
    ("import io; io.open('a', 'r+')", {("a", Use.WRITE)}),
    ("p = 'a'\ns = open(p).read()\nopen(p, 'w').write(s)", {("a", Use.READ), ("a", Use.WRITE)}),
    ("for f in ['a', 'b']: open(f, 'w')", {("a", Use.WRITE), ("b", Use.WRITE)}),
    ("for i, f in enumerate(['a']): open(f, 'w')", {("a", Use.WRITE)}),
    ("for f, t in [('a', 'x')]: open(f, 'w').write(t)", {("a", Use.WRITE)}),
    ("for f in 'a b'.split(): open(f, 'w')", {("a", Use.WRITE), ("b", Use.WRITE)}),
    ("d = 'out'\nopen(f'{d}/a.txt', 'w')", {("out/a.txt", Use.WRITE)}),
    ("d = 'out'\nopen(d + '/a', 'w')", {("out/a", Use.WRITE)}),
    ("import os; open(os.path.join('a', 'b'), 'w')", {("a/b", Use.WRITE)}),
    ("import os; os.remove(os.path.expanduser('~/a'))", {("~/a", Use.DELETE)}),
    ("import os; os.makedirs('a/b', exist_ok=True)", {("a/b", Use.WRITE)}),
    ("import os; os.rename('a', 'b')", {("a", Use.WRITE), ("b", Use.WRITE)}),
    ("import os; os.listdir()", {(".", Use.LIST)}),
    ("import os; os.listdir('/etc')", {("/etc", Use.LIST)}),
    ("import os; os.chmod('/a', 0)", {("/a", Use.WRITE)}),
    ("import os; os.chdir('d'); open('a', 'w')", {("a", Use.WRITE), ("d/a", Use.WRITE)}),
    ("import shutil; shutil.copy('a', 'b')", {("a", Use.READ), ("b", Use.WRITE)}),
    ("import shutil; shutil.copytree('a', 'b')", {("a", Use.SEARCH), ("b", Use.WRITE)}),
    ("import shutil; shutil.rmtree('a', ignore_errors=True)", {("a", Use.DELETE)}),
    ("from pathlib import Path; Path('a').read_text()", {("a", Use.READ)}),
    ("from pathlib import Path; (Path('a') / 'b').write_text('')", {("a/b", Use.WRITE)}),
    ("from pathlib import Path as P; P('a', 'b').unlink()", {("a/b", Use.DELETE)}),
    ("from pathlib import Path; Path.home().joinpath('.x').touch()", {("~/.x", Use.WRITE)}),
    ("from pathlib import Path; (Path('a/b').parent / 'c').mkdir()", {("a/c", Use.WRITE)}),
    ("from pathlib import Path; Path('a').open('w')", {("a", Use.WRITE)}),
    ("from pathlib import Path; Path('a').rename('/b')", {("a", Use.WRITE), ("/b", Use.WRITE)}),
    (
        "from pathlib import Path\nfor p in Path('src').rglob('*.py'): p.write_text('')",
        {("src/**/*.py", Use.WRITE)},
    ),
    ("import glob\nfor f in sorted(glob.glob('a/*.md')): open(f, 'w')", {("a/*.md", Use.WRITE)}),
    ("import glob, os\nfor f in glob.glob('/a/*.log'): os.remove(f)", {("/a/*.log", Use.DELETE)}),
    ("import json; json.dump({}, open('a.json', 'w'))", {("a.json", Use.WRITE)}),
    ("def f(p):\n    open(p, 'w')\nf('a')\nf(p='b')", {("a", Use.WRITE), ("b", Use.WRITE)}),
    ("def f(p='a'):\n    open(p, 'w')\nf()", {("a", Use.WRITE)}),
    ("def f():\n    return 'a'\nopen(f(), 'w')", {("a", Use.WRITE)}),
    ("def main():\n    open(P, 'w')\nP = 'a'\nmain()", {("a", Use.WRITE)}),
    ("f = lambda p: open(p, 'w')\nf('a')", {("a", Use.WRITE)}),
    ("import sqlite3; sqlite3.connect('x.db')", {("x.db", Use.READ)}),
    (
        "import sqlite3; sqlite3.connect('x.db').execute('INSERT INTO t VALUES (1)')",
        {("x.db", Use.READ), ("x.db", Use.WRITE)},
    ),
    ("import sqlite3; sqlite3.connect('file:x.db?mode=ro', uri=True)", {("x.db", Use.READ)}),
    ("import zipfile; zipfile.ZipFile('a.zip', 'w')", {("a.zip", Use.WRITE)}),
    ("import logging; logging.basicConfig(filename='a.log')", {("a.log", Use.WRITE)}),
    ("import pandas as pd; pd.DataFrame().to_csv('a.csv')", {("a.csv", Use.WRITE)}),
)

RUNS = (
    ("import subprocess; subprocess.run(['git', 'status'])", (), (("git", "status"),)),
    ("import subprocess as s; print(s.check_output(['ls', '-l'], text=True))", (), (("ls", "-l"),)),
    ("from subprocess import Popen, PIPE; Popen(['ls'], stdout=PIPE)", (), (("ls",),)),
    ("import subprocess; subprocess.run('ls')", (), (("ls",),)),
    ("import subprocess; subprocess.run('ls | wc', shell=True)", ("ls | wc",), ()),
    ("import subprocess; subprocess.run(['ls'] + ['-l'])", (), (("ls", "-l"),)),
    ("import subprocess; subprocess.run('ls -l'.split())", (), (("ls", "-l"),)),
    ("import subprocess; subprocess.run(['ls', '-l'], cwd='a b')", ("cd 'a b' && ls -l",), ()),
    (
        "import subprocess, sys; subprocess.run([sys.executable, 'x.py'])",
        (),
        (("python3", "x.py"),),
    ),
    ("import subprocess, os; subprocess.run(['ls'], env=os.environ.copy())", (), (("ls",),)),
    ("import subprocess, os; subprocess.run(['ls'], env={**os.environ, 'A': '1'})", (), (("ls",),)),
    ("import os; os.system('ls')", ("ls",), ()),
    ("import os; os.popen('ls').read()", ("ls",), ()),
    ("import subprocess\nfor c in ['a', 'b']: subprocess.run([c])", (), (("a",), ("b",))),
)


@pytest.mark.parametrize("code", PURE)
def test_reading_and_computing_is_harmless(code: str) -> None:
    assert is_harmless(read_python(code)), read_python(code)


@pytest.mark.parametrize("code", DANGERS)
def test_what_acts_is_not_harmless(code: str) -> None:
    assert not is_harmless(read_python(code))


@pytest.mark.parametrize(("code", "files"), FILES)
def test_files_are_told(code: str, files: set[tuple[str, Use]]) -> None:
    found = read_python(code)
    assert set(found.files) == files
    assert not words(found) - {"project-run", "discard"}


@pytest.mark.parametrize(("code", "shells", "commands"), RUNS)
def test_programs_are_told(
    code: str, shells: tuple[str, ...], commands: tuple[tuple[str, ...], ...]
) -> None:
    found = read_python(code)
    assert set(found.shells) == set(shells)
    assert sorted(found.commands) == sorted(commands)
    assert found.means == ()


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("import requests; requests.get('https://x')", "network-read"),
        ("import requests; requests.post('https://x')", "external"),
        ("import os; print(os.environ)", "secret"),
        ("exec(input())", "code"),
        ("import mypackage", "project-run"),
        ("import pip", "install"),
        ("print(", "unknown"),
        ("import os; os.kill(1, 9)", "service"),
        ("import os; os.setuid(0)", "privilege"),
        ("open(input(), 'w')", "unknown"),
        ("import sqlite3; sqlite3.connect('x').execute('DROP TABLE t')", "discard"),
    ],
)
def test_the_word_for_it(code: str, word: str) -> None:
    assert word in words(read_python(code))


def test_an_act_points_at_its_place() -> None:
    code = "é = 1\nprint('ü', exec('x'))\n"
    spans = [act.span for act in read_python(code).means]
    assert [code[span[0] : span[1]] for span in spans if span] == ["exec('x')"]


def test_what_is_too_long_or_too_deep_is_unknown() -> None:
    for code in ("x = 1\n" * 5_000, "(" * 5_000, "x = " + "-" * 5_000 + "1", "[" * 90 + "]" * 90):
        found = read_python(code)
        assert words(found) <= {"unknown"}
    assert words(read_python("x = 1\n" * 5_000)) == {"unknown"}


def test_defaults_within_defaults_are_read_once() -> None:
    code = "1"
    for _ in range(25):
        code = f"lambda a={code}, *, b=[{{1: 2}}]: a"
    assert read_python(code) == Reading()


def test_chains_that_grow_come_to_an_end() -> None:
    found = read_python("import x\na = x.y\nfor _ in a:\n    a = a.b().c[0]\n    a.d(a)")
    assert words(found) == {"project-run"}


@pytest.mark.parametrize("step", ["p = [p, p]", "p = [p] + [p]", "p = enumerate(p)", "p = (p,)"])
def test_lists_that_grow_come_to_an_end(step: str) -> None:
    code = "p = 'a'\n" + f"{step}\n" * 150 + "open(p, 'w')"
    assert "unknown" in words(read_python(code))


def test_texts_that_grow_come_to_an_end() -> None:
    found = read_python("p = 'a'\nwhile True:\n    p = p + '/b'\n    open(p, 'w')")
    assert "unknown" in words(found)


def test_other_languages_just_run() -> None:
    assert words(read_code("cobol", "x")) == {"code"}
    assert read_code("python", "print(1)") == Reading()
    assert words(read_code("sql:mysql", "SELECT 5--1; DROP TABLE x")) == {"external-final"}


_INDENT = "    "


_WRAPPINGS = st.lists(
    st.sampled_from(
        [
            "if True:",
            "for _ in range(1):",
            "while True:",
            "def wrapped():",
            "def wrapped(p, *q, r=1, **s):",
            "async def wrapped():",
            "class Wrapped:",
            "try:",
            "with open('x') as wrapped:",
            "match 1:\n    case _:",
        ]
    ),
    max_size=4,
)


def _wrapped(code: str, heads: list[str]) -> str:
    for head in heads:
        depth = _INDENT * (2 if head.startswith("match") else 1)
        code = f"{head}\n{textwrap.indent(code, depth)}"
        if head == "try:":
            code += "\nexcept Exception:\n    pass"
    return code


_WRAPPABLE = [
    code for code in DANGERS if "\0" not in code and "import *" not in code and "(((" not in code
]


@given(st.sampled_from(_WRAPPABLE), _WRAPPINGS)
def test_wrapping_makes_nothing_harmless(code: str, heads: list[str]) -> None:
    assert not is_harmless(read_python(_wrapped(code, heads)))


@given(st.sampled_from(_WRAPPABLE), st.sampled_from(PURE), st.booleans())
def test_harmless_company_makes_nothing_harmless(code: str, pure: str, first: bool) -> None:
    both = f"{code}\n{pure}" if first else f"{pure}\n{code}"
    assert not is_harmless(read_python(both))


_EXPRESSIONS = [
    "__import__('os').system('x')",
    "eval('x')",
    "exec('x')",
    "open(input(), 'w')",
    "__import__('shutil').rmtree('x')",
    "().__class__.__base__.__subclasses__()",
    "__import__('os').environ.copy().items()",
]
_AROUND = st.lists(
    st.sampled_from(
        [
            "({})",
            "[{}]",
            "[{} for _ in 'a']",
            "(lambda: {})",
            "(lambda: {})()",
            "{{'a': {}}}",
            "print({})",
            "f'{{{}}}'",
            "(1 if {} else 2)",
            "(None or {})",
            "(x := {})",
            "not {}",
            "{} == 1",
            "[1][{}:]",
            "(*[{}],)",
            "dict(a={})",
            "(lambda a={}: a)",
            "'a'.join({})",
        ]
    ),
    max_size=4,
)


@given(st.sampled_from(_EXPRESSIONS), _AROUND)
def test_an_act_within_an_expression_is_found(expression: str, around: list[str]) -> None:
    for each in around:
        if each.startswith("f'") and ("'" in expression or "{" in expression):
            continue
        expression = each.format(expression)
    assert not is_harmless(read_python(expression))


@given(st.text(max_size=200))
def test_any_text_is_answered(code: str) -> None:
    read_python(code)


@given(
    st.lists(
        st.sampled_from(
            [
                *("import os", "os", ".", "remove", "(", ")", "'a'", "=", "x", "\n", ":", "for"),
                *(" in ", "[", "]", "lambda", "def f", "yield ", "await ", "*", "**", ",", "if 1"),
                *("class A", "    ", "f'{", "}'"),
            ]
        ),
        max_size=25,
    )
)
def test_pieces_of_python_are_answered(pieces: list[str]) -> None:
    read_python("".join(pieces))
