"""The words of a shell command: what each says, as far as that is known before it runs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tree_sitter import Node

from assent.core.risk.shell.model import GLOB_CHARACTERS, NUMBERS, PLAIN_VARIABLES, Word

MAX_BRACE_WORDS = 64
MAX_BRACES = 4
"""Braces of one word; each multiplies the words that it stands for."""

# What a bare word may hold without meaning anything to the shell but itself, globs and braces.
_BARE = re.compile(r"(?:[A-Za-z0-9_@%+=:,./^~!#{}\[\]*?-]|\\[\x20-\x7e\n])*")
_EXPANDS = re.compile(r"\\.|`|\$[A-Za-z_0-9({?!#*@$-]", re.DOTALL)
_EQUALS = re.compile(r"=+[^=]")
"""zsh puts the path of a command in the place of `=command`."""
_TILDE_LATER = re.compile(r"[=:]~")
_SETTLED = re.compile(r"[A-Za-z0-9_@%+=:,./^~*?-]*")
"""What a loop variable may hold to mean the same with and without quotes, or more without."""
_VARIABLE = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9?#!@*$-])")
_NUMBERS_ONLY = re.compile(r"\$\(\([0-9 ()+*/%-]*\)\)")
_HEREDOC = re.compile(r"(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")

_ENDS_DELIMITER = (b" ", b"\t", b"\n", b";", b"|", b"&", b")", b">")


@dataclass(slots=True)
class _Draft:
    """A word as it is read: its text, and for each character whether it was quoted."""

    text: str = ""
    quoted: str = ""
    known: bool = True
    single: bool = True
    shown: bool = True
    bare: bool = True
    inside: bool = False
    """Whether the part being read stands in double quotes."""

    def add(self, text: str, *, quoted: bool) -> None:
        self.text += text
        self.quoted += ("q" if quoted else "u") * len(text)
        self.bare = self.bare and not quoted


Complain = Callable[[Node, str], None]
Substitute = Callable[[Node], None]


@dataclass(frozen=True, slots=True)
class WordReader:
    """Reads words. What cannot be understood is complained about, and never guessed."""

    source: bytes
    complain: Complain
    """Called with a node that no rule covers: the whole script is then unreadable."""
    substitute: Substitute
    """Called with the node of each command or process substitution, to be judged by itself."""
    variables: Mapping[str, Word]
    """What loop variables stand for."""

    def read(self, node: Node) -> tuple[Word, ...]:
        """The word at `node`; several when it holds braces."""
        draft = _Draft()
        self._part(node, draft)
        if not draft.known:
            return (self._word(node, draft, text=None),)
        return tuple(
            self._word(node, draft, text=text, quoted=quoted)
            for text, quoted in self._braces(node, draft.text, draft.quoted)
        )

    def raw(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode()

    def _word(self, node: Node, draft: _Draft, *, text: str | None, quoted: str = "") -> Word:
        if text is not None:
            text = self._tilde(node, text, quoted)
        return Word(
            start=node.start_byte,
            end=node.end_byte,
            text=text,
            glob=text is not None and self._is_glob(text, quoted),
            bare=draft.bare,
            single=draft.single,
            holds=frozenset() if draft.shown else frozenset({"?"}) - PLAIN_VARIABLES | {"?unknown"},
        )

    def _is_glob(self, text: str, quoted: str) -> bool:
        if not any(c in text for c in GLOB_CHARACTERS):
            return False
        return any(c in GLOB_CHARACTERS and q != "q" for c, q in zip(text, quoted, strict=False))

    def _tilde(self, node: Node, text: str, quoted: str) -> str:
        """Only `~` and `~/…` mean the home; a quoted `~` is a name like any other."""
        if text.startswith("~"):
            if quoted[0] == "q":
                return f"./{text}"
            if text != "~" and not text.startswith("~/"):
                self.complain(node, "names a home folder that is not known")
        return text

    # --- parts of a word

    def _part(self, node: Node, draft: _Draft) -> None:
        match node.type:
            case "word" | "number" | "variable_name" | "test_operator":
                self._bare(node, draft)
            case "raw_string":
                self._quoted(self.raw(node)[1:-1], draft)
            case "string":
                self._string(node, draft)
            case "concatenation":
                self._concatenation(node, draft)
            case "simple_expansion" if _VARIABLE.fullmatch(self.raw(node)):
                self._variable(self.raw(node)[1:], draft)
            case "expansion":
                self._braced_variable(node, draft)
            case "command_substitution":
                self._output(node, draft)
            case "process_substitution":
                self.substitute(node)
                draft.add("/dev/fd/63", quoted=True)
            case "arithmetic_expansion" if _NUMBERS_ONLY.fullmatch(self.raw(node)):
                draft.known = False
            case _:
                self.complain(node, "uses a form of the shell that is not understood")

    def _bare(self, node: Node, draft: _Draft) -> None:
        raw = self.raw(node)
        if not _BARE.fullmatch(raw) or _TILDE_LATER.search(raw) or _EQUALS.match(raw):
            self.complain(node, "uses characters that the shell may read in another way")
            return
        for piece in re.findall(r"\\.|[^\\]+", raw, re.DOTALL):
            if piece == "\\\n":
                continue
            escaped = piece.startswith("\\")
            draft.add(piece[1:] if escaped else piece, quoted=escaped)

    def _quoted(self, text: str, draft: _Draft) -> None:
        draft.add(text, quoted=True)
        draft.bare = False

    def _string(self, node: Node, draft: _Draft) -> None:
        """The text between expansions is taken from the source: the parser drops some of it."""
        inner = [child for child in node.named_children if child.type != "string_content"]
        ends = (node.start_byte + 1, *(n for c in inner for n in (c.start_byte, c.end_byte)))
        for (begin, end), child in zip(
            list(pairwise((*ends, node.end_byte - 1)))[::2], [*inner, None], strict=True
        ):
            self._quoted(self._literal(node, begin, end), draft)
            if child is not None:
                self._inside_quotes(child, draft)

    def _literal(self, node: Node, begin: int, end: int, *, escapes: str = '$`"\\\n') -> str:
        """Text inside double quotes or a here-document, in which nothing may be left to expand."""
        raw = self.source[begin:end].decode()
        if any(not found.group().startswith("\\") for found in _EXPANDS.finditer(raw)):
            self.complain(node, "holds an expansion that is not understood")
        return re.sub(
            r"\\(.)",
            lambda m: ("" if m[1] == "\n" else m[1]) if m[1] in escapes else m[0],
            raw,
            flags=re.DOTALL,
        )

    def _inside_quotes(self, child: Node, draft: _Draft) -> None:
        draft.inside = True
        self._part(child, draft)
        draft.inside = False

    def _concatenation(self, node: Node, draft: _Draft) -> None:
        children = node.children
        if any(left.end_byte != right.start_byte for left, right in pairwise(children)):
            self.complain(node, "is not one word for certain")
        for child in children:
            self._part(child, draft)

    def _braced_variable(self, node: Node, draft: _Draft) -> None:
        raw = self.raw(node)
        if re.fullmatch(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", raw):
            self._variable(raw[2:-1], draft)
        else:
            self.complain(node, "uses a form of `${…}` that is not understood")

    def _variable(self, name: str, draft: _Draft) -> None:
        draft.bare = False
        bound = self.variables.get(name)
        if bound is not None and bound.text is not None and _SETTLED.fullmatch(bound.text):
            draft.add(bound.text, quoted=False)
        elif name in ("HOME", "PWD") and not draft.text:
            draft.add("~" if name == "HOME" else ".", quoted=False)
        else:
            draft.known = False
            draft.single = draft.single and name != "@" and (draft.inside or name in NUMBERS)
            draft.shown = draft.shown and (name in PLAIN_VARIABLES or bound is not None)

    def _output(self, node: Node, draft: _Draft) -> None:
        """`$(cat <<'EOF' …)` is a text; the output of anything else is known only when it ran."""
        draft.bare = False
        text = self._heredoc_text(node) if draft.inside else None
        if text is not None:
            self._quoted(text.rstrip("\n"), draft)
            return
        self.substitute(node)
        draft.known = False
        draft.single = draft.single and draft.inside

    def _heredoc_text(self, node: Node) -> str | None:
        inner = node.named_children
        if len(inner) != 1 or inner[0].type != "redirected_statement":
            return None
        parts = inner[0].named_children
        if len(parts) != 2 or self.raw(parts[0]) != "cat" or parts[1].type != "heredoc_redirect":
            return None
        heredoc = self.heredoc(parts[1])
        return heredoc.text if heredoc is not None and heredoc.alone else None

    # --- here-documents

    def heredoc(self, node: Node) -> "Heredoc | None":
        """A here-document whose end is beyond doubt; otherwise complains."""
        children = {child.type: child for child in node.children}
        start, body, end = (
            children.get(name) for name in ("heredoc_start", "heredoc_body", "heredoc_end")
        )
        if start is None or end is None or b"\n" not in self.source[start.end_byte :]:
            self.complain(node, "has a here-document without an end")
            return None
        delimiter = _HEREDOC.fullmatch(self.raw(start))
        newline = self.source.index(b"\n", start.end_byte)
        begin = end.start_byte if body is None else body.start_byte
        next_byte = self.source[start.end_byte : start.end_byte + 1]
        if (
            delimiter is None
            or next_byte not in _ENDS_DELIMITER
            or self.source[newline + 1 : begin].strip()
        ):
            self.complain(node, "has a here-document that is not understood")
            return None
        tabs = self.raw(node).startswith("<<-")
        lines = self.source[newline + 1 : end.end_byte].decode().split("\n")
        bare_lines = [line.lstrip("\t") if tabs else line for line in lines]
        after = self.source[end.end_byte : end.end_byte + 1]
        first_end = bare_lines.index(delimiter[2]) if delimiter[2] in bare_lines else -1
        if first_end != len(lines) - 1 or after not in (b"", b"\n"):
            self.complain(node, "has a here-document whose end is in doubt")
            return None
        text = "\n".join([*bare_lines[:-1], ""]) if len(lines) > 1 else ""
        alone = len(node.named_children) == (2 if body is None else 3)
        if not delimiter[1]:
            self._expanding(node, body)
        return Heredoc(text=text if delimiter[1] else None, alone=alone)

    def _expanding(self, node: Node, body: Node | None) -> None:
        """Judge the substitutions of a here-document whose delimiter is not quoted."""
        if body is None:
            return
        inner = [child for child in body.named_children if child.type != "heredoc_content"]
        ends = (body.start_byte, *(n for c in inner for n in (c.start_byte, c.end_byte)))
        for begin, end in list(pairwise((*ends, body.end_byte)))[::2]:
            self._literal(node, begin, end)
        for child in inner:
            self._part(child, _Draft())

    # --- braces

    def _braces(self, node: Node, text: str, quoted: str) -> list[tuple[str, str]]:
        """The words that `{a,b}` makes. `{}` and `@{0}` stay as they are."""
        opened = [i for i, c in enumerate(text) if c == "{" and quoted[i] == "u"]
        if not opened:
            return [(text, quoted)]
        if len(opened) > MAX_BRACES:
            return self._complain_of_braces(node, text)
        begin = opened[0]
        end = next((i for i, c in enumerate(text) if i > begin and c == "}"), -1)
        inside = text[begin + 1 : end] if end >= 0 else text[begin + 1 :]
        if "," not in inside and ".." not in inside and "{" not in inside:
            return [(text, quoted)] if len(opened) == 1 else self._complain_of_braces(node, text)
        if end < 0 or "{" in inside or ".." in inside or "q" in quoted[begin : end + 1]:
            return self._complain_of_braces(node, text)
        words = []
        for choice in inside.split(","):
            built = text[:begin] + choice + text[end + 1 :]
            mask = quoted[:begin] + "u" * len(choice) + quoted[end + 1 :]
            words += self._braces(node, built, mask)
            if len(words) > MAX_BRACE_WORDS:
                return self._complain_of_braces(node, text)
        return words

    def _complain_of_braces(self, node: Node, text: str) -> list[tuple[str, str]]:
        self.complain(node, "has braces that are not understood")
        return [(text, "u" * len(text))]


@dataclass(frozen=True, slots=True)
class Heredoc:
    text: str | None
    """Its text, when nothing in it is expanded."""
    alone: bool
    """Nothing else stands on its first line."""
