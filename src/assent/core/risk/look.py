"""One simple command under examination: its words, and what has been found about it so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assent.core.risk.catalog import NOTHING_KNOWN, Catalog
from assent.core.risk.factors import Factors
from assent.core.risk.findings import Finding, Repository, Runs, Touch, Use
from assent.core.risk.meanings import MEANINGS, Meaning
from assent.core.risk.model import Effect, Evidence, Scope
from assent.core.risk.paths import is_secret, shown
from assent.core.risk.shell import GLOB_CHARACTERS, Folders, Word, join

UNKNOWN_PROGRAM = "unknown-program"
UNREADABLE = "unreadable"
_UNKNOWN = MEANINGS["unknown"].factors


@dataclass(frozen=True, slots=True)
class InnerCommand:
    """Another command that the call runs."""

    words: tuple[Word, ...]
    elsewhere: bool = False
    """In a container or on another machine: its files are not of this one."""


@dataclass(frozen=True, slots=True)
class InnerCode:
    """Code in `word` that the call runs; `text` is None when only running can tell."""

    language: str
    """`shell`, or a name that `languages` knows."""
    word: Word
    text: str | None
    elsewhere: bool = False


NAMED_WORDS = 8
"""Words of a call by which a rule may name it."""


@dataclass(slots=True)
class Look:
    """`words` begin with the program. `name` is the program without a system folder."""

    words: tuple[Word, ...]
    folders: Folders
    """Empty when it is not known where the command runs."""
    catalog: Catalog = NOTHING_KNOWN
    name: str = ""
    piped: bool = False
    stdin: str | None = None
    """The exact text of its input, where that is known."""
    depth: int = 0
    """How many commands this one is wrapped in."""
    subcommand: tuple[str, ...] = ()
    """As the catalog names it, wherever flags stand."""
    found: list[Finding] = field(default_factory=list)
    inner: list[InnerCommand | InnerCode] = field(default_factory=list)
    """What the call runs, to be looked at next."""

    @property
    def said(self) -> str:
        """The command in short, for a sentence."""
        return shown(" ".join(self.texts()))

    @property
    def span(self) -> tuple[int, int]:
        return self.words[0].start, self.words[-1].end

    def texts(self) -> tuple[str, ...]:
        """The words up to the first that is known only when the command runs."""
        texts: list[str] = []
        for word in self.words:
            if word.text is None:
                break
            texts.append(word.text)
        return tuple(texts)

    def program(self) -> tuple[str, ...]:
        """The words by which a rule may vouch for the program; a path is made absolute."""
        name, rest = self.name, self.texts()[1:]
        if name and "/" not in name:
            return (name, *rest)
        if not name or len(self.folders) != 1:
            return ()
        return (join(self.folders[0], name), *rest)

    def called(self) -> tuple[tuple[str, ...], ...]:
        """The call in the words in which a rule may name it."""
        typed = (self.program() or (self.name, *self.texts()[1:]))[:NAMED_WORDS]
        plain = (self.name, *self.subcommand)
        return (typed,) if typed[: len(plain)] == plain else (typed, plain)

    # --- what can be found

    def means(
        self, meaning: Meaning, *, scope: Scope | None = None, undo: str = "", rule: str = ""
    ) -> None:
        """The call amounts to `meaning`."""
        inert = meaning.word == "inert"
        evidence = Evidence(
            rule=rule or meaning.word,
            effect=meaning.effect,
            factors=meaning.factors,
            what=f"runs {self.said}" if inert else f"{meaning.says} ({self.said})",
            span=self.span,
            program=self.program() if meaning.word in ("project-run", "work") else (),
            scope=scope,
            undo=undo or meaning.undo,
        )
        self.found.append(evidence)
        if meaning.effect is Effect.WORKSPACE_WRITE and not meaning.files:
            self.found += [Touch(folder, Use.WRITE, self.span) for folder in self.folders]

    def act(self, word: str, what: str, *, words: Sequence[Word] = ()) -> None:
        """The call does what the meaning `word` says, told as `what`."""
        meaning, marked = MEANINGS[word], words or self.words
        self.found.append(
            Evidence(
                rule=word,
                effect=meaning.effect,
                factors=meaning.factors,
                what=what,
                span=(marked[0].start, marked[-1].end),
                undo=meaning.undo,
            )
        )

    def runs(self, rule: str, what: str, *, words: Sequence[Word] = ()) -> None:
        """A program runs that nobody vouched for; who vouches for it answers this."""
        marked = words or self.words
        evidence = Evidence(
            rule=rule,
            effect=Effect.UNKNOWN,
            factors=_UNKNOWN,
            what=what,
            span=(marked[0].start, marked[-1].end),
            program=self.program(),
        )
        self.found += [Touch(folder, Use.LIST) for folder in self.folders]
        self.found.append(Runs(evidence, self.folders))

    def not_known(self, word: Word | None = None, why: str = "") -> None:
        """This word of the call, or the whole call, is not known to the catalog."""
        detail = why or (f"with `{shown(_text_of(word))}`" if word is not None else "")
        first = shown(self.words[0].text or "a program")
        what = f"runs {first} {detail}".rstrip() + ", which is not known"
        words = self.words[:1] if word is None else (word,)
        self.runs("unknown-call", what, words=words)

    def never_safe(self, word: Word, why: str) -> None:
        """Something that vouching for the program does not cover."""
        self.found.append(
            Evidence(UNREADABLE, Effect.UNKNOWN, _UNKNOWN, why, (word.start, word.end))
        )

    def evidence(self, rule: str, effect: Effect, factors: Factors, *, what: str) -> None:
        """A reason in words of its own."""
        self.found.append(Evidence(rule, effect, factors, what, self.span))

    def touch(self, word: Word, use: Use, text: str | None = None, *, built: bool = False) -> None:
        """The file that `word` (or `text`, a part of it) names is used."""
        path = word.text if text is None else text
        span = (word.start, word.end)
        if path is None or not self.folders:
            self._touch_unknown(word, use, path)
            return
        if path.startswith("~") and path != "~" and not path.startswith("~/"):
            self.act("unknown", f"uses {shown(path)}, in the home of somebody else", words=[word])
            return
        glob = word.glob and any(mark in path for mark in GLOB_CHARACTERS)
        folder, pattern = _split_pattern(path) if glob else (path, "")
        self.found += [
            Touch(join(f, folder), use, span, pattern, built, folder=f if use is Use.RUN else "")
            for f in self.folders
        ]

    def touch_here(self, use: Use, pattern: str = "") -> None:
        """The folder in which the command runs is used, or what `pattern` picks below it."""
        self.found += [Touch(folder, use, self.span, pattern) for folder in self.folders]

    def _touch_unknown(self, word: Word, use: Use, path: str | None) -> None:
        """A path that is known only when it runs, or in a folder that is."""
        if path is not None and path.startswith(("/", "~/")):
            self.found.append(Touch(path, use, (word.start, word.end)))
        elif use in (Use.READ, Use.SEARCH) and is_secret(word.suffix):
            what = f"reads a file named {shown(word.suffix)}, which may hold secrets"
            self.act("secret", what, words=[word])
        elif use in (Use.LIST, Use.READ, Use.SEARCH):
            self.act("read", "reads a file that is known only when it runs", words=[word])
        else:
            verb = {Use.DELETE: "deletes", Use.DISCARD: "discards changes in", Use.RUN: "runs"}
            meaning = {Use.DELETE: "delete", Use.DISCARD: "discard", Use.RUN: "code"}
            what = f"{verb.get(use, 'writes')} a file that is known only when it runs"
            self.act(meaning.get(use, "unknown"), what, words=[word])

    def touch_all(self, words: Iterable[Word], use: Use) -> None:
        for word in words:
            self.touch(word, use)

    def repository(self) -> None:
        """Git runs in these folders."""
        span = (self.words[0].start, self.words[0].end)
        self.found += [Repository(folder, span) for folder in self.folders]


def _text_of(word: Word) -> str:
    return word.text if word.text is not None else f"{word.prefix}…"


def _split_pattern(path: str) -> tuple[str, str]:
    """The folder that is certain, and the pattern below it."""
    first = min(path.index(c) for c in GLOB_CHARACTERS if c in path)
    cut = path.rfind("/", 0, first)
    return (path[:cut] or "/" if cut >= 0 else ".", path[cut + 1 :])
