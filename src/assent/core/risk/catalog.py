"""What is known about programs, as data: which calls of a program mean what.

The catalog is read from files by an adapter; the core only sees these values. A program that is
not in it, a call that no entry names and a flag that no entry knows are not known, never harmless.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from assent.core.risk.meanings import Meaning

FILE_USES = frozenset({"list", "read", "search", "write", "delete", "run", "folder"})
"""What can happen to a value or an operand that names a file. `run` executes it, in `folder` the
call works."""
OTHER_USES = frozenset({"", "url", "assign", "shell", "command", "elsewhere", "script"})
"""Values that are no files: nothing that matters, an address, `NAME=value`, the text of a shell
script or a command line in one word, and the tails below."""
TAILS = frozenset({"command", "elsewhere", "script"})
"""Uses of all words from an operand on: another command that runs here, one that runs on another
machine or in a container, and words that are joined into the text of a shell script."""
CODE = "code:"
"""Begins the use of a value that is code, followed by its language: `code:python`."""


def is_use(word: str) -> bool:
    """Whether `word` may stand as the use of a value or an operand."""
    return word in FILE_USES or word in OTHER_USES or (word.startswith(CODE) and len(word) > 5)


@dataclass(frozen=True, slots=True)
class Slot:
    """One operand, or any number of them, and what happens to it."""

    use: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One way to call a program: the words after it, the flags, the operands, and the meaning."""

    name: tuple[str, ...]
    """Words of the subcommand, `*` standing for any part of one; empty for the program itself."""
    means: Meaning
    flags: Mapping[str, str | None] = field(default_factory=dict)
    """Known flags, with their dashes; None for those without a value, else the value's use."""
    raises: Mapping[str, Meaning] = field(default_factory=dict)
    """Flags that make the call mean this as well."""
    instead: Mapping[str, Meaning] = field(default_factory=dict)
    """Flags that make the call mean this and nothing else."""
    operands: tuple[Slot, ...] | None = None
    """None: any number, used as the meaning says."""
    any_flag: bool = False
    """A flag that is not listed does no harm."""
    reader: str = ""
    """Name of the reader that looks closer at the call; empty when this data says it all."""
    scope: str = ""
    """For an outward effect: the act and a template of its target, `{0}` for the first operand."""
    undo: str = ""

    @property
    def stops(self) -> int | None:
        """How many operands come before the words of another command, if any do."""
        before = [slot for slot in self.operands or () if slot.use != "assign"]
        return next((n for n, slot in enumerate(before) if slot.use in TAILS), None)

    def uses(self, count: int) -> list[str]:
        """What happens to each of `count` operands."""
        if self.operands is None:
            return [self.means.files] * count
        slots = [slot for slot in self.operands if slot.use not in TAILS | {"assign"}]
        many = next((n for n, slot in enumerate(slots) if slot.many), None)
        uses = [slot.use for slot in slots]
        if many is None:
            return (uses + [self.means.files] * count)[:count]
        before, after = uses[:many], uses[many + 1 :]
        middle = [uses[many]] * max(0, count - len(before) - len(after))
        return (before + middle + after)[:count] if count >= len(after) else after[-count:]


@dataclass(slots=True)
class Branch:
    """The calls of a program whose names go on, or end, after the same words."""

    call: Call | None = None
    words: dict[str, "Branch"] = field(default_factory=dict)
    patterns: list[tuple[str, "Branch"]] = field(default_factory=list)
    rules: list[Call] = field(default_factory=list)
    """Calls from here on, one for each set of flags that they share."""

    def after(self, word: str) -> Iterator["Branch"]:
        """Where `word` leads, the plainest way first."""
        if word in self.words:
            yield self.words[word]
        for pattern, branch in self.patterns:
            if fnmatchcase(word, pattern):
                yield branch

    @property
    def goes_on(self) -> bool:
        return bool(self.words or self.patterns)


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and the ways to call it."""

    name: str
    about: str
    calls: tuple[Call, ...]
    """With an unnamed one as the last: what a call means that no other entry names."""
    tree: Branch = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", _tree(self.calls))

    @property
    def itself(self) -> Call:
        """The call without a name."""
        return self.calls[-1]


def _tree(calls: Iterable[Call]) -> Branch:
    root = Branch()
    for call in calls:
        branch = root
        _note_flags(branch, call)
        for word in call.name:
            branch = _child(branch, word)
            _note_flags(branch, call)
        if branch.call is None or _wildness(call) < _wildness(branch.call):
            branch.call = call
    return root


def _child(branch: Branch, word: str) -> Branch:
    if "*" not in word:
        return branch.words.setdefault(word, Branch())
    known = next((child for pattern, child in branch.patterns if pattern == word), None)
    if known is None:
        known = Branch()
        branch.patterns.append((word, known))
        branch.patterns.sort(key=lambda each: (each[0].count("*"), -len(each[0])))
    return known


def _note_flags(branch: Branch, call: Call) -> None:
    """Most calls of a program share its flags: these are noted once."""
    if not any(
        rule.flags is call.flags
        and rule.raises is call.raises
        and rule.instead is call.instead
        and rule.any_flag is call.any_flag
        for rule in branch.rules
    ):
        branch.rules.append(call)


def _wildness(call: Call) -> int:
    return sum(word.count("*") for word in call.name)


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Programs by name. Compared by identity, so that what was read with one can be kept."""

    programs: Mapping[str, Program] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Program | None:
        return self.programs.get(name)


def catalog_of(programs: Iterable[tuple[str, Program]]) -> Catalog:
    """A catalog of programs by their names; the first entry for a name holds."""
    known: dict[str, Program] = {}
    for name, program in programs:
        known.setdefault(name, program)
    return Catalog(known)


NOTHING_KNOWN = Catalog()
