"""One simple command under examination: its words, and what has been found about it so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.findings import Finding, Repository, Runs, Touch, Use
from assent.core.risk.model import Effect, Evidence
from assent.core.risk.paths import shown
from assent.core.risk.shell import GLOB_CHARACTERS, Folders, Word, join


@dataclass(slots=True)
class Look:
    """`words` begin with the program. `name` is the program without a system folder."""

    words: tuple[Word, ...]
    folders: Folders
    name: str = ""
    piped: bool = False
    found: list[Finding] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The command in short, for a sentence."""
        return shown(" ".join(self.texts()))

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
        path = join(self.folders[0], name)
        self.found.append(Touch(path, Use.LIST))
        return (path, *rest)

    # --- what can be found

    def effect(
        self, rule: str, effect: Effect, risk: RiskClass, *, what: str, words: Sequence[Word] = ()
    ) -> None:
        """Something the program does, whichever files it is given."""
        marked = words or self.words
        evidence = Evidence(
            rule=rule,
            effect=effect,
            factors=typical(risk),
            what=what,
            span=(marked[0].start, marked[-1].end),
            program=self.program(),
        )
        self.found += [*(Touch(folder, Use.LIST) for folder in self.folders)]
        self.found.append(Runs(evidence, self.folders))

    def not_known_safe(self, word: Word | None = None, why: str = "") -> None:
        """The program, or this word of it, is not on the list of what is safe."""
        detail = why or (f"with `{shown(word.text or '…')}`" if word is not None else "")
        first = shown(self.words[0].text or "a program")
        what = f"runs {first} {detail}".rstrip() + ", not known to be safe"
        words = [self.words[0] if word is None else word]
        self.effect("unknown-program", Effect.UNKNOWN, RiskClass.MEDIUM, what=what, words=words)

    def never_safe(self, word: Word, why: str) -> None:
        """Something that vouching for the program does not cover."""
        span = (word.start, word.end)
        self.found.append(
            Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.MEDIUM), why, span)
        )

    def inert(self) -> None:
        """It changes nothing and shows nothing but its own words."""
        what = f"runs {self.said}"
        self.found.append(Evidence("inert", Effect.NONE, typical(RiskClass.TRIVIAL), what))

    def reads(self) -> None:
        """It changes nothing."""
        what = f"runs {self.said}"
        self.found.append(Evidence("known-safe", Effect.READ, typical(RiskClass.TRIVIAL), what))

    def touch(self, word: Word, use: Use, text: str | None = None) -> None:
        """The file that `word` (or `text`, a part of it) names is used."""
        path = word.text if text is None else text
        span = (word.start, word.end)
        if path is None:
            risk = RiskClass.HIGH if use is Use.DELETE else RiskClass.MEDIUM
            effect = Effect.DELETE if use is Use.DELETE else Effect.UNKNOWN
            what = "uses a path that is known only when it runs"
            self.found.append(Evidence("unknown-path", effect, typical(risk), what, span))
            return
        folder, pattern = _split_pattern(path) if word.glob else (path, "")
        self.found += [Touch(join(f, folder), use, span, pattern) for f in self.folders]

    def touch_all(self, words: Iterable[Word], use: Use) -> None:
        for word in words:
            self.touch(word, use)

    def repository(self) -> None:
        """Git runs in these folders."""
        span = (self.words[0].start, self.words[0].end)
        self.found += [Repository(folder, span) for folder in self.folders]


def _split_pattern(path: str) -> tuple[str, str]:
    """The folder that is certain, and the pattern below it."""
    first = min(path.index(c) for c in GLOB_CHARACTERS if c in path)
    cut = path.rfind("/", 0, first)
    return (path[:cut] or "/" if cut >= 0 else ".", path[cut + 1 :])
