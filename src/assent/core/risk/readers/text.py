"""The small languages inside commands: which programs of sed, awk, jq and find only read."""

import re
from collections.abc import Callable
from itertools import takewhile

from assent.core.risk.findings import Use
from assent.core.risk.look import Look
from assent.core.risk.names import names
from assent.core.risk.safe import FORMS, check_form
from assent.core.risk.shell import Word


def _between(mark: str) -> str:
    """A regular expression up to `mark`, of the kind that every sed ends at the same place."""
    end = re.escape(mark)
    return rf"(?:\\.|\[\^?\]?[^\]{end}\\\n]*\]|[^{end}\\\n\[])*+"


_ADDRESS = rf"(?:\d+(?:~\d+)?|\$|/{_between('/')}/[IM]*)"
_SUBSTITUTIONS = "|".join(
    rf"s{re.escape(mark)}{_between(mark)}{re.escape(mark)}{_between(mark)}{re.escape(mark)}[gpiImM0-9]*"
    for mark in "/|#,:@!%"
)
_SED_COMMAND = re.compile(
    rf"[\s;]*+(?:{_ADDRESS}(?:\s*,\s*(?:{_ADDRESS}|[+~]\d+))?\s*)?!?\s*"
    rf"(?:[{{}}pP=dDlnNhHgGx]|[qQ]\d*|{_SUBSTITUTIONS})(?=[\s;}}]|$|(?<=\{{))"
)
_SED_REST = re.compile(r"[\s;}]*")
_AWK_ACTS = re.compile(
    r"system|getline|ENVIRON|ARGV|ARGC|SYMTAB|@|\||>|<\s*[\"(]|close|fflush|extension|include"
)
_JQ_TELLS = re.compile(r"env|ENV|import|include|input_filename|get_search_list|\$__prog")
_FIND_FLAGS = names(
    "-H -L -P -not ! ( ) , -a -o -and -or -print -print0 -ls -prune -empty -depth -xdev"
    " -mount -follow -quit -readable -writable -executable -true -false -daystart -nouser"
    " -nogroup -noleaf -noignore_readdir_race"
)
_FIND_VALUED = names(
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -lname"
    " -ilname -type -xtype -maxdepth -mindepth -size -mtime -mmin -ctime -cmin -atime -amin"
    " -newer -anewer -cnewer -perm -user -group -uid -gid -links -inum -samefile -printf"
    " -fstype"
)
_TEST_NUMBERS = names("-eq -ne -lt -le -gt -ge")


def sed_only_prints(script: str) -> bool:
    """Whether a sed script neither writes files, runs commands, nor reads other files."""
    place = 0
    while (found := _SED_COMMAND.match(script, place)) is not None:
        place = found.end()
    rest = _SED_REST.match(script, place)
    return rest is not None and rest.end() == len(script)


def check_sed(look: Look) -> None:
    found = check_form(look, FORMS["sed"])
    scripts = [text for flag, _, text in found.values if flag in ("e", "expression")]
    if not found.flags & FORMS["sed"].instead:
        scripts += [word.text for word in found.operands[:1]]
    if not scripts or not all(s is not None and sed_only_prints(s) for s in scripts):
        look.not_known_safe(None, "with a script")


def check_awk(look: Look) -> None:
    found = check_form(look, FORMS["awk"])
    for word in found.operands:
        if _AWK_ACTS.search((word.text or "").replace("||", "").replace(">=", "")):
            look.not_known_safe(word, "with a script that may do more than print")


def check_jq(look: Look) -> None:
    found = check_form(look, FORMS["jq"])
    for word in found.operands:
        if _JQ_TELLS.search(word.text or ""):
            look.not_known_safe(word, "with a filter that may show the environment")


def check_find(look: Look) -> None:
    """`find` may look and print; whatever else it can do is not known to be safe."""
    words = iter(look.words[1:])
    roots: list[Word] = []
    names: list[Word] = []
    tests = runs = False
    for word in words:
        text = word.text
        if text is None or (word.glob and not tests and text[0] in "*?["):
            look.not_known_safe(word)
        elif text in _FIND_VALUED:
            tests = True
            value = next(words, word)
            names += [value] if text.endswith(("name", "path")) else []
            if not value.single:
                look.not_known_safe(word)
        elif text == "-exec":
            tests = runs = True
            _check_found(look, list(takewhile(lambda w: w.text not in (";", "+"), words)))
        elif text in _FIND_FLAGS:
            tests = tests or text not in ("-H", "-L", "-P")
        elif text.startswith("-") or tests:
            look.not_known_safe(word)
        else:
            roots.append(word)
    here = Word(look.words[0].start, look.words[-1].end, text=".")
    look.touch_all(roots or [here], Use.SEARCH if runs else Use.LIST)
    look.touch_all(names if runs else [], Use.READ)
    look.reads()


def _check_found(look: Look, words: list[Word]) -> None:
    """`-exec` of a program that only reads, whatever file it is given."""
    name = words[0].text if words else None
    form = FORMS.get(name or "")
    if name is None or form is None or form.injectable or not form.use or name in CHECKS:
        look.not_known_safe(words[0] if words else look.words[0], "on each file")
        return
    found = Look(tuple(words), look.folders, name=name, piped=True)
    check_form(found, form)
    look.found += found.found


def check_test(look: Look) -> None:
    """Only answers; but a name in brackets can run a command when it is taken for a number."""
    numbers = any(word.text in _TEST_NUMBERS for word in look.words)
    for word in look.words[1:]:
        text = word.text
        number = text is not None and (text.lstrip("-").isdigit() or text in _TEST_NUMBERS)
        if not word.single or text in ("-v", "-R") or (numbers and not number and text != "]"):
            look.not_known_safe(word)
    look.inert()


def check_printing(look: Look) -> None:
    """`echo` and `printf` show their words, which must hold no secret."""
    check_form(look, FORMS[look.name])
    for word in look.words[1:]:
        text = word.text or ""
        if look.name == "printf" and (text.startswith("-v") or ("[" in text and "$" in text)):
            look.not_known_safe(word)


def check_command(look: Look) -> None:
    found = check_form(look, FORMS["command"])
    if not found.flags:
        look.not_known_safe()


def check_date(look: Look) -> None:
    found = check_form(look, FORMS["date"])
    for word in found.operands:
        if not (word.text or "").startswith("+"):
            look.not_known_safe(word)


def check_set(look: Look) -> None:
    if len(look.words) == 1:
        look.not_known_safe(None, "to show all variables")
    check_form(look, FORMS["set"])


def check_cd(look: Look) -> None:
    operands = [w for w in look.words[1:] if w.text != "--"]
    home = Word(look.words[0].start, look.words[0].end, text="~")
    look.touch_all([w for w in operands if w.text is not None] or [home], Use.LIST)
    look.inert()


CHECKS: dict[str, Callable[[Look], None]] = {
    "sed": check_sed,
    "awk": check_awk,
    "gawk": check_awk,
    "mawk": check_awk,
    "jq": check_jq,
    "find": check_find,
    "test": check_test,
    "[": check_test,
    "echo": check_printing,
    "printf": check_printing,
    "command": check_command,
    "date": check_date,
    "set": check_set,
    "cd": check_cd,
}
