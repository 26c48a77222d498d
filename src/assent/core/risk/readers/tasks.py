"""Task runners: which task of the project a call runs, and what its name gives away.

The text of a task is looked up in the project's manifests later. What is found here holds when
they do not tell: a name such as `deploy` is taken at its word, any other is the project's code.
"""

import re
from dataclasses import replace
from itertools import takewhile

from assent.core.risk.arguments import Arguments
from assent.core.risk.catalog import CODE
from assent.core.risk.environment import check_variables
from assent.core.risk.findings import RunsTask, Use
from assent.core.risk.look import InnerCode, InnerCommand, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Evidence
from assent.core.risk.names import names
from assent.core.risk.paths import shown
from assent.core.risk.readers.packages import is_node_tool
from assent.core.risk.shell import FRESH_PATH, UNKNOWN_FOLDER, Word, join

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_FINAL = names("drop reset wipe purge destroy flush nuke truncate unpublish teardown")
_OUTWARD = names(
    "deploy deploys publish push rollback upload uploads send ship promote undeploy"
    " deployment notarize submit"
)
_STAGE = names("release prod production email emails")
_DATA = names("migrate migrations migration flyway liquibase seed")
_BACKWARDS = names("down undo revert rollback clean")
_HARMLESS_DATA = names(
    "status generate gen create make new add list show info validate check diff test dev local"
    " version types lint plan heads history current up prepare"
)
_BUILDS = names(
    "build builds bundle compile assemble lint test tests check typecheck start dev serve preview"
    " package generate process watch analyze size notes changelog merge"
)
_ONLY_TRIES = names("dry dryrun check preview local plan status lint validate verify")
_ALIASES = {"t": "test", "tst": "test"}
_RUNNERS = {"rtx": "mise", "go-task": "task", "gmake": "make", "yarnpkg": "yarn", "mvnw": "mvn"}
_ELSEWHERE = (UNKNOWN_FOLDER, FRESH_PATH)
_INSTALLERS = names("make gmake ninja meson")


def word_for(task: str) -> str:
    """The meaning that a task of this name has, while nothing else is known about it."""
    parts = {part.lower() for part in _PARTS.findall(task)}
    if parts & _ONLY_TRIES or {"to", "maven", "local"} <= parts:
        return "project-run"
    if "load" in parts and parts & {"schema", "structure"}:
        return "external-final"
    if parts & _FINAL or (parts & _DATA and parts & _BACKWARDS):
        return "external-final" if parts & {"db", "database"} or parts & _DATA else "external"
    if parts & _OUTWARD or (parts & _STAGE and not parts & _BUILDS):
        return "external"
    changes = parts & {"migrate", "flyway", "liquibase"} and not parts & _HARMLESS_DATA
    return "external-easy" if changes else "project-run"


def runner_of(look: Look) -> str:
    """The name under which a program's tasks are known."""
    base = look.name.rsplit("/", 1)[-1]
    return _RUNNERS.get(base, base)


def run_task(look: Look, runner: str, word: Word, task: str | None = None) -> None:
    """The task that `word` (or `task`) names runs."""
    name = word.text if task is None else task
    if name is None:
        look.act("code", "runs a task that is known only when it runs", words=[word])
        return
    if not look.folders or any(folder.startswith(_ELSEWHERE) for folder in look.folders):
        look.act("code", f"runs {shown(name)} in a folder that is not known", words=[word])
        return
    meaning = MEANINGS[word_for(name)]
    if name in ("install", "uninstall") and runner in _INSTALLERS:
        meaning = MEANINGS["install"]
    own = meaning.word == "project-run"
    by_name = "" if own else ", which by its name reaches beyond the project"
    evidence = Evidence(
        rule=meaning.word,
        effect=meaning.effect,
        factors=meaning.factors,
        what=f"runs the project's task {shown(name)}{by_name}",
        span=(word.start, word.end),
        program=look.program() if own else (),
        undo=meaning.undo,
    )
    look.touch_here(Use.LIST)
    look.found.append(RunsTask(runner, name, look.folders, evidence))


def use_values(look: Look, found: Arguments) -> None:
    """What the values of flags do, for readers that say everything themselves."""
    for value in found.values:
        if value.use == "folder":
            text = value.text
            look.folders = () if text is None else tuple(join(f, text) for f in look.folders)
            look.touch_here(Use.LIST)
    for value in found.values:
        if value.use == "shell":
            look.inner.append(InnerCode("shell", value.word, value.text))
        elif value.use.startswith(CODE):
            language = value.use.removeprefix(CODE)
            look.inner.append(InnerCode(language, value.word, value.text))
        elif value.use in ("read", "write", "run", "list"):
            look.touch(value.word, Use(value.use), value.text)


def read_task(look: Look, found: Arguments) -> bool:
    """`npm run TASK ARGUMENT…`; `:::` begins another task, as for mise."""
    use_values(look, found)
    if not found.tail:
        look.means(MEANINGS["read"])
        return True
    _flags_after(look, found)
    following = [n + 1 for n, word in enumerate(found.tail[:-1]) if word.text == ":::"]
    for place in (0, *following):
        run_task(look, runner_of(look), found.tail[place])
    return True


def _flags_after(look: Look, found: Arguments) -> None:
    """npm takes its own flags after the task too, up to `--`."""
    own = takewhile(lambda word: word.text != "--", found.tail)
    for word in own if runner_of(look) == "npm" else ():
        if (word.text or "").startswith(("--script-shell", "--node-options")):
            look.act("code", f"runs with `{shown(word.text or '')}`", words=[word])


_TRIES = frozenset({"-n", "--dry-run", "--just-print", "--recon", "-q", "--question"})


def read_tasks(look: Look, found: Arguments) -> bool:
    """`make TARGET… NAME=VALUE…`: every operand is a task, but for assignments."""
    use_values(look, found)
    assigned = [word for word in found.operands if "=" in (word.text or word.prefix)]
    tasks = [word for word in found.operands if word not in assigned]
    look.found += check_variables((_variable(word) for word in assigned), look.span)
    tries = runner_of(look) == "make" and bool(found.flags & _TRIES)
    for word in () if tries else tasks:
        run_task(look, runner_of(look), word, _without_arguments(word.text))
    if tries or not tasks:
        look.means(MEANINGS["project-run"])
    return True


def _variable(word: Word) -> tuple[str, Word]:
    """`NAME=VALUE`, parted."""
    name, _, value = (word.text or word.prefix).partition("=")
    return name.rstrip(":?+"), replace(word, text=None if word.text is None else value)


def _without_arguments(text: str | None) -> str | None:
    """`rake db:seed[users]` names `db:seed`; mvn's `plugin:1.2:goal` stays as it is."""
    return None if text is None else text.partition("[")[0]


def read_named_task(look: Look, found: Arguments) -> bool:
    """`npm test`: the subcommand itself is the task."""
    use_values(look, found)
    words = (word for word in look.words[1:] if not (word.text or "").startswith("-"))
    first = next(words, look.words[0])
    name = found.call.name[0] if "*" not in found.call.name[:1] else first.text
    run_task(look, runner_of(look), first, _ALIASES.get(name or "", name))
    return True


def read_task_or_tool(look: Look, found: Arguments) -> bool:
    """`pnpm WORD…`: a task of the project, or a tool that it has installed."""
    use_values(look, found)
    if not found.tail:
        alone = "install-locked" if runner_of(look) == "yarn" else "inert"
        look.means(MEANINGS[alone])
        return True
    first = found.tail[0]
    if runner_of(look) == "bun" and _is_file(first.text):
        look.touch(first, Use.RUN)
    else:
        run_task(look, runner_of(look), first)
        if first.text is not None and is_node_tool(first.text):
            look.inner.append(InnerCommand(found.tail))
    return True


def _is_file(text: str | None) -> bool:
    return text is None or "/" in text or text.endswith((".ts", ".js", ".mjs", ".tsx", ".jsx"))


def read_again(look: Look, found: Arguments) -> bool:
    """`cargo +nightly WORD…`, `yarn workspace NAME WORD…`: the same program with other words."""
    use_values(look, found)
    look.inner.append(InnerCommand((look.words[0], *found.tail)))
    return True


def read_each(look: Look, found: Arguments) -> bool:
    """`concurrently TEXT…`: every operand is shell text, or `npm:TASK`."""
    use_values(look, found)
    for word in found.operands:
        _each(look, word)
    if not found.operands:
        look.means(MEANINGS["inert"])
    return True


def _each(look: Look, word: Word) -> None:
    runner, _, task = (word.text or "").partition(":")
    if runner in ("npm", "pnpm", "yarn", "bun") and task and " " not in task:
        run_task(look, runner, word, task)
    else:
        look.inner.append(InnerCode("shell", word, word.text))


def read_texts(look: Look, found: Arguments) -> bool:
    """`run-s TASK…`, `npm-run-all TASK…`: every operand is a task of the project's npm scripts."""
    use_values(look, found)
    for word in found.operands:
        text = None if word.text is None else word.text.partition(" ")[0]
        run_task(look, "npm", word, text)
    return True


_RUN_TARGETS = ("run", "run-one", "run-many", "affected", "exec", "watch", "affected:*")


def read_targets(look: Look, found: Arguments) -> bool:
    """`nx run PROJECT:TARGET`, `turbo run TASK…`, `nx run-many -t TASK`: targets of a monorepo."""
    if found.call.name and found.call.name[0] not in _RUN_TARGETS:
        return False
    use_values(look, found)
    named = [value for value in found.values if value.flag in ("-t", "--target", "--targets")]
    for value in named:
        for task in (value.text or "").split(","):
            run_task(look, "npm", value.word, task)
    runs = () if named else found.operands
    for word in runs:
        run_task(look, "npm", word, _target(word.text))
    if not named and not runs:
        look.means(MEANINGS["project-run"])
    return True


def _target(text: str | None) -> str | None:
    return None if text is None else text.split("#")[-1].split(":", 1)[-1]


def read_plain(look: Look, found: Arguments) -> bool:
    """A call about which the catalog's data says it all, though its program has a reader."""
    del look, found
    return False


def read_named_command(look: Look, found: Arguments) -> bool:
    """`corepack pnpm WORD…`: the subcommand is another program."""
    use_values(look, found)
    name = found.call.name[-1]
    first = next((word for word in look.words[1:] if word.text == name), look.words[0])
    look.inner.append(InnerCommand((replace(first, text=name), *found.tail)))
    return True


def read_bun(look: Look, found: Arguments) -> bool:
    """`bun WORD…`: code, a file, a tool, or a task."""
    codes = [value for value in found.values if value.use.startswith("code:")]
    look.inner += (InnerCode("javascript", value.word, value.text) for value in codes)
    return bool(codes) or read_task_or_tool(look, found)


def read_deno(look: Look, found: Arguments) -> bool:
    """`deno run FILE…`: a file of the project; code from elsewhere is fetched first."""
    use_values(look, found)
    first = found.tail[0] if found.tail else None
    if first is None:
        look.means(MEANINGS["interactive"])
    elif first.text is not None and ":" in first.text and not first.text.startswith("file:"):
        package = first.text.removeprefix("npm:").partition("/")[0]
        if first.text.startswith("npm:") and is_node_tool(package):
            look.inner.append(InnerCommand((replace(first, text=package), *found.tail[1:])))
        else:
            look.act("code", f"fetches and runs {shown(first.text)}", words=[first])
    elif first.text == "-":
        look.act("code", "runs what another command prints")
    else:
        look.touch(first, Use.RUN)
    return True


def read_nx(look: Look, found: Arguments) -> bool:
    """`nx TARGET PROJECT` and `nx PROJECT:TARGET`."""
    if found.call.name:
        return False
    use_values(look, found)
    for word in found.operands[:1]:
        run_task(look, "npm", word, _target(word.text))
    if not found.operands:
        look.means(MEANINGS["inert"])
    return True


def read_tool_or_task(look: Look, found: Arguments) -> bool:
    """`pdm run WORD…`: a program that is known, or a task of the project."""
    use_values(look, found)
    first = found.tail[0] if found.tail else None
    if first is None:
        look.means(MEANINGS["read"])
    elif first.text is not None and look.catalog[first.text] is not None:
        look.inner.append(InnerCommand(found.tail))
    elif first.text is not None and first.text.endswith(".py"):
        look.touch(first, Use.RUN)
    else:
        task = None if first.text is None else first.text.rsplit(":", 1)[-1]
        run_task(look, runner_of(look), first, task)
    return True


def read_just(look: Look, found: Arguments) -> bool:
    """`just TASK ARGUMENT…`: without the justfile a word may be an argument or another task."""
    use_values(look, found)
    for word in found.tail:
        text = word.text or ""
        if word.text is None or not (text.startswith("-") or "=" in text or not text):
            run_task(look, runner_of(look), word, _without_arguments(word.text))
    if not found.tail:
        look.means(MEANINGS["project-run"])
    return True


def read_after_dashes(look: Look, found: Arguments) -> bool:
    """`mise exec TOOL@VERSION… -- COMMAND`: the words after `--` are another command."""
    use_values(look, found)
    places = [place for place, word in enumerate(look.words) if word.text == "--"]
    tail = look.words[places[0] + 1 :] if places else ()
    if tail:
        look.inner.append(InnerCommand(tail))
    elif not look.inner:
        look.means(MEANINGS["interactive"])
    return True


_SOURCES = frozenset({":::", ":::+", "::::", "::::+"})
_PLACE = re.compile(r"\{[#%./+0-9]*\}")
_MANY = 20
"""Arguments of `parallel` that are looked at one by one; more of them are taken as not known."""


def read_parallel(look: Look, found: Arguments) -> bool:
    """`parallel COMMAND ::: ARGUMENT…`: the words of the command are joined for a shell."""
    use_values(look, found)
    words = tuple(takewhile(lambda word: word.text not in _SOURCES, found.tail))
    given = [word for word in found.tail[len(words) :] if word.text not in _SOURCES]
    from_files = any(word.text in ("::::", "::::+") for word in found.tail)
    if from_files:
        look.touch_all(given, Use.READ)
    known = not from_files and 0 < len(given) <= _MANY
    for argument in given if known else (Word(*look.span, outputs=True),):
        _run_with(look, words, argument)
    return True


def _run_with(look: Look, words: tuple[Word, ...], argument: Word) -> None:
    """One run: without a command the argument itself is one."""
    if not words:
        look.inner.append(InnerCode("shell", argument, argument.text))
        return
    placed = [_place(word, argument) for word in words]
    if placed == list(words):
        placed.append(argument)
    if " " not in (words[0].text or ""):
        look.inner.append(InnerCommand(tuple(placed)))
    texts = [word.text for word in placed if word.text is not None]
    if any(" " in text for text in texts) and len(texts) == len(placed):
        look.inner.append(InnerCode("shell", placed[0], " ".join(texts)))
    elif any(" " in text for text in texts):
        text = " ".join(word.text or '"$ARGUMENT"' for word in placed)
        look.inner.append(InnerCode("shell", placed[0], text))


def _place(word: Word, argument: Word) -> Word:
    """`word` with the argument put where it belongs."""
    text = word.text
    if text is None or not _PLACE.search(text):
        return word
    if argument.text is not None:
        given = argument.text
        return replace(word, text=_PLACE.sub(lambda _: given, text), glob=False)
    if " " in text:
        return replace(word, text=_PLACE.sub('"$ARGUMENT"', text))
    return replace(word, text=None, outputs=True, prefix=text[: text.index("{")])
