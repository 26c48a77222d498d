"""What is known about programs, as data: which calls of a program mean what.

The catalog is read from files by an adapter; the core only sees these values. A program that is
not in it, a call that no entry names and a flag that no entry knows are not known, never harmless.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import zip_longest

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

    def fits(self, words: tuple[str, ...]) -> bool:
        """Whether `words` begin with this call's name."""
        return len(words) >= len(self.name) and self.may_fit(words)

    def may_fit(self, words: tuple[str, ...]) -> bool:
        """Whether `words` are a beginning of this call's name, or begin with it."""
        return all(
            wanted is None or word is None or fnmatchcase(word, wanted)
            for wanted, word in zip_longest(self.name, words)
        )

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


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and the ways to call it. The last call is the one without a name."""

    name: str
    about: str
    calls: tuple[Call, ...]
    """With an unnamed one as the last: what a call means that no other entry names."""
    vouchable: bool = True
    """A rule that names this program may vouch for what its calls do in the workspace."""

    @property
    def itself(self) -> Call:
        """The call without a name."""
        return self.calls[-1]

    def candidates(self, words: tuple[str, ...]) -> Iterator[Call]:
        """The calls that `words` may be the beginning of, or that they begin with."""
        return (call for call in self.calls if call.may_fit(words))

    def goes_on(self, words: tuple[str, ...]) -> bool:
        """Whether the last of `words` still belongs to the name of some call."""
        return any(len(call.name) >= len(words) and call.may_fit(words) for call in self.calls)

    def best(self, words: tuple[str, ...]) -> Call:
        """The call with the longest name that `words` begin with; of equals the plainest."""
        fitting = [call for call in self.calls if call.fits(words)]
        return max(fitting, key=lambda call: (len(call.name), -_wildness(call)))


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
