"""What the shell itself does: tests, printing, folders, and text that it runs."""

import re
from collections.abc import Sequence

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import InnerCode, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.shell import Word

_SECRET_VARIABLE = re.compile(
    r"token|secret|passw|passphrase|credential|api_?key|private_?key|access_?key|_pat$|^pat$"
    r"|auth|session_?key|cookie|dsn$|database_url|connection_?string|_pwd$",
    re.IGNORECASE,
)
_TEXT_FOLLOWS = names("-c -lc -ic -ec -xc -e -E -p --eval --command -Command -r")
"""Flags of shells and interpreters after which the text stands that they run."""
_TEST_NUMBERS = names("-eq -ne -lt -le -gt -ge")


def tells_secret(name: str) -> bool:
    """Whether a variable of this name may hold a secret."""
    return bool(_SECRET_VARIABLE.search(name)) and name not in ("SSH_AUTH_SOCK", "XAUTHORITY")


def read_printing(look: Look, found: Arguments) -> bool:
    """`echo` and `printf` show their words, which must hold no secret of the environment."""
    del found
    for word in look.words[1:]:
        if look.name == "printf" and ("[$" in (word.text or "") or word.text == "-v"):
            look.not_known(word)
        for name in sorted(word.holds):
            if tells_secret(name):
                look.act("secret", f"shows the variable {name}", words=[word])
    return False


def read_test(look: Look, found: Arguments) -> bool:
    """Only answers; but a name in brackets can run a command when it is taken for a number."""
    del found
    compared = any(word.text in _TEST_NUMBERS for word in look.words)
    for word in look.words[1:]:
        text = word.text
        if text in ("-v", "-R") or (compared and text is not None and "[" in text and text != "["):
            look.not_known(word)
    return False


def read_cd(look: Look, found: Arguments) -> bool:
    """`cd`: the reader of scripts follows it; here only its target is looked at."""
    home = Word(look.words[0].start, look.words[0].end, text="~")
    known = [word for word in found.operands if word.text is not None and word.text != "-"]
    look.touch_all(known if found.operands else [home], Use.LIST)
    return False


def read_set(look: Look, found: Arguments) -> bool:
    """`set`, `export` and `declare` alone, or with `-p`, show all variables or the named ones."""
    alone = len(look.words) == 1 and look.name not in ("local", "readonly")
    listed = bool(found.flags & {"-p"}) or (
        found.flags & {"-x"} and not found.operands and look.name != "set"
    )
    if alone or (listed and not _plain_names(found.operands)):
        look.act("secret", f"shows all variables ({look.said})")
    return False


def _plain_names(words: Sequence[Word]) -> bool:
    """Whether these are names of variables, and of none that may hold a secret."""
    return bool(words) and all(word.text and not tells_secret(word.text) for word in words)


def read_printenv(look: Look, found: Arguments) -> bool:
    """`printenv NAME` shows one variable, without a name all of them."""
    if not _plain_names(found.operands):
        look.act("secret", f"shows the environment ({look.said})")
    look.means(MEANINGS["inert"])
    return True


def read_source(look: Look, found: Arguments) -> bool:
    """`source FILE` runs a script in this very shell."""
    if not found.operands:
        look.not_known()
    look.touch_all(found.operands[:1], Use.RUN)
    # What it sets is seen by everything after it: a file of secrets is shown to all of that.
    look.touch_all((word for word in found.operands[:1] if word.text), Use.READ)
    return True


def read_trap(look: Look, found: Arguments) -> bool:
    """`trap TEXT SIGNAL…` runs its text when the signal comes."""
    if len(found.operands) > 1 and found.operands[0].text not in ("", "-"):
        word = found.operands[0]
        look.inner.append(InnerCode("shell", word, word.text))
    return False


def read_env(look: Look, found: Arguments) -> bool:
    """`env` without a command shows the environment."""
    if not found.tail:
        look.act("secret", "shows the environment")
    return False


def read_xargs(look: Look, found: Arguments) -> bool:
    """`xargs sh -c`: what it reads becomes the text that is run."""
    if found.tail and found.tail[-1].text in _TEXT_FOLLOWS and len(found.tail) > 1:
        look.act("code", "runs as code what it reads", words=found.tail)
    return False


def read_script(look: Look, found: Arguments) -> bool:
    """`script` without a command starts a shell into which more is typed."""
    if not found.tail and not found.flags & {"-c", "--command"}:
        look.means(MEANINGS["interactive"])
    return False


def read_hostname(look: Look, found: Arguments) -> bool:
    """`hostname NAME` sets it."""
    if found.operands:
        look.act("service", "sets the name of this machine", words=found.operands)
    return True


def read_date(look: Look, found: Arguments) -> bool:
    """`date` sets the clock when it is given anything but a format."""
    for word in found.operands:
        if word.text is None or not word.text.startswith("+"):
            look.act("service", "sets the clock", words=[word])
    return False
