"""Whether a command opens something into which more can be typed.

Codex can start a command in a terminal and later type into it, and the typing passes no hook; nor
does the payload tell whether there is a terminal. So every command that would read what is typed
as instructions is taken for interactive: shells and interpreters without a script, editors,
debuggers and clients of remote machines or databases. In doubt the answer is yes: it costs a
question, where a wrong no would cost the gate.
"""

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import Final

MAX_SCRIPT: Final = 20_000
"""Characters that are looked through; a longer script is taken for interactive."""

SHELLS: Final = frozenset(
    {"ash", "bash", "csh", "dash", "fish", "ksh", "pwsh", "sh", "tcsh", "zsh"}
)

CODE_OPTIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(SHELLS, "c"),
    **dict.fromkeys(("bun", "deno", "node"), "ep"),
    **dict.fromkeys(("ghci", "julia", "lua", "octave", "Rscript", "ruby", "scala", "tclsh"), "e"),
    **dict.fromkeys(("pypy", "python"), "cm"),
    "perl": "eE",
    "php": "r",
    "R": "e",
}
"""Interpreters, and the letters of the options that bring their code along."""

LONG_ENDING: Final = re.compile(r"--(version|help|test|eval|print|execute)(=|$)")
"""Options that bring code along, or print something and end."""

ALWAYS: Final = frozenset(
    {"bc", "dc", "ed", "emacs", "ex", "ftp", "gdb", "htop", "iex", "ipython", "irb", "jshell"}
    | {"less", "lldb", "man", "mc", "more", "mysql", "nano", "nc", "ncat", "nvim", "pdb", "psql"}
    | {"redis-cli", "screen", "script", "sftp", "socat", "sqlite", "ssh", "su", "telnet", "tmux"}
    | {"top", "vi", "view", "vim", "vimdiff"}
)

TYPED: Final = frozenset({"-", "/dev/stdin", "/dev/tty", "/dev/fd/0", "/proc/self/fd/0", "repl"})
"""Operands that mean what is typed."""

INTERACTIVE_MODULES: Final = frozenset({"asyncio", "code", "IPython", "pdb", "ptpython"})

WRAPPERS: Final = frozenset(
    {"builtin", "chronic", "command", "doas", "env", "exec", "ionice", "nice", "nohup", "setsid"}
    | {"stdbuf", "sudo", "time", "timeout", "unbuffer"}
)
"""Programs that run the command behind them."""

VALUE_OPTIONS: Final = frozenset(
    {"+o", "-I", "-O", "-W", "-X", "-o", "-r", "--init-file", "--rcfile", "--require"}
)
"""Options of interpreters that are followed by a value of their own."""

_KEYWORDS: Final = frozenset({"!", "{", "do", "elif", "else", "if", "then", "until", "while"})
_ASSIGNMENT: Final = re.compile(r"\w+=")
_VERSION: Final = re.compile(r"[-.\d]+$")
_BREAK: Final = frozenset(";&|()\n")


def reads_typing(script: str | Sequence[str]) -> bool:
    """Whether some command of `script` may take typed text as instructions."""
    if not isinstance(script, str):
        return _reads(list(script))
    if len(script) > MAX_SCRIPT:
        return True
    try:
        return any(_reads(words) for words in _commands(script))
    except ValueError:
        # Quotes do not match up, as in text for another program: look at how each line starts.
        lines = re.split(r"[;&|()\n]", script)
        return any(_program(_bare(line.split())[:1]) in _ANY | WRAPPERS for line in lines)


def _commands(script: str) -> list[list[str]]:
    """The words of each simple command. Raises ValueError when quotes do not match up."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=";&|()<>\n")
    lexer.whitespace = " \t\r"
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    for word in lexer:
        if word and set(word) <= _BREAK:
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def _reads(words: list[str]) -> bool:
    words = _bare(words)
    program, arguments = _program(words[:1]), words[1:]
    if program in WRAPPERS:
        # Their options may have values, so whatever names an interpreter counts as the command.
        starts = (at for at, word in enumerate(arguments) if _program([word]) in _ANY)
        opens = program in ("doas", "sudo") and not {"-i", "-s"}.isdisjoint(arguments)
        return opens or any(_reads(arguments[at:]) for at in starts)
    if program in ALWAYS or program.startswith("$"):
        return True
    if program not in CODE_OPTIONS:
        return False
    if program in SHELLS:
        for option, value in pairwise(arguments):
            if re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", option):
                return "i" in option or reads_typing(value)
    if any(word.startswith("<") for word in arguments):
        return False
    return _waits_for_code(program, arguments)


def _waits_for_code(program: str, arguments: list[str]) -> bool:
    """Whether an interpreter is given no code, so that it reads it from the terminal."""
    brings_code = re.compile(rf"-[A-Za-z0-9]*[{CODE_OPTIONS[program]}]")
    before = ""
    for argument, value in zip_longest(arguments, arguments[1:], fillvalue=""):
        of_option, before = before in VALUE_OPTIONS, argument
        if of_option:
            continue
        if argument in TYPED or argument in ("-i", "-s"):
            return True
        if argument == "-m":
            return value in INTERACTIVE_MODULES
        if brings_code.match(argument) or _ends_at_once(program, argument):
            return False
        if not argument.startswith(("-", "+")):
            return False
    return True


def _ends_at_once(program: str, option: str) -> bool:
    if LONG_ENDING.match(option):
        return True
    if program in ("python", "pypy"):
        return option in ("-V", "-VV", "-h")
    return program not in SHELLS and option in ("-V", "-h", "-v")


def _bare(words: list[str]) -> list[str]:
    """The words from the program on, without keywords and assignments before it."""
    for index, word in enumerate(words):
        if not (word in _KEYWORDS or _ASSIGNMENT.match(word)):
            return words[index:]
    return []


def _program(first: list[str]) -> str:
    """The program's name without folder and version: `/usr/bin/python3.12` is `python`."""
    if not first:
        return ""
    name = posixpath.basename(first[0])
    return _VERSION.sub("", name) or name


_ANY: Final = ALWAYS | frozenset(CODE_OPTIONS)
