"""The small languages of tools that read text: what scripts of sed, awk and jq do but print."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import InnerCode, Look
from assent.core.risk.names import names
from assent.core.risk.readers.builtins import tells_secret
from assent.core.risk.shell import Word

_JQ_TELLS = re.compile(
    r"""(?<![.\w"'-])(?:str)?env\b(?!["'-])|\$ENV|\bimport\b|\binclude\b|\$__prog|\benvsubst\b"""
)
_JQ_NAMED = re.compile(
    r"(?<![.\w])(?:(?:\$ENV|env)\s*\.\s*([A-Za-z_]\w*)|(?:str)?env\(\s*([A-Za-z_]\w*)\s*\))"
)
"""One variable of the environment, by its name."""
_YQ_LOADS = re.compile(r"""\bload\w*\s*\(\s*(?:"([^"]*)"\s*\))?""")
_YQ_RUNS = re.compile(r"\bsystem\s*\(")

MAX_SCRIPT = 4_000
"""Longer ones are not read."""

# --- sed

_SED_BLANK = re.compile(r"(?:[\s;}]|#[^\n]*)*")
_SED_LINES = re.compile(r"\d+(?:~\d+)?|\$")
_SED_SECOND = re.compile(r"\s*,\s*(?:[+~]\d+)?")
_SED_REGEX_FLAGS = re.compile(r"[IM]*")
_SED_NEGATED = re.compile(r"[\s!]*")
_SED_PLAIN = re.compile(r"[=dDgGhHnNpPxzF]|[qQlL][ \t]*\d*|[btT:][ \t]*[\w.-]*|v[ \t]*[\d.]*")
_SED_END = re.compile(r"[ \t]*(?=[;\n}#]|$)")
_SED_TEXT = re.compile(r"(?:\\.|[^\\\n])*", re.DOTALL)
_SED_LINE = re.compile(r"[ \t]*([^\n]*)")
_SED_FLAGS = re.compile(r"[gpiImM0-9e]*")
_SED_SUFFIX = re.compile(r"-[nErszu]*i[^/]+")


@dataclass(slots=True)
class SedScript:
    """What a sed script does besides changing what passes."""

    text: str
    brackets: bool
    """Whether a delimiter in brackets is an ordinary character, as POSIX says and GNU does not."""
    place: int = 0
    files: list[tuple[str, Use]] = field(default_factory=list)
    runs: list[str | None] = field(default_factory=list)
    """Shell texts; None for what only running can tell."""

    def read(self) -> bool:
        """Read all of it. False where it is not understood."""
        self._over(_SED_BLANK)
        while self.place < len(self.text):
            if not self._address() or not self._command():
                return False
            self._over(_SED_BLANK)
        return True

    def _over(self, pattern: re.Pattern[str]) -> str:
        """The text that `pattern` takes from here on, which is left behind."""
        found = pattern.match(self.text, self.place)
        if found is None:
            return ""
        self.place = found.end()
        return found[found.re.groups]

    def _peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def _address(self) -> bool:
        if not self._one_address():
            return False
        second = self._over(_SED_SECOND)
        if second and second[-1] in ", \t\n" and not self._one_address():
            return False
        self._over(_SED_NEGATED)
        return True

    def _one_address(self) -> bool:
        """One address, or none. False for one without an end."""
        if self._over(_SED_LINES) or self._peek() not in ("/", "\\"):
            return True
        self.place += self._peek() == "\\"
        mark = self._peek()
        self.place += 1
        ended = self._delimited(mark, brackets=self.brackets)
        self._over(_SED_REGEX_FLAGS)
        return ended

    def _delimited(self, mark: str, *, brackets: bool) -> bool:
        """Go over everything up to `mark`."""
        if not mark or mark in "\\\n":
            return False
        end = re.escape(mark)
        inner = r"|\[\^?\]?[^\]\n]*\]" if brackets else ""
        found = re.compile(rf"(?:\\.{inner}|[^{end}\\])*+{end}", re.DOTALL).match(
            self.text, self.place
        )
        if found is None:
            return False
        self.place = found.end()
        return True

    def _command(self) -> bool:
        letter = self._peek()
        if letter == "{":
            self.place += 1
            return True
        if letter and letter in "aic":
            self._over(_SED_TEXT)
            return True
        if letter and letter in "rRwWe":
            self.place += 1
            return self._with_file(letter)
        if letter and letter in "sy":
            self.place += 1
            return self._substitution(letter)
        return bool(self._over(_SED_PLAIN)) and self._ends()

    def _ends(self) -> bool:
        return _SED_END.match(self.text, self.place) is not None

    def _with_file(self, letter: str) -> bool:
        name = self._over(_SED_LINE).strip()
        if letter == "e":
            self.runs.append(name or None)
            return True
        self.files.append((name, Use.READ if letter in "rR" else Use.WRITE))
        return bool(name)

    def _substitution(self, letter: str) -> bool:
        mark = self._peek()
        self.place += 1
        if not self._delimited(mark, brackets=self.brackets and letter == "s"):
            return False
        if not self._delimited(mark, brackets=False):
            return False
        if letter == "y":
            return self._ends()
        if "e" in self._over(_SED_FLAGS):
            self.runs.append(None)
        if self._peek() == "w":
            self.place += 1
            return self._with_file("w")
        return self._ends()


def sed_readings(text: str) -> list[SedScript]:
    """The script as each kind of sed reads it; none where nobody does."""
    if len(text) > MAX_SCRIPT:
        return []
    readings = [SedScript(text, brackets=True), SedScript(text, brackets=False)]
    understood = [reading for reading in readings if reading.read()]
    return [
        reading
        for n, reading in enumerate(understood)
        if not n or (reading.files, reading.runs) != (understood[0].files, understood[0].runs)
    ]


def read_sed(look: Look, found: Arguments) -> bool:
    """`sed`: its script may write files and run commands, and `-i` writes its operands."""
    in_place = found.flags & {"-i", "--in-place", "-I"}
    if found.unknown is not None and _SED_SUFFIX.fullmatch(found.unknown.text or ""):
        found.unknown = None
    operands = list(found.operands)
    if in_place and operands and operands[0].text == "":
        # BSD's sed takes the ending of backups as a word of its own.
        del operands[0]
    given = found.flags & {"-e", "--expression", "-f", "--file"}
    scripts = [(v.word, v.text) for v in found.values if v.flag in ("-e", "--expression")]
    if not given:
        scripts += [(word, word.text) for word in operands[:1]]
        operands = operands[1:]
    _sed_script(look, scripts)
    _run_files(look, found)
    look.touch_all(operands, Use.WRITE if in_place else Use.READ)
    return True


def _sed_script(look: Look, scripts: list[tuple[Word, str | None]]) -> None:
    if not scripts:
        return
    word = scripts[0][0]
    texts = [text for _, text in scripts if text is not None]
    readings = sed_readings("\n".join(texts))
    if len(texts) < len(scripts) or not readings:
        look.not_known(None, "with a script that may do more than print")
    for reading in readings:
        for path, use in reading.files:
            look.touch(word, use, path)
        for text in reading.runs:
            look.act("code", "runs a command from a sed script", words=[word])
            if text is not None:
                look.inner.append(InnerCode("shell", word, text))


def _run_files(look: Look, found: Arguments) -> None:
    """A script in a file is run like any other."""
    for value in found.values:
        if value.flag in ("-f", "--file", "-E", "--exec"):
            look.touch(value.word, Use.RUN, value.text)


# --- awk

_AWK_SPACE = re.compile(r"(?:[ \t\r]|\\\n|#[^\n]*)+")
_AWK_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*+"|[A-Za-z_]\w*|\d[\w.]*|\|\||\|&|&&|>>|[<>=!]=|\n|.', re.DOTALL
)
_AWK_REGEX = re.compile(r"/(?:\\.|\[\^?\]?[^\]\n]*\]|[^/\\\n\[])*+/")
_AWK_STATEMENTS = names("print printf return getline in case else do exit")
"""Words after which a value stands."""
_GO_ON = names(", && ||")
"""Signs after which a statement goes on in the next line."""
_AWK_NOT_READ = names("SYMTAB @ extension FUNCTAB")


def awk_tokens(program: str) -> Iterator[str]:
    """Strings in their quotes, regular expressions between slashes, words and signs."""
    place, last = 0, ""
    while place < len(program):
        space = _AWK_SPACE.match(program, place)
        if space is not None:
            place = space.end()
            continue
        value = bool(last) and (last[-1].isalnum() or last[-1] in '_)]"$')
        regex = None if value and last not in _AWK_STATEMENTS else _AWK_REGEX
        found = (regex and regex.match(program, place)) or _AWK_TOKEN.match(program, place)
        if found is None:
            return
        last, place = found[0], found.end()
        yield last


@dataclass(slots=True)
class _Awk:
    """One awk program under examination."""

    look: Look
    word: Word
    tokens: list[str]

    def read(self) -> None:
        prints, depth = False, 0
        for place, token in enumerate(self.tokens):
            depth += (token in "([") - (token in ")]")
            if token in ("print", "printf"):
                prints, depth = True, 0
            elif token in (";", "{", "}") or (token == "\n" and self._at(place - 1) not in _GO_ON):
                prints = False
            elif token in (">", ">>") and prints and depth <= 0:
                self._file(place + 1, Use.WRITE)
            else:
                self._word(place, token)

    def _word(self, place: int, token: str) -> None:
        if token == "system" or token in ("|", "|&"):
            self.look.act("code", "runs a command from an awk program", words=[self.word])
        elif token == "getline":
            self._getline(place)
        elif token == "ENVIRON":
            name = self._at(place + 2).strip('"')
            if self._at(place + 1) != "[" or self._at(place + 2)[:1] != '"' or tells_secret(name):
                self.look.act("secret", "shows the environment", words=[self.word])
        elif token in _AWK_NOT_READ or token == '"':
            self._not_known()

    def _at(self, place: int) -> str:
        return self.tokens[place] if place < len(self.tokens) else ""

    def _getline(self, place: int) -> None:
        """`getline < "file"`, `getline name < "file"`."""
        after = place + 1
        if self._at(after) == "$":
            after += 1
        if re.fullmatch(r"\w+", self._at(after)):
            after += 1
        if self._at(after) == "<":
            self._file(after + 1, Use.READ)
        elif self._at(after) == "[":
            self._not_known()

    def _file(self, place: int, use: Use) -> None:
        """The file at `place`, which must be one string."""
        text, after = self._at(place), self._at(place + 1)
        name = text[1:-1]
        plain = text[:1] == '"' and "\\" not in name and not name.startswith("/inet")
        if plain and after in ("", ";", "}", ")", "\n", ">", "&&"):
            self.look.touch(self.word, use, name)
        else:
            self._not_known()

    def _not_known(self) -> None:
        self.look.not_known(self.word, "with a program that may do more than print")


def read_awk(look: Look, found: Arguments) -> bool:
    """`awk`: its program may run commands and write files."""
    _run_files(look, found)
    in_place = False
    for value in found.values:
        if value.flag in ("-i", "--include") and value.text == "inplace":
            in_place = True
        elif value.flag in ("-i", "--include"):
            look.touch(value.word, Use.RUN, value.text)
    written = found.flags & {"-f", "--file", "-E", "--exec"}
    programs = [v.word for v in found.values if v.flag in ("-e", "--source")]
    operands = found.operands
    if not written and not programs:
        programs, operands = operands[:1], operands[1:]
    for word in programs:
        if word.text is None or len(word.text) > MAX_SCRIPT:
            look.not_known(word, "with a program that may do more than print")
        else:
            _Awk(look, word, list(awk_tokens(word.text))).read()
    files = (word for word in operands if "=" not in (word.text or ""))
    look.touch_all(files, Use.WRITE if in_place else Use.READ)
    return True


def read_jq(look: Look, found: Arguments) -> bool:
    """`jq`: its filter may show the environment. Which word is the filter depends on flags that
    take two values, so that all are looked at."""
    for word in found.operands:
        _query(look, word)
    return False


def read_yq(look: Look, found: Arguments) -> bool:
    """`yq`: as `jq`, and its filter may read other files and run commands."""
    for word in (*found.operands, *(value.word for value in found.values)):
        _query(look, word)
        for name in _YQ_LOADS.findall(word.text or ""):
            if name:
                look.touch(word, Use.READ, name)
            else:
                look.not_known(word, "with a file that is known only when it runs")
        if _YQ_RUNS.search(word.text or ""):
            look.act("code", "runs a command from a filter", words=[word])
    if found.flags & {"-i", "--inplace", "--in-place"}:
        look.touch_all(found.operands[1:], Use.WRITE)
    return False


def _query(look: Look, word: Word) -> None:
    text = _JQ_NAMED.sub(_harmless_name, word.text or "")
    if _JQ_TELLS.search(text):
        look.act("secret", "shows the environment of the command", words=[word])


def _harmless_name(found: re.Match[str]) -> str:
    """Nothing for a variable that holds no secret."""
    return found[0] if tells_secret(found[1] or found[2]) else ""
