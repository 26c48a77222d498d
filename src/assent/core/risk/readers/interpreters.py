"""Interpreters: which script, which text or which module a call runs, or whether it just waits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType

from assent.core.risk.arguments import Arguments
from assent.core.risk.catalog import CODE
from assent.core.risk.findings import Use
from assent.core.risk.look import InnerCode, InnerCommand, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.readers.tasks import run_task
from assent.core.risk.shell import Word

_QUESTIONS = names("--version -V --help -h -version -help -v")
_NO_QUESTIONS = {"shell": names("-V -h -v"), "python": names("-v")}
"""What opens a prompt in these languages all the same."""


@dataclass(frozen=True, slots=True)
class _Grammar:
    """How an interpreter reads its words. Flags are written with their dashes."""

    language: str
    code: frozenset[str] = frozenset()
    """Flags whose value is code."""
    valued: frozenset[str] = frozenset()
    """Flags with a value that does no harm."""
    attached: frozenset[str] = frozenset()
    """Letters that swallow the rest of their word, and never the next one."""
    loads: frozenset[str] = frozenset()
    """Flags whose value is a file that is run first."""
    checks: frozenset[str] = frozenset()
    """With one of these the script is read and not run."""
    stays: frozenset[str] = frozenset()
    """With one of these a prompt opens."""
    harmless: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Flags that make the call mean this and nothing else."""


_GRAMMARS: Mapping[str, _Grammar] = {
    "shell": _Grammar(
        "shell",
        valued=names("-o +o -O +O"),
        loads=names("--rcfile --init-file"),
        checks=names("-n"),
        stays=names("-i"),
    ),
    "python": _Grammar(
        "python",
        code=names("-c"),
        valued=names("-W -X --check-hash-based-pycs"),
        stays=names("-i"),
    ),
    "javascript": _Grammar(
        "javascript",
        code=names("-e -p --eval --print -pe"),
        valued=names(
            "-C --conditions --env-file --env-file-if-exists --input-type --title --icu-data-dir"
            " --test-name-pattern --test-reporter --test-reporter-destination --test-concurrency"
            " --watch-path --stack-trace-limit --max-http-header-size --unhandled-rejections -P"
            " --project --tsconfig --cwd -O --compiler-options --inspect-port --test-timeout"
        ),
        loads=names("-r --require --import --loader --experimental-loader"),
        checks=names("-c --check"),
        stays=names("-i --interactive"),
        harmless=MappingProxyType({"--test": "project-run"}),
    ),
    "ruby": _Grammar(
        "ruby",
        code=names("-e"),
        valued=names("-C --encoding --external-encoding"),
        attached=names("-r -I -i -E -F -x"),
        checks=names("-c"),
    ),
    "perl": _Grammar(
        "perl",
        code=names("-e -E"),
        attached=names("-M -m -i -F -V -x -I"),
        stays=names("-d"),
    ),
    "php": _Grammar(
        "php",
        code=names("-r -B -R -E --run --process-begin --process-code --process-end"),
        valued=names("-d -c -t --define --php-ini --docroot --rf --rc --re --ri"),
        loads=names("-f --file -F --process-file"),
        checks=names("-l --syntax-check -i --info -m --modules --ini -w --strip -s"),
        stays=names("-a --interactive"),
        harmless=MappingProxyType({"-S": "local-service", "--server": "local-service"}),
    ),
    "lua": _Grammar("lua", code=names("-e"), valued=names("-l"), stays=names("-i")),
    "r": _Grammar(
        "r",
        code=names("-e"),
        valued=names("--default-packages --encoding --args"),
        loads=names("-f --file"),
    ),
    "julia": _Grammar(
        "julia",
        code=names("-e -E --eval --print"),
        valued=names("-t --threads -p --procs -O --color"),
        loads=names("-L --load"),
        stays=names("-i"),
    ),
    "powershell": _Grammar(
        "powershell",
        code=names("-c -Command -command -EncodedCommand -encodedcommand -enc -e -ec"),
        valued=names(
            "-ExecutionPolicy -executionpolicy -ep -ex -WindowStyle -OutputFormat -InputFormat"
            " -ConfigurationName -SettingsFile"
        ),
        loads=names("-f -File -file"),
        stays=names("-NoExit -noexit -i -Interactive"),
    ),
    "scala": _Grammar(
        "scala", code=names("-e -E -c --eval --rpc-eval"), valued=names("-cp -classpath --jar")
    ),
}
_LANGUAGES = {
    "shell": "sh bash zsh dash ksh ash fish mksh yash rbash csh tcsh",
    "javascript": "node nodejs tsx ts-node ts-node-dev tsnd ts-node-esm esno jiti vite-node",
    "ruby": "ruby jruby truffleruby",
    "perl": "perl",
    "php": "php",
    "lua": "lua luajit",
    "r": "Rscript R",
    "julia": "julia",
    "powershell": "pwsh powershell pwsh.exe powershell.exe",
    "scala": "scala groovy elixir clojure clj guile racket sbcl ocaml kotlin",
}
_BY_PROGRAM = {name: word for word, several in _LANGUAGES.items() for name in several.split()}
"""Which grammar a program has; any other reads its words as Python does."""


@dataclass(slots=True)
class _Call:
    """What was found among the words of an interpreter."""

    flags: set[str] = field(default_factory=set)
    code: list[tuple[Word, str | None]] = field(default_factory=list)
    loads: list[tuple[Word, str | None]] = field(default_factory=list)
    module: tuple[Word, str | None] | None = None
    script: Word | None = None
    rest: tuple[Word, ...] = ()


def _read_words(grammar: _Grammar, words: Sequence[Word]) -> _Call:
    """Sort the words as the interpreter does: what follows the script is the script's."""
    call = _Call()
    place = 0
    while place < len(words):
        text = words[place].text
        if text == "--":
            place += 1
            break
        if not _is_flag(text):
            break
        taken = _flag(grammar, call, words, place)
        place += taken
        if call.module is not None or (call.code and grammar.language == "python"):
            call.rest = tuple(words[place:])
            return call
    if place < len(words) and not (call.code and grammar.language != "shell"):
        call.script, place = words[place], place + 1
    call.rest = tuple(words[place:])
    return call


def _is_flag(text: str | None) -> bool:
    return text is not None and len(text) > 1 and text[0] in "-+"


def _flag(grammar: _Grammar, call: _Call, words: Sequence[Word], place: int) -> int:
    """Take one flag, and tell how many words it takes."""
    word = words[place]
    text = word.text or ""
    following = words[place + 1] if place + 1 < len(words) else None
    name, equals, value = text.partition("=")
    if text.startswith("--") or name in grammar.code | grammar.loads | grammar.valued:
        if not _takes_value(grammar, name):
            call.flags.add(name)
            return 1
        given = (word, value) if equals else _given(following)
        _take(grammar, call, name, given)
        return 1 if equals else 2
    return _letters(grammar, call, word, following)


def _letters(grammar: _Grammar, call: _Call, word: Word, following: Word | None) -> int:
    """`-lc`, `-pe`: letters, of which one may take the rest of the word or the next one."""
    text = word.text or ""
    for place, letter in enumerate(text[1:], start=2):
        flag = f"{text[0]}{letter}"
        if flag in grammar.attached:
            call.flags.add(flag)
            return 1
        rest = text[place:]
        joins = bool(rest) and all(f"-{each}" in grammar.code for each in rest)
        if not _takes_value(grammar, flag) or joins:
            call.flags.add(flag)
            continue
        _take(grammar, call, flag, (word, rest) if rest else _given(following))
        return 1 if rest else 2
    return 1


def _given(word: Word | None) -> tuple[Word, str | None] | None:
    return None if word is None else (word, word.text)


def _takes_value(grammar: _Grammar, flag: str) -> bool:
    module = grammar.language == "python" and flag == "-m"
    return module or flag in grammar.code | grammar.valued | grammar.loads


def _take(grammar: _Grammar, call: _Call, flag: str, given: tuple[Word, str | None] | None) -> None:
    call.flags.add(flag)
    if given is None:
        return
    if flag in grammar.code:
        call.code.append(given)
    elif flag in grammar.loads:
        call.loads.append(given)
    elif flag == "-m":
        call.module = given


# --- what is run


def read_interpreter(look: Look, found: Arguments) -> bool:
    """Any interpreter: text, a script, its input, or a prompt."""
    del found
    base = look.name.rsplit("/", 1)[-1]
    grammar = _GRAMMARS[_BY_PROGRAM.get(base, "python")]
    questions = _QUESTIONS - _NO_QUESTIONS.get(grammar.language, frozenset())
    if len(look.words) == 2 and look.words[1].text in questions:
        look.means(MEANINGS["inert"])
        return True
    call = _read_words(grammar, look.words[1:])
    for word, text in call.loads:
        if text is not None and text.startswith(("data:", "http:", "https:")):
            look.act("code", "runs code that an address names", words=[word])
        elif grammar.language != "javascript" or _names_file(text):
            look.touch(word, Use.RUN, text)
    meant = [grammar.harmless[flag] for flag in sorted(call.flags) if flag in grammar.harmless]
    if meant:
        look.means(MEANINGS[meant[0]])
    elif grammar.language == "shell":
        _run_shell(look, call)
    elif grammar.language == "python":
        _run_python(look, call)
    else:
        _run_other(look, grammar, call)
    return True


def _names_file(text: str | None) -> bool:
    """Node loads a bare name as a module of the project."""
    return text is None or text.startswith((".", "/", "~"))


def _run_shell(look: Look, call: _Call) -> None:
    if "-c" in call.flags:
        if call.script is not None:
            look.inner.append(InnerCode("shell", call.script, call.script.text))
        else:
            look.means(MEANINGS["inert"])
    elif call.script is None or "-s" in call.flags:
        _run_input(look, "shell")
    else:
        _run_script(look, call.script, call.rest, reads=bool(call.flags & {"-n"}))


def _run_python(look: Look, call: _Call) -> None:
    if "-i" in call.flags:
        look.means(MEANINGS["interactive"])
    if call.code:
        word, text = call.code[0]
        look.inner.append(InnerCode("python", word, text))
    elif call.module is not None:
        _run_module(look, *call.module, call.rest)
    elif call.script is None or call.script.text == "-":
        _run_input(look, "python")
    else:
        _run_script(look, call.script, call.rest, reads=False)


def _run_other(look: Look, grammar: _Grammar, call: _Call) -> None:
    if call.flags & grammar.stays:
        look.means(MEANINGS["interactive"])
    if call.code:
        for word, text in call.code:
            look.inner.append(InnerCode(grammar.language, word, text))
        if call.flags & {"-p", "-n", "-i"} and grammar.language in ("perl", "ruby"):
            look.touch_all(call.rest, Use.WRITE if "-i" in call.flags else Use.READ)
        return
    if grammar.language == "powershell" and not (call.loads or _is_powershell(call.script)):
        look.act("code", f"runs PowerShell ({look.said})")
        return
    if call.script is None or call.script.text == "-":
        if not call.loads and not call.flags & grammar.checks:
            _run_input(look, grammar.language)
        elif not call.loads:
            look.means(MEANINGS["inert"])
        return
    _run_script(look, call.script, call.rest, reads=bool(call.flags & grammar.checks))


def _is_powershell(script: Word | None) -> bool:
    """Without a script a prompt opens; what is no script is a command."""
    return script is None or (script.text or "").endswith(".ps1")


_LIKE_CODE = re.compile(r"[\n;(){}<>|&=\"']|\s-")
"""Characters of code that names of scripts do not have: the flag before it is not known here."""
_OWN_NAMES = names("manage.py artisan console rails rake jenkins-cli.jar")
"""Scripts that are programs of their own, with calls that the catalog knows."""


def _run_script(look: Look, script: Word, rest: tuple[Word, ...], *, reads: bool) -> None:
    base = (script.text or "").rsplit("/", 1)[-1]
    if _LIKE_CODE.search(script.text or ""):
        look.act("code", "runs what may be code and no file", words=[script])
    if base in _OWN_NAMES and look.catalog[base] is not None:
        look.inner.append(InnerCommand((replace(script, text=base), *rest)))
    if base == "setup.py":
        _set_up(look, {word.text for word in rest})
    look.touch(script, Use.READ if reads else Use.RUN)


def _set_up(look: Look, words: set[str | None]) -> None:
    """`setup.py` publishes and installs by words that a build does not have."""
    if words & {"upload", "register", "upload_docs"}:
        look.act("external-final", f"publishes the package ({look.said})")
    if words & {"install", "easy_install"}:
        look.act("install", f"installs the package for all ({look.said})")


def read_java(look: Look, found: Arguments) -> bool:
    """`java -jar FILE…`, `java FILE.java`, and classes of the project."""
    for word in look.words[1:]:
        if (word.text or "").startswith(("-javaagent:", "-agentpath:")):
            look.touch(word, Use.RUN, (word.text or "").partition(":")[2].partition("=")[0])
    first = found.tail[0] if found.tail else None
    if first is not None and ("-jar" in found.flags or (first.text or "").endswith(".java")):
        _run_script(look, first, found.tail[1:], reads=False)
    else:
        look.means(MEANINGS["project-run"])
    return True


def _run_input(look: Look, language: str) -> None:
    """No script: what is typed, or what is piped into it, is run."""
    if look.stdin is not None:
        look.inner.append(InnerCode(language, look.words[0], look.stdin))
    elif look.piped:
        look.act("code", "runs what another command prints")
    else:
        look.means(MEANINGS["interactive"])


_READS_IN_TEX = re.compile(r"\\(?:input|include|openin|openout|write|verbatiminput|lstinput)")


def read_typeset(look: Look, found: Arguments) -> bool:
    """TeX given on the command line may read and write any file."""
    for word in found.operands:
        if word.text is None or word.text.startswith("\\") or _READS_IN_TEX.search(word.text):
            look.not_known(word)
    return False


def read_runner(look: Look, found: Arguments) -> bool:
    """`rails runner FILE` or `rails runner CODE`."""
    for word in found.operands[:1]:
        if (word.text or "").endswith(".rb"):
            look.touch(word, Use.RUN)
        else:
            look.inner.append(InnerCode("ruby", word, word.text))
    look.means(MEANINGS["project-run"])
    return True


def read_prompt(look: Look, found: Arguments) -> bool:
    """A prompt for code, unless the code is given."""
    codes = [value for value in found.values if value.use.startswith(CODE)]
    for value in codes:
        language = value.use.removeprefix(CODE)
        look.inner.append(InnerCode(language, value.word, value.text))
    return bool(codes)


# --- modules of Python

_READING_MODULES = names(
    "tokenize dis ast pyclbr symtable pickletools tabnanny sysconfig platform site locale calendar"
    " this inspect filecmp difflib mimetypes textwrap nturl2path base64 quopri antigravity"
)
_WORKING_MODULES = names("compileall py_compile zipapp lib2to3 gzip")
_RUNNING_MODULES = names("cProfile profile trace pdb viztracer memray scalene kernprof")
_PROMPTS = names("code idlelib asyncio turtledemo IPython ptpython bpython")
_MODULE_PROGRAMS = {
    name: name
    for name in names(
        "pip pytest ruff black mypy isort flake8 pylint bandit coverage tox nox build twine pipx"
        " poetry pdm uv virtualenv mkdocs cookiecutter copier gunicorn uvicorn hypercorn flask"
        " celery jupyter notebook jupyterlab streamlit hatch invoke alembic sqlfluff yapf autopep8"
        " autoflake pyupgrade vulture radon codespell safety semgrep locust scrapy huggingface_hub"
        " pyright basedpyright interrogate towncrier bumpversion maturin cibuildwheel ipykernel"
        " dotenv fastapi sqlite3 conda"
    )
} | {
    "pre_commit": "pre-commit",
    "pip_audit": "pip-audit",
    "piptools": "pip-tools",
    "sphinx": "sphinx-build",
    "django": "django-admin",
    "IPython": "ipython",
    "awscli": "aws",
    "grpc_tools.protoc": "protoc",
    "poethepoet": "poe",
    "sphinx.cmd.build": "sphinx-build",
    "keyring": "keyring",
}


def _run_module(look: Look, word: Word, name: str | None, rest: tuple[Word, ...]) -> None:
    """`python -m MODULE`: a tool by another name, or a module of the project."""
    if name is None:
        look.act("code", "runs a module that is known only when it runs", words=[word])
    elif name in _MODULE_PROGRAMS:
        program = replace(word, text=_MODULE_PROGRAMS[name])
        look.inner.append(InnerCommand((program, *rest)))
    elif name in ("unittest", "doctest", "test"):
        look.means(MEANINGS["project-run"])
    elif name in _RUNNING_MODULES:
        _run_under(look, name, rest)
    elif name == "timeit":
        _time_code(look, rest)
    else:
        _standard_module(look, word, name, rest)


def _serve(look: Look, rest: tuple[Word, ...]) -> None:
    """A server shows a whole folder: the one that `--directory` names."""
    for flag, folder in pairwise(rest):
        if flag.text in ("-d", "--directory"):
            look.touch(folder, Use.SEARCH)


def _standard_module(look: Look, word: Word, name: str, rest: tuple[Word, ...]) -> None:
    operands = [each for each in rest if not _is_flag(each.text)]
    if name == "json.tool":
        look.touch_all(operands[:1], Use.READ)
        look.touch_all(operands[1:2], Use.WRITE)
        look.means(MEANINGS["read"])
    elif name in ("venv", "ensurepip"):
        look.touch_all(operands, Use.WRITE)
        look.means(MEANINGS["work" if name == "venv" else "install"])
    elif name in ("zipfile", "tarfile"):
        _archive(look, rest, operands)
    elif name in ("http.server", "pydoc", "webbrowser", "smtpd", "aiosmtpd"):
        _serve(look, rest)
        look.means(MEANINGS["local-service"])
    elif name in _PROMPTS:
        look.means(MEANINGS["interactive"])
    elif name in _READING_MODULES:
        look.touch_all(operands, Use.READ)
        look.means(MEANINGS["read"])
    elif name in _WORKING_MODULES:
        look.touch_all(operands, Use.WRITE)
        look.means(MEANINGS["work"])
    else:
        _own_module(look, word, name)


def _own_module(look: Look, word: Word, name: str) -> None:
    """Another module: the file of this name, if it is here, else what the project installed."""
    run_task(look, "python", word, name)
    look.touch(word, Use.RUN, f"{name.replace('.', '/')}.py")


def _archive(look: Look, rest: tuple[Word, ...], operands: list[Word]) -> None:
    flags = {each.text for each in rest}
    if flags & {"-e", "--extract"}:
        look.touch_all(operands[:1], Use.READ)
        look.touch_all(operands[1:], Use.WRITE)
        look.means(MEANINGS["work"])
    elif flags & {"-c", "--create"}:
        look.touch_all(operands[:1], Use.WRITE)
        look.touch_all(operands[1:], Use.SEARCH)
    else:
        look.touch_all(operands, Use.READ)
        look.means(MEANINGS["list"])


def _run_under(look: Look, name: str, rest: tuple[Word, ...]) -> None:
    """`python -m cProfile SCRIPT`: the words after its flags are those of Python."""
    if name == "pdb":
        look.means(MEANINGS["interactive"])
    valued = names("-o -s -C -c --outfile --sort --file -f -r --coverdir")
    words = list(_after_flags(rest, valued))
    if words:
        look.inner.append(InnerCommand((replace(look.words[0], text="python"), *words)))
    else:
        look.means(MEANINGS["project-run"])


def _after_flags(words: Sequence[Word], valued: frozenset[str]) -> Iterator[Word]:
    skip = False
    for place, word in enumerate(words):
        if skip:
            skip = False
        elif word.text == "-m" or not _is_flag(word.text):
            yield from words[place:]
            return
        else:
            skip = word.text in valued


def _time_code(look: Look, rest: tuple[Word, ...]) -> None:
    """`python -m timeit CODE`: the code that is timed, and its setup."""
    skip = ""
    for word in rest:
        text = word.text or ""
        if skip or not _is_flag(word.text):
            if skip not in ("-n", "-r", "-u"):
                look.inner.append(InnerCode("python", word, word.text))
            skip = ""
        else:
            skip = text if text in ("-n", "-r", "-u", "-s") else ""
    if not rest:
        look.means(MEANINGS["inert"])
