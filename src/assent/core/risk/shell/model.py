"""What reading a shell script yields."""

from dataclasses import dataclass, field

GLOB_CHARACTERS = "*?["
NUMBERS = frozenset({"?", "#", "$", "!", "RANDOM", "SRANDOM", "SECONDS", "LINENO", "UID", "EUID"})
"""Variables that only ever hold a number."""
PLAIN_VARIABLES = NUMBERS | {"PWD", "OLDPWD", "HOME", "USER", "LOGNAME", "HOSTNAME", "SHELL", "0"}
"""Variables that hold no secret, so that showing them does no harm."""

UNKNOWN_FOLDER = "/(unknown folder)"
"""Stands in `Simple.folders`, alone or before `/…`, for a folder that only running can tell."""
REPOSITORY_ROOT = "/(root of the repository)"
"""Stands there for what `git rev-parse --show-toplevel` prints."""
STAND_INS = (UNKNOWN_FOLDER, REPOSITORY_ROOT)
FRESH_PATH = "/tmp/tmp.XXXXXXXXXX"
"""Stands in words for the file or folder that `mktemp` makes: one that did not exist before."""

Folders = tuple[str, ...]
"""Absolute folders, as written, in any of which a command may run. Never empty.

The stand-ins above are outside of every workspace, so that code which has never heard of them
takes a path below them for one that it knows nothing good about.
"""


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `start` and `end` are bytes of the script."""

    start: int
    end: int
    text: str | None = None
    """What the command is given; None when only running can tell. A leading `~` is the home, a
    quoted one is written `./~`."""
    glob: bool = False
    """`text` is a pattern for names of files."""
    bare: bool = False
    """Written without quotes, backslashes or expansions."""
    single: bool = True
    """Stands for exactly one argument, whatever its parts turn out to be."""
    holds: frozenset[str] = frozenset()
    """Names of the variables in it that the script does not assign: the environment's."""
    outputs: bool = False
    """Holds what commands print, or what `read` reads; those commands are among the script's."""
    prefix: str = ""
    """Of an unknown word: the text before its first unknown part."""
    suffix: str = ""
    """Of an unknown word: the text after its last unknown part."""
    root: bool = False
    """Of an unknown word: it is the root of the git repository, followed by `suffix`."""
    number: bool = False
    """Of an unknown word: what is not known of it, between `prefix` and `suffix`, can only be
    digits, and the signs `.,:-` between several of them."""

    program: str = ""
    """Of an unknown word: it is the place of the program of this name (`$(which x)`). As the
    first word of a command such a word is read as `x`."""

    @property
    def shown(self) -> bool:
        """Holds nothing but its own text, harmless variables, and output judged by itself."""
        return self.holds <= PLAIN_VARIABLES


@dataclass(frozen=True, slots=True)
class Redirect:
    target: Word
    writes: bool
    appends: bool = False
    """Keeps what the file holds: `>>`."""


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command. Without words it only assigns or redirects.

    A command that may be run with several texts is there once for each of them.
    """

    words: tuple[Word, ...]
    folders: Folders
    start: int
    end: int
    assigned: tuple[str, ...] = ()
    """Variables that are set: for the command alone (`A=b cmd`), or for the shell (`A=b`,
    `export A`, `read A`, `for A in …`, `printf -v A`)."""
    redirects: tuple[Redirect, ...] = ()
    piped: bool = False
    """Its input is what another command prints, or a here-document."""
    env: tuple[tuple[str, Word], ...] = ()
    """The values of `assigned`, where there is one word for it."""
    stdin: str | None = None
    """The exact text of its input, where that is known."""
    input: Word | None = None
    """The here-document or here-string that it reads; also where its text is not all known."""
    inlined: bool = False
    """What its words run (`eval`, `trap`) has been read into the script's commands."""
    source: tuple["Simple", ...] = field(default=(), compare=False, repr=False)
    """The commands whose output is its input, where it is piped from commands."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a script that cannot be read. `start` and `end` are bytes."""

    what: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Script:
    """The commands are those that can be read; with a problem there may be others."""

    commands: tuple[Simple, ...]
    problems: tuple[Problem, ...]
