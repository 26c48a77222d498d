"""Commands that are known to be safe, as data: each program with the flags it may have.

A program that is not here, and a flag that is not with it, is not known to be safe. Flags are
compared as they are written, so an abbreviation of a long flag is not known either.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from assent.core.risk.findings import Use
from assent.core.risk.look import Look
from assent.core.risk.names import names
from assent.core.risk.shell import GLOB_CHARACTERS, Word


@dataclass(frozen=True, slots=True)
class Form:
    """How a program may be called to be safe."""

    use: Use | None = None
    """What happens to the files its operands name; None when they are not files."""
    any_flag: bool = False
    """No flag does harm. A value in one may be a file that is read."""
    short: str = ""
    """Letters of flags without a value; `0` stands for all digits."""
    valued: str = ""
    """Letters of flags with a value that is not a file."""
    files: str = ""
    """Letters of flags with a file to read."""
    long: frozenset[str] = frozenset()
    skip: int = 0
    """How many operands come before the files; none when a flag in `instead` is there."""
    instead: frozenset[str] = frozenset()
    most: int = 1_000_000
    injectable: bool = False
    """Other flags of it do harm, so a file whose name begins with `-` must not become one."""
    folder: bool = False
    """Without operands it looks at the current folder."""
    operands: frozenset[str] = frozenset()
    """The only operands it may have, if any are named."""


@dataclass(slots=True)
class Arguments:
    """A command line as its program takes it apart."""

    operands: list[Word] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    values: list[tuple[str, Word, str | None]] = field(default_factory=list)
    """Flag, the word its value stands in, and the value."""
    unknown: Word | None = None
    """The first word that is not known to be safe."""


_READ = Form(Use.READ, any_flag=True)
_LIST = Form(Use.LIST, any_flag=True)
_DATA = Form(None, any_flag=True)

FORMS: dict[str, Form] = {
    **dict.fromkeys(
        names(
            "cat head tail wc nl cut comm cmp od strings tac rev fold paste expand unexpand column"
            " hexdump cksum md5 md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum"
            " shasum"
        ),
        _READ,
    ),
    **dict.fromkeys(["stat", "realpath", "readlink"], _LIST),
    **dict.fromkeys(["ls", "du", "df"], Form(Use.LIST, any_flag=True, folder=True)),
    **dict.fromkeys(
        names(
            "basename dirname pwd true false : sleep whoami id uname nproc uptime groups tty"
            " which type whereis seq expr tr wait exit break continue free echo"
        ),
        _DATA,
    ),
    "[": _DATA,
    "test": _DATA,
    "printf": _DATA,
    "cd": Form(Use.LIST),
    "command": Form(None, short="vV"),
    "arch": Form(None, most=0),
    "base64": Form(Use.READ, short="dDi", valued="wb", long=names("decode wrap ignore-garbage")),
    "hostname": Form(None, short="fsiI", most=0),
    "date": Form(
        None, short="uRI", valued="dr", long=names("utc date iso-8601 rfc-3339 universal")
    ),
    "set": Form(None, short="euxo", operands=names("pipefail errexit nounset xtrace")),
    "ps": Form(None, short="efAlFjxauw", valued="poCu", operands=names("aux auxww ax axu")),
    "grep": Form(
        Use.READ,
        short="ivwxclLqsonHhrRaEFPGzbUZTyI0",
        valued="eABCmdD",
        files="f",
        long=names(
            "color colour recursive dereference-recursive ignore-case invert-match word-regexp"
            " line-regexp count files-with-matches files-without-match quiet silent no-messages"
            " only-matching line-number with-filename no-filename text extended-regexp"
            " fixed-strings perl-regexp basic-regexp null null-data byte-offset include exclude"
            " exclude-dir max-count context after-context before-context regexp binary-files"
            " label line-buffered file no-ignore-case"
        ),
        skip=1,
        instead=names("e f regexp file"),
    ),
    "rg": Form(
        Use.READ,
        short="iSsvwlcnNHIoxUFPu0qpah.",
        valued="egtTABCmMjrEd",
        files="f",
        long=names(
            "ignore-case smart-case case-sensitive invert-match word-regexp line-regexp count"
            " count-matches files-with-matches files-without-match files line-number"
            " no-line-number with-filename no-filename only-matching fixed-strings pcre2"
            " multiline multiline-dotall hidden no-ignore no-ignore-vcs glob iglob type type-not"
            " type-list after-context before-context context max-count max-columns max-depth"
            " color heading no-heading column json sort sortr stats quiet text null vimgrep trim"
            " regexp replace no-messages unrestricted file passthru max-filesize threads"
        ),
        skip=1,
        instead=names("e f regexp file files type-list"),
        injectable=True,
        folder=True,
    ),
    "fd": Form(
        Use.LIST,
        short="HIusgFap0i",
        valued="etdEcjS",
        long=names(
            "hidden no-ignore type extension max-depth min-depth exclude glob absolute-path"
            " full-path ignore-case case-sensitive fixed-strings size changed-within color"
            " no-ignore-vcs print0"
        ),
        skip=1,
        injectable=True,
        folder=True,
    ),
    "sort": Form(
        Use.READ,
        short="nrufbdghMiVszcCmR",
        valued="ktS",
        long=names(
            "numeric-sort reverse unique ignore-case human-numeric-sort version-sort key"
            " field-separator stable zero-terminated check general-numeric-sort month-sort"
        ),
        injectable=True,
    ),
    "uniq": Form(
        Use.READ,
        short="cdDuiz",
        valued="fsw",
        long=names("count repeated unique ignore-case skip-fields skip-chars"),
        most=1,
    ),
    "tree": Form(
        Use.LIST,
        short="adfilspugDhxnACNFrtJ",
        valued="LIP",
        long=names("dirsfirst noreport du gitignore prune filelimit sort"),
        injectable=True,
        folder=True,
    ),
    "file": Form(
        Use.READ, short="bikLsh", long=names("brief mime mime-type mime-encoding"), injectable=True
    ),
    "diff": Form(
        Use.SEARCH,
        short="urqNwbBiaycsdpt0",
        valued="UxIC",
        long=names(
            "unified recursive brief new-file ignore-all-space ignore-space-change color"
            " ignore-blank-lines ignore-case text side-by-side report-identical-files exclude"
            " suppress-common-lines strip-trailing-cr minimal context label width"
        ),
    ),
    "xxd": Form(Use.READ, short="psubeiC", valued="lsgco", most=1, injectable=True),
    "jq": Form(
        Use.READ,
        short="rcnsSeaCMj",
        long=names(
            "raw-output compact-output null-input slurp sort-keys exit-status arg argjson tab"
            " indent join-output ascii-output color-output monochrome-output raw-input args"
        ),
        skip=1,
        injectable=True,
    ),
    "sed": Form(
        Use.READ,
        short="nErsuz",
        valued="e",
        long=names("quiet silent regexp-extended expression null-data separate unbuffered"),
        skip=1,
        instead=names("e expression"),
        injectable=True,
    ),
    "awk": Form(Use.READ, valued="Fv", skip=1, injectable=True),
    "mkdir": Form(Use.WRITE, short="pv", long=names("parents verbose"), injectable=True),
    "touch": Form(Use.WRITE, short="cam", injectable=True),
    "tee": Form(Use.WRITE, short="ai", long=names("append"), injectable=True),
}
FORMS |= {
    "egrep": FORMS["grep"],
    "fgrep": FORMS["grep"],
    "fdfind": FORMS["fd"],
    "gawk": FORMS["awk"],
    "mawk": FORMS["awk"],
}

_FILE_FLAGS = names("file include glob iglob g")
"""Long flags with a file to read, and flags that pick files by name."""
_RECURSIVE = names("r R recursive dereference-recursive")


def parse(words: tuple[Word, ...], form: Form) -> Arguments:
    """Take the arguments apart, `words` being those after the program."""
    found = Arguments()
    rest = iter(words)
    for word in rest:
        text = word.text
        if text is None:
            if not (form.use is None and form.any_flag and word.shown):
                found.unknown = found.unknown or word
        elif text == "--":
            found.operands += rest
        elif form.injectable and word.glob and text[0] in GLOB_CHARACTERS:
            found.unknown = found.unknown or word
        elif text.startswith("--"):
            _long_flag(word, text[2:], form, found)
        elif text.startswith("-") and text != "-":
            _short_flags(word, text[1:], rest, form, found)
        elif form.operands and text not in form.operands:
            found.unknown = found.unknown or word
        else:
            found.operands.append(word)
    if len(found.operands) > form.most:
        found.unknown = found.unknown or found.operands[form.most]
    return found


def _long_flag(word: Word, text: str, form: Form, found: Arguments) -> None:
    name, given, value = text.partition("=")
    found.flags.add(name)
    if given:
        found.values.append((name, word, value))
    if not form.any_flag and name not in form.long:
        found.unknown = found.unknown or word


def _short_flags(
    word: Word, letters: str, rest: Iterator[Word], form: Form, found: Arguments
) -> None:
    if form.any_flag:
        found.values.append((letters[0], word, letters[1:]))
        return
    for place, letter in enumerate(letters, start=1):
        found.flags.add(letter)
        if letter in form.valued or letter in form.files:
            value = word if letters[place:] else next(rest, None)
            text = letters[place:] or (None if value is None else value.text)
            if value is not None:
                found.values.append((letter, value, text))
            if value is None or not value.single or (text is None and letter in form.files):
                found.unknown = found.unknown or word
            return
        if letter not in form.short and not (letter.isdigit() and "0" in form.short):
            found.unknown = found.unknown or word


def check_form(look: Look, form: Form) -> Arguments:
    """Find what a known program touches; note what is not known about its call."""
    found = parse(look.words[1:], form)
    if found.unknown is not None:
        look.not_known_safe(found.unknown)
    skip = 0 if found.flags & form.instead else form.skip
    files = found.operands[skip:]
    if form.use is None:
        look.inert()
        return found
    use = form.use
    recursive = look.name == "rg" or (bool(found.flags & _RECURSIVE) and "recursive" in form.long)
    if use is Use.READ and recursive:
        use = Use.SEARCH
    if not files and (form.folder or recursive) and not (look.piped and look.name == "rg"):
        look.touch(Word(look.words[0].start, look.words[-1].end, text="."), use)
    for word in files:
        if word.text != "-":
            look.touch(word, Use.SEARCH if word.glob and "regexp" in form.long else use)
    _touch_values(look, form, found)
    if use is not Use.WRITE:
        look.reads()
    return found


def _touch_values(look: Look, form: Form, found: Arguments) -> None:
    """Values that may be files: of any flag that is not looked at closer, and of known ones."""
    for name, word, text in found.values:
        named = form.any_flag or name in form.files or name in _FILE_FLAGS
        if form.use is not None and text and named and not text.startswith("!"):
            listed = form.use is Use.LIST and len(name) == 1
            look.touch(word, Use.LIST if listed else Use.READ, text)
