"""Which files a command would run: programs by their path, and scripts handed to interpreters.

What is approved is the text of a command and what these files hold; when one of them changes, it
is another action.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assent.core.actions import Action, Command
from assent.core.facts import Facts
from assent.core.proposals import Proposal
from assent.core.risk.names import names
from assent.core.risk.shell import join, read_script

MAX_OPERANDS = 20
_INTERPRETERS = names(
    "sh bash zsh dash ksh fish ash busybox source . exec python python2 python3 pypy pypy3 node"
    " nodejs deno bun tsx ts-node ruby perl php lua luajit Rscript julia osascript pwsh awk gawk"
    " mawk expect tclsh groovy scala kotlin java swift psql mysql mariadb sqlite3 duckdb"
)
_RUN_FILES = names("uv poetry pdm hatch rye pixi deno bun go")
"""Programs whose `run` may be followed by a script."""
_WRAPPERS = names(
    "sudo doas env nice nohup timeout time xargs command setsid stdbuf watch exec chrt ionice"
)
_SHELLS = names("sh bash zsh dash /bin/sh /bin/bash /bin/zsh /usr/bin/bash /usr/bin/zsh")
_SHELL_TEXT = names("-c -lc -cl")
_FILE_FLAGS = names("-f --file --init-file --rcfile -i")
_CODE_FLAGS = names("-c -e -m -p -lc -ec --eval --print --command")
"""After these comes code or a module, so that no file is named."""


def operands_of(action: Action) -> tuple[str, ...]:
    """Absolute paths, as written, of files that the command may run. They need not exist."""
    if not isinstance(action, Command):
        return ()
    return tuple(dict.fromkeys(_operands(action)))[:MAX_OPERANDS]


def _operands(action: Command) -> Iterator[str]:
    script = action.script
    if isinstance(script, tuple):
        if len(script) != 3 or script[0] not in _SHELLS or script[1] not in _SHELL_TEXT:
            yield from (join(action.cwd, word) for word in _named(script))
            return
        script = script[2]
    for command in read_script(script, action.cwd).commands:
        words = [word.text or "" for word in command.words]
        named = [*_named(words), *_fed(words, [r.target.text for r in command.redirects])]
        yield from (join(folder, word) for folder in command.folders for word in named)


def _named(words: Sequence[str]) -> Iterator[str]:
    """The files that a simple command names as something to run."""
    if words and ("/" in words[0] or words[0] in _WRAPPERS):
        paths = words[:1] if "/" in words[0] else words[1:]
        yield from (word for word in paths if _is_path(word))
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        if _base(word) in _INTERPRETERS or (word == "run" and _base(before) in _RUN_FILES):
            yield from _handed(words[place + 1 :])


def _handed(words: Sequence[str]) -> Iterator[str]:
    """The file that an interpreter is handed, and what `-f` names.

    A word before it may be the value of an option: that no such file exists shows later.
    """
    is_found = False
    for place, word in enumerate(words):
        if word in _CODE_FLAGS and not is_found:
            return
        if place and words[place - 1] in _FILE_FLAGS:
            yield word
        elif word and not is_found and not word.startswith(("-", "+")):
            is_found = "." in word or "/" in word
            yield word


def _fed(words: Sequence[str], targets: Sequence[str | None]) -> Iterator[str]:
    """`bash < setup.sh` runs the file as much as `bash setup.sh` does."""
    if words and _base(words[0]) in _INTERPRETERS:
        yield from (target for target in targets if target)


def _is_path(word: str) -> bool:
    return "/" in word and not word.startswith(("-", "+")) and "=" not in word.split("/")[0]


def _base(word: str) -> str:
    return word.rsplit("/", 1)[-1] if word.startswith("/") else word


def bind_operands(proposal: Proposal, facts: Facts) -> Proposal:
    """The proposal with the digests of the files that its command would run as they are now."""
    action = proposal.action
    if not isinstance(action, Command):
        return proposal
    bound = tuple(sorted((path, fact.digest) for path, fact in facts.scripts.items()))
    if bound == action.operands:
        return proposal
    return replace(proposal, action=replace(action, operands=bound))
