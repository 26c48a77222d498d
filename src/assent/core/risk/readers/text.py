"""The small languages of tools that read text: which scripts of sed, awk and jq only print."""

import re

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import Look


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
_AWK_STRINGS = re.compile(
    r'"(?:\\.|[^"\\])*"|(?:^|(?<=[(,{};!&|~\n]))(\s*)/(?:\\.|\[[^\]\n]*\]|[^/\\\n\[])*/'
)
"""Strings, and regular expressions where no division can stand."""
_AWK_ACTS = re.compile(
    r"\bsystem\b|\bgetline\b|ENVIRON|SYMTAB|@|(?<!\|)\|(?!\|)|\bprintf?\b[^;}\n]*>"
    r"|\bextension\b|\binclude\b"
)
_JQ_TELLS = re.compile(r"\benv\b|\$ENV|\bimport\b|\binclude\b|\$__prog")


def sed_only_prints(script: str) -> bool:
    """Whether a sed script neither writes files, runs commands, nor reads other files."""
    place = 0
    while (found := _SED_COMMAND.match(script, place)) is not None:
        place = found.end()
    rest = _SED_REST.match(script, place)
    return rest is not None and rest.end() == len(script)


def read_sed(look: Look, found: Arguments) -> bool:
    """`sed`: its script may write files and run commands, and `-i` writes its operands."""
    given = found.flags & {"-e", "--expression", "-f", "--file"}
    scripts = [v.text for v in found.values if v.flag in ("-e", "--expression")]
    operands = found.operands if given else found.operands[1:]
    if not given:
        scripts += [word.text for word in found.operands[:1]]
    if not all(script is not None and sed_only_prints(script) for script in scripts):
        look.not_known(None, "with a script that may do more than print")
    _run_files(look, found)
    in_place = found.flags & {"-i", "--in-place", "-I"}
    look.touch_all(operands, Use.WRITE if in_place else Use.READ)
    return True


def _run_files(look: Look, found: Arguments) -> None:
    """A script in a file is run like any other."""
    for value in found.values:
        if value.flag in ("-f", "--file"):
            look.touch(value.word, Use.RUN, value.text)


def read_awk(look: Look, found: Arguments) -> bool:
    """`awk`: its program may run commands and write files."""
    _run_files(look, found)
    programs = [] if found.flags & {"-f", "--file"} else found.operands[:1]
    for word in programs:
        text = word.text
        if text is None or _AWK_ACTS.search(_AWK_STRINGS.sub("", text)):
            look.not_known(word, "with a program that may do more than print")
    look.touch_all(
        (w for w in found.operands[len(programs) :] if "=" not in (w.text or "")), Use.READ
    )
    return True


def read_jq(look: Look, found: Arguments) -> bool:
    """`jq`: its filter may show the environment."""
    for word in [] if found.flags & {"-f", "--from-file"} else found.operands[:1]:
        if _JQ_TELLS.search(word.text or ""):
            look.act("secret", "shows the environment of the command", words=[word])
    return False
