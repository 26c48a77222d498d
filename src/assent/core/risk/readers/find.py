"""`find`: it may look and print, delete, and run another command on each file."""

import re
from collections.abc import Iterator
from itertools import takewhile

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import InnerCode, InnerCommand, Look
from assent.core.risk.names import names
from assent.core.risk.shell import Word

_FIND_FLAGS = names(
    "-H -L -P -not ! ( ) , -a -o -and -or -print -print0 -ls -prune -empty -depth -xdev"
    " -mount -follow -quit -readable -writable -executable -true -false -daystart -nouser"
    " -nogroup -noleaf -noignore_readdir_race"
)
_FIND_VALUED = names(
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -lname"
    " -ilname -type -xtype -maxdepth -mindepth -size -mtime -mmin -ctime -cmin -atime -amin"
    " -newermt -newerct -newer -anewer -cnewer -perm -user -group -uid -gid -links -inum -samefile"
    " -printf -fstype"
)
_RUNS = names("-exec -execdir -ok -okdir")
_SHOWS = names("cat bat head tail less more tac nl strings xxd od hexdump base64")
_FD_RUNS = names("-x --exec -X --exec-batch")
_FD_HIDDEN_RUNS = re.compile(r"-[A-Za-z]*[xX].*|--exec(?:-batch)?=.*", re.DOTALL)
_PLACE = re.compile(r"\{(?:[/.]|//|/\.)?\}")
_WRITES = names("-fprint -fprint0 -fls -fprintf")


def read_find(look: Look, found: Arguments) -> bool:
    """Judge a call of `find` from its words: roots, then tests and actions."""
    del found
    words = iter(look.words[1:])
    roots: list[Word] = []
    names: list[str] = []
    uses = {Use.LIST}
    tests = False
    for word in words:
        text = word.text
        if text is None and not tests:
            roots.append(word)
        elif text is None or not text.startswith(("-", "(", ")", "!", ",")):
            if tests:
                look.not_known(word)
            else:
                roots.append(word)
        else:
            tests = tests or text not in ("-H", "-L", "-P")
            _expression(look, text, words, uses, names)
    here = Word(look.words[0].start, look.words[-1].end, text=".")
    use = max(uses, key=(Use.LIST, Use.SEARCH, Use.DELETE).index)
    look.touch_all(roots or [here], use)
    if not names and (not roots or roots[0].text == ".") and any(map(_shows, look.inner)):
        names.append("*")
    for name in names if Use.SEARCH in uses else []:
        look.touch_here(Use.READ, name)
    return True


def _expression(
    look: Look, text: str, words: Iterator[Word], uses: set[Use], names: list[str]
) -> None:
    """One test or action, with the words that belong to it."""
    if text in _FIND_VALUED:
        value = next(words, None)
        if text in ("-name", "-iname", "-path", "-wholename") and value is not None:
            names.append(value.text or "*")
    elif text in _RUNS:
        _each_file(look, list(takewhile(lambda w: w.text not in (";", "+"), words)), uses)
    elif text == "-delete":
        uses.add(Use.DELETE)
    elif text in _WRITES:
        target = next(words, None)
        if target is not None:
            look.touch(target, Use.WRITE)
        if text == "-fprintf":
            next(words, None)
    elif text not in _FIND_FLAGS:
        look.not_known(look.words[0], f"with `{text}`")


def _shows(item: InnerCommand | InnerCode) -> bool:
    """Whether all that the files hold is shown."""
    return isinstance(item, InnerCommand) and item.words[0].text in _SHOWS


def _each_file(look: Look, words: list[Word], uses: set[Use]) -> None:
    """A command that is run on each file found: `{}` stands for a file below the roots."""
    if not words:
        look.not_known(look.words[0], "with nothing to run")
        return
    uses.add(Use.SEARCH)
    found = tuple(
        Word(w.start, w.end, prefix="./", outputs=True) if _PLACE.search(w.text or "") else w
        for w in words
    )
    look.inner.append(InnerCommand(found))


def read_fd(look: Look, found: Arguments) -> bool:
    """`fd`: after `-x` stands a command that is run on each file."""
    texts = [word.text or "" for word in look.words]
    place = next((n for n, text in enumerate(texts) if text in _FD_RUNS), None)
    for word, text in zip(look.words[:place], texts, strict=False):
        if _FD_HIDDEN_RUNS.fullmatch(text):
            look.not_known(word)
    if place is None:
        return False
    before = set(map(id, look.words[:place]))
    roots = [word for word in found.operands if id(word) in before][1:]
    look.touch_all(roots, Use.LIST)
    words = list(takewhile(lambda w: w.text != ";", look.words[place + 1 :]))
    if not any(_PLACE.search(word.text or "") for word in words):
        words += [Word(look.words[-1].start, look.words[-1].end, text="{}")] if words else []
    found.unknown = None
    uses = {Use.LIST}
    _each_file(look, words, uses)
    look.touch_here(max(uses, key=(Use.LIST, Use.SEARCH).index))
    return True
