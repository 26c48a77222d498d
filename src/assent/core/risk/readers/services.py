"""Command lines of services: nouns and verbs, of which the verbs tell what a call does.

Hundreds of programs speak the same way: `list`, `get` and `describe` ask, `create` and `update`
change, `delete` and `purge` cannot be taken back. What a program means by other words, its entry
in the catalog says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from assent.core.risk.arguments import Arguments
from assent.core.risk.look import InnerCommand, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.shell import Word

_LEADING = 7
"""Words of a call that can name what it does: groups, the verb, and what follows the verb."""
_AFTER = 2
"""Of these, how many after the first verb: `status set` changes, `search delete` does not ask."""

_ASKS = names(
    "list ls lst index get show describe desc info inspect view search find query logs log tail"
    " status state version versions help whoami who validate lint check checks diff plan preview"
    " doctor health healthcheck ping browse history stat stats statistics event events top count"
    " explain lookup display print summary report usage about docs diagnostic diagnostics peek"
    " members ps releases limits quota topology fetch read cat watch wait verify test-connection"
    " completion autocomplete env-info regions zones overview metrics timeline latest compare"
    " environment describe-all is-active is-enabled"
)
_CHANGES = names(
    "create new add set update edit modify change put post patch apply deploy enable start stop"
    " restart reload reboot pause unpause suspend resume send invoke trigger run exec execute call"
    " import export sync copy cp mv move rename clone connect disconnect link unlink attach assign"
    " unassign invite grant allow deny scale resize migrate upgrade downgrade install rotate renew"
    " restore transfer merge approve reject cancel close open reopen ack acknowledge resolve"
    " snooze mute unmute lock unlock tag untag label upload write push pull register login logout"
    " signin signout auth join leave fork build retry rerun replay submit init initialize"
    " subscribe unsubscribe provision comment reply note request mark rebalance reassign promote"
    " failover switch use select activate toggle schedule publish-draft test simulate drain cordon"
    " reindex optimize compact backup snapshot download ssh shell console proxy tunnel sign encrypt"
    " regenerate generate refresh up down redeploy trust untrust pin unpin bootstrap"
)
_FINAL = names(
    "delete del remove rm destroy purge drop reset rollback terminate flush truncate disable"
    " revoke wipe erase prune kill clear clean cleanup uninstall expire abort detach deregister"
    " unregister archive nuke empty discard evict decommission forget unset undeploy deactivate"
    " publish release force fail delist ban block deprovision teardown undelete overwrite evacuate"
    " delete-all hard-delete bulk-delete rmi rb"
)
_ALSO_NOUNS = names(
    "run test import export build fork schedule backup snapshot label tag lock note comment request"
    " release archive transfer invite grant proxy tunnel deploy restore patch copy set update"
    " register failover trigger call job image pin mark sync select install upgrade resize replay"
)
"""Verbs that are a group of commands as well: `tag list`, `backup show`."""
_TELLS_SECRETS = names("reveal decrypt get-token token access-token print-access-token")
_SECRET_NOUN = re.compile(
    r"secrets?|passwords?|credentials?|creds?|tokens?|private-?keys?|connection-strings?"
)
_SHOWS = names("get show describe view read print cat export download reveal info inspect fetch")
_QUESTIONS = names("--help --version -V -help -version --usage")
_RUNS_WORDS = names("interactive code secret")
"""Meanings of calls whose last words may belong to another program."""
_PARTS = re.compile(r"[-_]")

VERBS: Mapping[str, str] = {
    **dict.fromkeys(_ASKS, "network-read"),
    **dict.fromkeys(_CHANGES, "external"),
    **dict.fromkeys(_FINAL, "external-final"),
    **dict.fromkeys(_TELLS_SECRETS, "secret"),
}
"""What the verbs of services amount to, in words of the meanings."""


def read_verbs(look: Look, found: Arguments) -> bool:
    """A call that the catalog does not name: its verbs tell, and the worst of them counts."""
    words = look.words[1:]
    if _asks_for_help(words) and found.call.means.word not in _RUNS_WORDS:
        look.means(MEANINGS["inert"])
        return True
    if found.call.name:
        return _goes_on(look, found)
    leading = list(_leading(words))
    known = [w.text for w in leading if w.text is not None]
    meanings = list(_meanings(known))
    if not leading and found.call.means.word != "unknown":
        return False
    if not meanings:
        dynamic = next((w for w in leading if w.text is None), None)
        look.not_known(dynamic)
        return True
    if _shows_secrets(known):
        look.means(MEANINGS["secret"])
        return True
    worst = max(meanings, key=lambda word: MEANINGS[word].factors.reversibility)
    look.means(MEANINGS["secret" if "secret" in meanings else worst])
    return True


def _goes_on(look: Look, found: Arguments) -> bool:
    """A named group of commands, `monitors`, followed by a verb that the catalog does not name."""
    name = found.call.name
    changes = ("external", "external-final")
    if verb(name[-1]) == "network-read" or found.call.means.word in changes:
        return False
    after = [word.text for word in found.operands[:_AFTER] if word.text is not None]
    said = next((m for m in _meanings(after) if m in changes), None)
    if said is None:
        return False
    look.means(MEANINGS[said])
    return True


def read_alone(look: Look, found: Arguments) -> bool:
    """The name of a group of commands, which alone only tells about itself."""
    if found.operands:
        look.not_known(found.operands[0])
    return bool(found.operands)


def read_stage(look: Look, found: Arguments) -> bool:
    """`gcloud beta …` is `gcloud …`, of a version that is not finished."""
    name = found.call.name[0]
    place = next(n for n, word in enumerate(look.words) if word.text == name)
    look.inner.append(InnerCommand((*look.words[:place], *look.words[place + 1 :])))
    return True


def read_bare(look: Look, found: Arguments) -> bool:
    """`mount`: alone it shows how things are, with more it changes them."""
    shown = len(found.call.operands or ())
    more = found.call.name or len(found.operands) > shown
    if more or found.raised or found.unknown is not None:
        return False
    look.means(MEANINGS["inert"])
    return True


def _asks_for_help(words: Sequence[Word]) -> bool:
    """Before `--`, after which words may belong to another command."""
    for word in words:
        if word.text == "--":
            return False
    if words and words[-1].text in _QUESTIONS:
        return True
    return len(words) == 1 and words[0].text in ("-v", "-h")


def _leading(words: Sequence[Word]) -> Iterator[Word]:
    """The words that may name the call; after a verb, flags and their values follow.

    Values of flags before it may be among them: they only warn.
    """
    count = 0
    told = False
    for word in words:
        text = word.text
        flag = text is not None and text.startswith("-")
        if text == "--" or count == _LEADING or (flag and told):
            return
        if not flag:
            count += 1
            told = told or (text is not None and verb(text) is not None)
            yield word
        if text is None:
            return


def _meanings(texts: Sequence[str]) -> Iterator[str]:
    """What the words mean, up to a few after the first verb."""
    left: int | None = None
    for text, after in zip_longest(texts, texts[1:]):
        if left == 0:
            return
        group = text in _ALSO_NOUNS and after is not None and verb(after) == "network-read"
        meaning = None if group else verb(text)
        if meaning is not None:
            yield meaning
        if left is not None:
            left -= 1
        elif meaning is not None:
            left = _AFTER


def verb(text: str) -> str | None:
    """What a word means as a verb: `delete`, `delete-index`, `apps:delete`; None if it is none."""
    several = [_verb(part) for part in text.split(":")] if ":" in text else [_verb(text)]
    found = [meaning for meaning in several if meaning is not None]
    return max(found, key=lambda word: MEANINGS[word].factors.reversibility) if found else None


def _verb(text: str) -> str | None:
    lower = text.lower()
    return VERBS.get(lower) or VERBS.get(_PARTS.split(lower, maxsplit=1)[0])


def _shows_secrets(texts: Sequence[str]) -> bool:
    """`secrets get`, `token show`: listing tells names alone, showing tells more."""
    return any(t in _SHOWS for t in texts) and any(_SECRET_NOUN.fullmatch(t) for t in texts)
