"""A command line taken apart as its program would do it, by what the catalog knows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assent.core.risk.catalog import Branch, Call, Program
from assent.core.risk.meanings import Meaning
from assent.core.risk.shell import GLOB_CHARACTERS, Word

_REFUSALS = frozenset({"false", "no", "none", "off", "0"})
"""Values that switch a flag off."""


@dataclass(frozen=True, slots=True)
class Value:
    """What stands after a flag. `word` is where; `text` is None when only running can tell."""

    flag: str
    word: Word
    text: str | None
    use: str


@dataclass(slots=True)
class Arguments:
    """The words after a program's name, sorted."""

    call: Call
    flags: set[str] = field(default_factory=set)
    """As the catalog spells them; unlisted ones as written."""
    values: list[Value] = field(default_factory=list)
    operands: list[Word] = field(default_factory=list)
    assigned: list[Word] = field(default_factory=list)
    """Words such as `A=b` before the command that this one runs."""
    tail: tuple[Word, ...] = ()
    """The words of the command that this one runs."""
    raised: list[tuple[Word, Meaning]] = field(default_factory=list)
    instead: Meaning | None = None
    unknown: Word | None = None
    """The first word that the catalog does not know."""


def take_apart(program: Program, words: Sequence[Word]) -> Arguments:
    """Sort the words after the program's name. Never raises."""
    call, name, unknown = _call_of(program, words)
    found = Arguments(call, unknown=unknown)
    _Sorter(found, words, itself=program.itself, skip=name).run()
    return found


def _call_of(program: Program, words: Sequence[Word]) -> tuple[Call, frozenset[int], Word | None]:
    """The call, the places of the words that name it, and what made that uncertain."""
    branches = [program.tree]
    levels = [branches]
    places: list[int] = []
    unknown: Word | None = None
    place = 0
    while place < len(words) and any(branch.goes_on for branch in branches):
        text = words[place].text
        if text is None:
            unknown = unknown or words[place]
            break
        if text == "--":
            break
        if text.startswith("-") and text != "-":
            taken, known = _skip_flag(branches, text)
            unknown = unknown if known else unknown or words[place]
            place += taken
            continue
        further = [after for branch in branches for after in branch.after(text)]
        if not further:
            break
        branches = further
        levels.append(branches)
        places.append(place)
        place += 1
    call, depth = _deepest(levels)
    return call or program.itself, frozenset(places[:depth]), unknown


def _deepest(levels: Sequence[Sequence[Branch]]) -> tuple[Call | None, int]:
    """The call with the longest name; of equals the one that was found the plainest way."""
    for depth in range(len(levels) - 1, 0, -1):
        call = next((branch.call for branch in levels[depth] if branch.call is not None), None)
        if call is not None:
            return call, depth
    return None, 0


def _skip_flag(branches: Sequence[Branch], text: str) -> tuple[int, bool]:
    """How many words a flag before the subcommand takes, and whether it is known."""
    name, equals, _ = text.partition("=")
    short = "" if text.startswith("--") else text[:2]
    rules = [rule for branch in branches for rule in branch.rules]
    for rule in rules:
        if name in rule.flags:
            return (1 if equals or rule.flags[name] is None else 2), True
        if rule.flags.get(short) is not None:
            return (1 if len(text) > 2 else 2), True
    return 1, any(branch.call is not None and branch.call.any_flag for branch in branches) or any(
        _is_listed(text, name, rule) for rule in rules
    )


def _is_listed(text: str, name: str, rule: Call) -> bool:
    letters = "" if text.startswith("--") else text[1:]
    return (
        name in rule.raises
        or name in rule.instead
        or (bool(letters) and all(f"-{letter}" in rule.flags for letter in letters))
    )


@dataclass(slots=True)
class _Sorter:
    found: Arguments
    words: Sequence[Word]
    itself: Call
    """What holds for flags before the subcommand."""
    skip: frozenset[int]
    """Places of the words that name the subcommand."""
    rules: Call = field(init=False)
    """What holds for the word that is being looked at."""

    def __post_init__(self) -> None:
        self.rules = self.found.call

    def run(self) -> None:
        stops = self.found.call.stops
        rest = iter([(n, word) for n, word in enumerate(self.words) if n not in self.skip])
        named = max(self.skip, default=-1)
        for place, word in rest:
            text = word.text
            self.rules = self.itself if place < named else self.found.call
            if text == "--":
                self._finish([word for _, word in rest], stops)
                return
            if text is not None and text.startswith("-") and text != "-":
                self._flag(word, text, rest)
            elif self._assigns(word):
                self.found.assigned.append(word)
            elif stops is not None and len(self.found.operands) >= stops:
                self.found.tail = tuple(w for n, w in enumerate(self.words) if n >= place)
                return
            else:
                self._operand(word)

    def _finish(self, words: list[Word], stops: int | None) -> None:
        """After `--` nothing is a flag."""
        missing = len(words) if stops is None else max(0, stops - len(self.found.operands))
        while words and stops is not None and self._assigns(words[0]):
            self.found.assigned.append(words.pop(0))
        self.found.operands += words[:missing]
        self.found.tail = tuple(words[missing:])

    def _assigns(self, word: Word) -> bool:
        """`env A=b program`: assignments stand before the command."""
        slots = self.found.call.operands or ()
        text = word.prefix if word.text is None else word.text
        name, equals, _ = text.partition("=")
        takes = any(slot.use == "assign" for slot in slots)
        return takes and bool(equals) and name.replace("_", "a").isalnum()

    def _operand(self, word: Word) -> None:
        text = word.text
        if (text is None and word.prefix.startswith("-") and self._injectable) or (
            text is not None and word.glob and text[0] in GLOB_CHARACTERS and self._injectable
        ):
            self._not_known(word)
        self.found.operands.append(word)

    @property
    def _injectable(self) -> bool:
        """Whether a file whose name begins with `-` would become a flag that does harm."""
        call = self.found.call
        return bool(call.raises) or not call.any_flag

    # --- flags

    def _flag(self, word: Word, text: str, rest: Iterator[tuple[int, Word]]) -> None:
        call = self.rules
        name, equals, value = text.partition("=")
        if name in call.flags or name in call.raises or name in call.instead:
            self._take(word, name, value if equals else None, rest)
        elif text.startswith("--"):
            self._long(word, name, value if equals else None, rest)
        else:
            self._letters(word, text, rest)

    def _long(
        self, word: Word, name: str, value: str | None, rest: Iterator[tuple[int, Word]]
    ) -> None:
        """A long flag that is not listed as it is written: perhaps the beginning of one."""
        call = self.rules
        raising = [flag for flag in call.raises if flag.startswith(name) and len(name) > 2]
        known = [flag for flag in call.flags if flag.startswith(name) and len(name) > 3]
        if raising:
            self._take(word, raising[0], value, rest)
        elif len(known) == 1 and (value is not None or not call.any_flag or call.flags[known[0]]):
            self._take(word, known[0], value, rest)
        else:
            self._unlisted(word, name)
            if value is not None:
                self.found.values.append(Value(name, word, value, ""))

    def _letters(self, word: Word, text: str, rest: Iterator[tuple[int, Word]]) -> None:
        """`-abc`: letters without a value, the last of them perhaps with one."""
        call = self.rules
        for place, letter in enumerate(text[1:], start=2):
            flag = f"-{letter}"
            if call.flags.get(flag) is not None:
                self._take(word, flag, text[place:] or None, rest)
                return
            if letter.isdigit() and "-0" in call.flags:
                continue
            if flag in call.flags or flag in call.raises or flag in call.instead:
                self._take(word, flag, None, rest)
            else:
                self._unlisted(word, flag)

    def _take(
        self, word: Word, flag: str, value: str | None, rest: Iterator[tuple[int, Word]]
    ) -> None:
        call = self.rules
        self.found.flags.add(flag)
        use = call.flags.get(flag)
        if use is not None:
            self._value(word, flag, value, rest)
        if value is not None and value.lower() in _REFUSALS:
            return
        if flag in call.raises:
            self.found.raised.append((word, call.raises[flag]))
        if flag in call.instead:
            self.found.instead = call.instead[flag]

    def _value(
        self, word: Word, flag: str, value: str | None, rest: Iterator[tuple[int, Word]]
    ) -> None:
        use = self.rules.flags[flag] or ""
        if value is not None:
            self.found.values.append(Value(flag, word, value, use))
            return
        after = next(rest, None)
        if after is None:
            self._not_known(word)
        else:
            self.found.values.append(Value(flag, after[1], after[1].text, use))

    def _unlisted(self, word: Word, flag: str) -> None:
        self.found.flags.add(flag)
        if not self.rules.any_flag:
            self._not_known(word)

    def _not_known(self, word: Word) -> None:
        self.found.unknown = self.found.unknown or word
