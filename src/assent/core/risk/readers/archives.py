"""Archives: what is read into them, what they write here, and the programs that they run."""

import re

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import InnerCode, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.readers.network import remote
from assent.core.risk.shell import Word

_LISTS = names("-t --list -d --diff --compare --test-label")
_EXTRACTS = names("-x --extract --get")
_RUNS = names(
    "--to-command --use-compress-program -I --rsh-command --info-script --new-volume-script -F"
)
_COMPRESSORS = re.compile(
    r"(?:p?gzip|pigz|l?bzip2|pbzip2|p?xz|pixz|zstd(?:mt)?|lz4|lzip|plzip|lzma)(?: -[-\w=]+)*"
)
_CHECKPOINT = re.compile(r"(?:dot|echo|ttyout|sleep|bell|totals)\b")
_OLD_STYLE = re.compile(r"[A-Za-z]+")
_OLD_VALUES = "fCTbXIgNVLKH"


def read_tar(look: Look, found: Arguments) -> bool:
    """`tar`: its first word may be a bundle of letters without a dash."""
    words = list(found.operands)
    flags, values = set(found.flags), [(v.flag, v.word, v.text) for v in found.values]
    if len(look.words) > 1 and (look.words[1].text or "").isalpha():
        letters = look.words[1].text or ""
        words = words[1:]
        for letter in letters:
            flags.add(f"-{letter}")
            if letter in _OLD_VALUES and words:
                word = words.pop(0)
                values.append((f"-{letter}", word, word.text))
    if not flags & (_LISTS | _EXTRACTS | {"-c", "-r", "-u", "-A"} | _MAKES):
        look.not_known(None, "without telling what to do")
    _tar_programs(look, values)
    _tar_files(look, flags, values, words)
    return True


_MAKES = names("--create --append --update --catenate --concatenate --delete")
_TarValues = list[tuple[str, Word, str | None]]


def _tar_programs(look: Look, values: _TarValues) -> None:
    for flag, word, text in values:
        if flag in _RUNS and not (text is not None and _COMPRESSORS.fullmatch(text)):
            look.inner.append(InnerCode("shell", word, text))
            look.act("code", "makes tar run a command", words=[word])
        elif flag == "--checkpoint-action" and not (text and _CHECKPOINT.match(text)):
            script = text.removeprefix("exec=") if text is not None else None
            look.inner.append(InnerCode("shell", word, script))
            look.act("code", "makes tar run a command", words=[word])


def _tar_files(look: Look, flags: set[str], values: _TarValues, words: list[Word]) -> None:
    archives = [(w, t) for flag, w, t in values if flag in ("-f", "--file")]
    for flag, word, text in values:
        if flag in ("-C", "--directory", "--one-top-level"):
            use = Use.WRITE if flags & _EXTRACTS else Use.SEARCH
            look.touch(word, use, text)
        elif flag in ("-T", "--files-from", "-X", "--exclude-from"):
            look.touch(word, Use.READ, text)
    reads = bool(flags & (_LISTS | _EXTRACTS))
    for word, text in archives:
        if remote(word) and "--force-local" not in flags:
            look.act("external", "reaches an archive on another machine", words=[word])
        elif text != "-":
            look.touch(word, Use.READ if reads else Use.WRITE, text)
    if flags & _EXTRACTS:
        _extracts(look, flags, values)
    elif not reads:
        look.touch_all(words, Use.SEARCH)
        if "--remove-files" in flags:
            look.touch_all(words, Use.DELETE)
    else:
        look.means(MEANINGS["list"])


def _extracts(look: Look, flags: set[str], values: _TarValues) -> None:
    if flags & {
        "-P",
        "--absolute-names",
        "--absolute-paths",
        "--unlink-first",
        "--recursive-unlink",
    }:
        look.act("outside", "writes wherever the archive says")
    to = any(flag in ("-C", "--directory") for flag, _, _ in values)
    if flags & {"-O", "--to-stdout"}:
        look.means(MEANINGS["read"])
    elif not to:
        look.touch_here(Use.WRITE)


def read_unzip(look: Look, found: Arguments) -> bool:
    """`unzip`: writes here, or where `-d` says."""
    look.touch_all(found.operands[:1], Use.READ)
    if found.flags & {"-l", "-v", "-t", "-Z", "-z", "-p", "-c"}:
        look.means(MEANINGS["list"])
        return True
    folders = [v for v in found.values if v.flag == "-d"]
    for value in folders:
        look.touch(value.word, Use.WRITE, value.text)
    if not folders:
        look.touch_here(Use.WRITE)
    return True


def read_compress(look: Look, found: Arguments) -> bool:
    """`gzip FILE` puts another file in its place."""
    shows = found.flags & {"-c", "--stdout", "--to-stdout", "-t", "--test", "-l", "--list"}
    for value in found.values:
        if value.use in ("read", "write") and value.text != "-":
            look.touch(value.word, Use(value.use), value.text)
    look.touch_all([w for w in found.operands if w.text != "-"], Use.READ if shows else Use.WRITE)
    if not found.operands or shows:
        look.means(MEANINGS["read"])
    return True


def read_seven(look: Look, found: Arguments) -> bool:
    """`7z COMMAND ARCHIVE file…`."""
    name = found.call.name[0] if found.call.name else ""
    words = found.operands
    if name in ("l", "t", "i", "h", "b", "v", "lb", "lt"):
        look.touch_all(words, Use.READ)
    elif name in ("x", "e"):
        look.touch_all(words[:1], Use.READ)
        to = [w for w in look.words if (w.text or w.prefix).startswith("-o")]
        for word in to:
            look.touch(word, Use.WRITE, word.text[2:] if word.text is not None else None)
        if not to:
            look.touch_here(Use.WRITE)
    elif name in ("a", "u"):
        look.touch_all(words[:1], Use.WRITE)
        look.touch_all(words[1:], Use.SEARCH)
    else:
        look.touch_all(words[:1], Use.DELETE)
    return bool(name)
