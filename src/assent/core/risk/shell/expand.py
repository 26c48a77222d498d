"""Words as commands are given them: variables, braces, quotes and substitutions resolved."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, assert_never

from assent.core.risk.shell.braces import TooManyWords, alternatives, has_braces
from assent.core.risk.shell.cursor import Shared
from assent.core.risk.shell.model import REPOSITORY_ROOT, STAND_INS, Word
from assent.core.risk.shell.state import State, Variable
from assent.core.risk.shell.sums import assigned_in, compute, names_in
from assent.core.risk.shell.syntax import (
    Computed,
    Odd,
    Output,
    Parameter,
    Part,
    Text,
    WordNode,
)
from assent.core.risk.shell.values import (
    ANYTHING,
    EMPTY,
    HOME,
    NUMBER,
    Value,
    any_of,
    cut,
    environment,
    length,
    recased,
    replaced,
    stripped,
    together,
    unknown,
)

_EQUALS = re.compile(r"=+[^=~]")
"""zsh puts the path of a command in the place of `=command`."""
_SPACES = re.compile(r"[ \t\n]+")
_SAME_IN_ANY_SPLIT = re.compile(r"[A-Za-z0-9_.-]*")
_GLOB = re.compile(r"[*?\[]")
_HOME = re.compile(rf"(?:^|(?<=[=:,@\s'\"(\[{{<>|;&`])){HOME}(?=$|[/\s:,'\")\]}};&|])")
_LATER_TILDE = re.compile(r":~(?=/|:|\Z)")
_RUNS = re.compile(r"[\[$`'\"\\]")
"""In a text that is taken for a number: what may make the shell run commands."""
_LISTS = ("@", "*")
_MAX_NAMES = 8
"""Variables that name each other in a row."""


@dataclass(slots=True)
class _Field:
    """One word as it grows."""

    value: Value = EMPTY
    glob: bool = False
    single: bool = True
    some: bool = False
    """It is a word even when it is empty."""


@dataclass(slots=True)
class Expander:
    """Expands words in `state`, which expansions such as `${X:=y}` change."""

    state: State
    shared: Shared
    output: Callable[[Output, State], Value]
    """Reads the commands of a substitution, and tells what is known of what they print."""
    offsets: Sequence[int] | None
    """The byte at which each character of the script begins; None when all are one byte."""
    assigned: list[str] = field(default_factory=list)
    """Variables that expansions have set."""

    # --- what callers ask for

    def words(self, node: WordNode) -> tuple[Word, ...]:
        """The words that `node` makes."""
        self.shared.step()
        if node.plain:
            text = node.parts[0]
            if isinstance(text, Text):
                start, end = self.span(node.start, node.end)
                return (Word(start, end, text.text, bare=True),)
        return tuple(self._word(node, made) for made in self.fields(node))

    def fields(self, node: WordNode) -> list[_Field]:
        first = node.parts[0] if node.parts else None
        if isinstance(first, Text) and not first.quoted and _EQUALS.match(first.text):
            self._complain(node, "uses characters that the shell may read in another way")
        if not has_braces(node.parts):
            return self._fields(node.parts)
        try:
            return [made for parts in alternatives(node.parts) for made in self._fields(parts)]
        except TooManyWords:
            return [_Field(unknown(self.value(node.parts)), single=False, some=True)]

    def one(self, node: WordNode) -> Word:
        """`node` where the shell splits nothing: as the target of a here-string."""
        return self.given(node.start, node.end, self.value(node.parts))

    def given(self, start: int, end: int, value: Value) -> Word:
        """A word for a value; the places are those of a node."""
        made = _Field(value, glob=value.pattern)
        return self._word(WordNode((), start, end), made)

    def value(self, parts: tuple[Part, ...], *, tilde: bool = True) -> Value:
        """The text of `parts` where the shell splits nothing: of an assignment."""
        if not parts:
            return EMPTY
        if len(parts) == 1 and isinstance(parts[0], Text) and "~" not in parts[0].text:
            return Value(parts[0].text)
        value = EMPTY
        for part in self._with_home(parts, everywhere=True) if tilde else parts:
            value = together(value, self._single(part))
        return value

    def pattern(self, parts: tuple[Part, ...]) -> Value:
        """The same, with a backslash before what is quoted."""
        value = EMPTY
        for part in parts:
            single = self._single(part)
            quoted = isinstance(part, Text | Parameter | Output) and part.quoted
            if quoted and single.text is not None:
                single = replace(single, text=re.sub(r"([*?\[\]\\|()])", r"\\\1", single.text))
            value = together(value, single)
        return value

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Bytes for characters."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end]

    # --- fields

    def _word(self, node: WordNode, made: _Field) -> Word:
        value = made.value
        start, end = self.span(node.start, node.end)
        text = None if value.text is None else _without_home(value.text)
        if text is None:
            before = value.prefix if value.text is None else value.text.split(HOME)[0]
            return Word(
                start=start,
                end=end,
                single=made.single,
                holds=value.holds,
                outputs=value.outputs,
                prefix=_without_home(before) or "",
                suffix=value.suffix if value.text is None else "",
                root=value.root,
                number=value.number,
                program=value.program,
            )
        first = node.parts[0] if len(node.parts) == 1 else None
        return Word(
            start=start,
            end=end,
            text=text,
            glob=made.glob and text != "[",
            bare=isinstance(first, Text) and not first.quoted,
            single=made.single,
            holds=value.holds,
            outputs=value.outputs,
        )

    def _fields(self, parts: tuple[Part, ...]) -> list[_Field]:
        made = _Field()
        fields = [made]
        for part in self._with_home(parts):
            if isinstance(part, Text):
                made.value = (
                    together(made.value, Value(part.text)) if made.some else Value(part.text)
                )
                made.glob = made.glob or (not part.quoted and _GLOB.search(part.text) is not None)
                made.some = True
                continue
            found = self._found(part)
            quoted = not isinstance(part, Computed) and part.quoted
            if found.listed:
                made = self._items(found.values, fields, quoted=quoted)
            elif quoted or found.many:
                made.value = together(made.value, found.values[0])
                made.glob = made.glob or found.values[0].pattern
                made.single = made.single and not found.many
                made.some = True
            else:
                made = self._split(found.values[0], fields)
        return [each for each in fields if each.some]

    def _items(self, values: tuple[Value, ...], fields: list[_Field], *, quoted: bool) -> _Field:
        """Put the items of a list into words of their own, but for the ends."""
        for place, value in enumerate(values):
            if place:
                fields.append(_Field())
            if quoted:
                made = fields[-1]
                made.value = together(made.value, value)
                made.glob = made.glob or value.pattern
                made.some = True
            else:
                self._split(value, fields)
        return fields[-1]

    def _split(self, value: Value, fields: list[_Field]) -> _Field:
        """Put an unquoted value behind the last word; spaces in it begin others."""
        made = fields[-1]
        text = value.text
        split = "IFS" not in self.state.variables
        if text is not None and not split and not _SAME_IN_ANY_SPLIT.fullmatch(text):
            text, value = None, unknown(value)
        if text is None or value.pattern:
            made.value = together(made.value, value)
            made.single = made.single and (value.pattern or _is_one_number(value))
            made.glob = made.glob or value.pattern
            made.some = True
            return made
        pieces = _SPACES.split(text)
        for place, piece in enumerate(pieces):
            if place and made.some:
                made = _Field()
                fields.append(made)
            if piece:
                made.value = together(made.value, replace(value, text=piece))
                made.glob = made.glob or _GLOB.search(piece) is not None
                made.some = True
        return made

    def _with_home(self, parts: tuple[Part, ...], *, everywhere: bool = False) -> tuple[Part, ...]:
        """`~` at the start; in assignments, after each colon too."""
        first = parts[0] if parts else None
        if not isinstance(first, Text) or first.quoted or "~" not in first.text:
            return parts
        home = self._home()
        text = first.text
        if text.startswith("~"):
            alone = text == "~" and len(parts) == 1
            if not (alone or text.startswith(("~/", "~:" if everywhere else "~/"))):
                return (Odd(quoted=True), Text(text.lstrip("~"), quoted=False), *parts[1:])
            if home is None:
                return (Parameter("HOME", quoted=True), Text(text[1:], quoted=False), *parts[1:])
            text = home + text[1:]
        if everywhere and home is not None:
            text = _LATER_TILDE.sub(f":{home}", text)
        return (Text(text, quoted=False), *parts[1:])

    def _home(self) -> str | None:
        return HOME if "HOME" not in self.state.variables and not self.state.forgotten else None

    # --- parts

    def _single(self, part: Part) -> Value:
        return Value(part.text) if isinstance(part, Text) else self._joined(self._found(part))

    def _joined(self, found: "_Found") -> Value:
        whole = found.values[0] if found.values else EMPTY
        if "IFS" in self.state.variables and len(found.values) > 1:
            return unknown(any_of(found.values))
        for value in found.values[1:]:
            whole = together(whole, together(Value(" "), value))
        return whole

    def _found(self, part: Part) -> "_Found":
        match part:
            case Text():
                return _Found((Value(part.text),))
            case Odd():
                return _Found((ANYTHING,))
            case Computed():
                return _Found((self.computed(part),))
            case Output():
                value = self.output(part, self.state)
                return _Found((Value("/dev/fd/63", outputs=True) if part.process else value,))
            case Parameter():
                return self._parameter(part)
            case _:
                assert_never(part)

    def _parameter(self, part: Parameter) -> "_Found":
        self.shared.step()
        if part.name not in _LISTS and part.key not in _LISTS:
            return _Found((self._operated(part, self._base(part)),))
        items = self._list(part)
        if part.operator == "length":
            return _Found((NUMBER if items is None else Value(str(len(items))),))
        if items is None or part.operator == ":":
            value = any_of(items) if items else unknown(self._base(part))
            argument = self.value(part.argument)
            return _Found((unknown(together(value, argument)),), many=True)
        self.shared.step(len(items))
        found = _Found(tuple(self._operated(part, item) for item in items), listed=True)
        if part.quoted and "*" in (part.name, part.key):
            return _Found((self._joined(found),))
        return found

    def _list(self, part: Parameter) -> tuple[Value, ...] | None:
        if part.name in _LISTS:
            return self.state.arguments
        variable = self.state.variable(part.name)
        if variable.listed:
            return variable.items
        known = part.name in self.state.variables and len(variable.values) == 1
        return variable.values if known else None

    def _base(self, part: Parameter) -> Value:
        name, arguments = part.name, self.state.arguments
        if name in _LISTS or name == "0":
            return Value(holds=frozenset({name}))
        if name == "#" and arguments is not None:
            return Value(str(len(arguments)))
        if name.isdigit() and arguments is not None:
            place = int(name[:4]) - 1
            return arguments[place] if place < len(arguments) else EMPTY
        if name == "PWD" and name not in self.state.variables:
            return self._here()
        variable = self.state.variable(name)
        if part.key and variable.listed:
            place = int(part.key[:4]) if part.key.isdigit() else -1
            items = variable.items
            if items is not None and place >= 0:
                # Shells count from nought or from one.
                return any_of(((*items, EMPTY)[max(place - 1, 0) : place + 1]) or (EMPTY,))
            return unknown(any_of((*(items or ()), *variable.values)))
        return any_of(variable.values)

    def _here(self) -> Value:
        folders = self.state.folders
        if len(folders) == 1 and not folders[0].startswith(STAND_INS):
            return Value(HOME + folders[0][1:] if folders[0][:1] == "~" else folders[0])
        return Value(root=True) if folders == (REPOSITORY_ROOT,) else environment("PWD")

    # --- operators

    def _operated(self, part: Parameter, value: Value) -> Value:
        operator = part.operator
        if not operator:
            return value
        if operator == "length":
            return length(value)
        if operator == "reference":
            return self._referred(part, value)
        if operator.lstrip(":") and operator.lstrip(":") in "-=?+":
            return self._default(part, value)
        if operator[0] in "#%":
            return stripped(value, operator, self.pattern(part.argument))
        if operator[0] == "/":
            by = self.value(part.second or (), tilde=False)
            return replaced(value, operator, argument=self.pattern(part.argument), by=by)
        argument = self.value(part.argument, tilde=False)
        if operator == ":":
            return cut(value, argument)
        if operator[0] in "^,":
            return recased(value, operator, argument)
        return unknown(value)

    def _referred(self, part: Parameter, value: Value) -> Value:
        """What `${!X}` stands for. Where `X` names nothing, the whole command does not run."""
        if value.text is None or not value.text.isidentifier():
            what = "names a variable that is known only when it runs"
            self.shared.complain(what, part.start, part.end)
            return unknown(value)
        return self.state.value(value.text)

    def _default(self, part: Parameter, value: Value) -> Value:
        other = self.value(part.argument, tilde=not part.quoted)
        operator = part.operator
        known = value.text is not None and (part.name in self.state.variables or value.text != "")
        if operator[-1] == "?":
            return value
        takes = operator[-1] == "+"
        if not known:
            chosen = any_of((EMPTY, other)) if takes else any_of((value, other))
            chosen = replace(chosen, holds=chosen.holds | value.holds)
        elif value.text == "" and not operator.startswith(":"):
            chosen = any_of((EMPTY, other))
        else:
            present = value.text != ""
            chosen = (other if present else EMPTY) if takes else (value if present else other)
        if operator[-1] == "=" and part.name.isidentifier():
            self.assigned.append(part.name)
            self.state = self.state.bind(part.name, Variable((chosen,)))
        return chosen

    # --- arithmetic

    def computed(self, node: Computed) -> Value:
        """The number that `node` makes; what it assigns becomes a number too."""
        self.shared.step()
        text = self._sum(node)
        if text is None:
            return NUMBER
        for name in assigned_in(text):
            self.assigned.append(name)
            self.state = self.state.bound(name, NUMBER)
        numbers = {name: self.state.value(name) for name in names_in(text)}
        return compute(text, {name: value.text for name, value in numbers.items()})

    def _sum(self, node: Computed) -> str | None:
        """The text that is computed, if all of it is known; checked for what it may run."""
        texts: list[str | None] = []
        for part in node.parts:
            if isinstance(part, Text):
                texts.append(part.text)
                if any(c in part.text for c in "$`"):
                    self._complain(node, "computes with a text that may run commands")
                continue
            value = self._single(part)
            self.check_number(node, value)
            texts.append(value.text)
        known = "".join(text for text in texts if text is not None)
        for name in names_in(known):
            self._check_named(node, name, 0)
        assigning = assigned_in(known)
        if None in texts:
            for name in assigning:
                self.assigned.append(name)
                self.state = self.state.bound(name, NUMBER)
            return None
        return known

    def check_number(self, node: Computed | WordNode, value: Value) -> None:
        """Complain of a text that would run commands when it is taken for a number."""
        texts = (value.prefix, value.suffix) if value.text is None else (value.text,)
        if any(_RUNS.search(text) for text in texts):
            self._complain(node, "computes with a text that may run commands")
        elif value.text is not None:
            for name in names_in(value.text):
                self._check_named(node, name, 0)

    def _check_named(self, node: Computed | WordNode, name: str, depth: int) -> None:
        variable = self.state.variables.get(name)
        if variable is None:
            return
        self.shared.step()
        for value in (*variable.values, *(variable.items or ())):
            text = value.text or ""
            if _RUNS.search(text + value.prefix + value.suffix) or depth > _MAX_NAMES:
                self._complain(node, "computes with a text that may run commands")
                return
            for inner in names_in(text):
                if inner != name:
                    self._check_named(node, inner, depth + 1)

    def _complain(self, node: Computed | WordNode, what: str) -> None:
        self.shared.complain(what, node.start, node.end)


class _Found(NamedTuple):
    """What a part stands for."""

    values: tuple[Value, ...]
    listed: bool = False
    """They are items of a list, which become words of their own."""
    many: bool = False
    """It is a list whose items are not known."""


def _is_one_number(value: Value) -> bool:
    return value.number and _SAME_IN_ANY_SPLIT.fullmatch(value.prefix + value.suffix) is not None


def _without_home(text: str) -> str | None:
    """The text with `~` for the home; None where that could be taken for something else."""
    if HOME not in text:
        return f"./{text}" if text.startswith("~") else text
    shown = _HOME.sub("~", text)
    return None if HOME in shown else shown
