"""Forges: what a call of `gh`, `glab` and their like says to others, and where."""

import re
from collections.abc import Sequence

from assent.core.risk.arguments import Arguments, Value
from assent.core.risk.findings import Use
from assent.core.risk.look import Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Scope
from assent.core.risk.names import names
from assent.core.risk.paths import shown
from assent.core.risk.readers.builtins import tells_secret
from assent.core.risk.shell import Word

_FIELDS = names("-f --raw-field -F --field --form")
_TYPED = names("-F --field --form")
_ASKING = names("GET HEAD OPTIONS")
_TELLS_ENVIRONMENT = re.compile(r"\benv\b|\$ENV")
_MUTATION = re.compile(r"\b(?:mutation|subscription)\b")
_QUERY = re.compile(r"query=\s*(?:#[^\n]*\n\s*)*(?:query\b|fragment\b|\{)")
_THREAD = re.compile(
    r"/?repos/(?:([\w.-]+)/([\w.-]+)|\{owner\}/\{repo\}|:owner/:repo)/(issues|pulls)/(\d+)"
    r"/(?:comments|reviews)(?:/\d+/replies)?"
)
_MERGE = re.compile(r"/?(?:repos|projects)/.*/merge")
_SECRETS = re.compile(
    r"/(?:access_tokens|registration-token|remove-token)\b|/actions/secrets/public"
)


def read_forge(look: Look, found: Arguments) -> bool:
    """What all calls have in common: filters that show the environment, another repository."""
    for value in found.values:
        if value.flag in ("-q", "--jq") and _TELLS_ENVIRONMENT.search(value.text or ""):
            look.act("secret", "shows the environment of the command", words=[value.word])
    repo = next((v for v in found.values if v.flag in ("-R", "--repo")), None)
    if repo is None or not found.call.scope:
        return False
    act, _, _ = found.call.scope.partition(" ")
    target = _at(repo.text, found.operands)
    for value in found.values:
        if value.use == "read" and value.text != "-":
            look.touch(value.word, Use.READ, value.text)
    look.means(found.call.means, scope=Scope(act, target), undo=found.call.undo)
    for word in [*found.operands, *(value.word for value in found.values)]:
        _leaks(look, word)
    return True


def _at(repo: str | None, operands: Sequence[Word]) -> str:
    """A target in a named repository; empty when only running can tell."""
    number = operands[0].text if operands else ""
    if repo is None or number is None:
        return ""
    return f"{repo}#{number}" if number else repo


def _leaks(look: Look, word: Word) -> None:
    for name in sorted(word.holds):
        if tells_secret(name):
            look.act("secret", f"sends the variable {name} to others", words=[word])


def read_forge_api(look: Look, found: Arguments) -> bool:
    """`gh api`: it asks, unless a method or a field says otherwise."""
    for value in found.values:
        if value.flag in ("-q", "--jq") and _TELLS_ENVIRONMENT.search(value.text or ""):
            look.act("secret", "shows the environment of the command", words=[value.word])
        if value.flag == "--input" and value.text != "-":
            look.touch(value.word, Use.READ, value.text)
        if value.flag in _TYPED and value.text is not None and "=@" in value.text:
            path = value.text.partition("=@")[2]
            if path != "-":
                look.touch(value.word, Use.READ, path)
    endpoint = found.operands[0] if found.operands else None
    if endpoint is not None and endpoint.text == "graphql":
        _graphql(look, found)
    else:
        _rest(look, found, endpoint)
    for word in look.words[1:]:
        _leaks(look, word)
    return True


def _graphql(look: Look, found: Arguments) -> None:
    """A query asks; a mutation changes."""
    fields = [v for v in found.values if v.flag in _FIELDS]
    queries = [v for v in fields if _name(v) == "query"]
    if "--input" in found.flags or not queries or not all(_only_asks(v) for v in queries):
        look.act("external", f"may change what others use, by GraphQL ({look.said})")
    else:
        look.act("network-read", f"asks by GraphQL ({look.said})")


def _name(value: Value) -> str:
    text = value.text if value.text is not None else value.word.prefix
    return text.partition("=")[0]


def _only_asks(value: Value) -> bool:
    known = value.text if value.text is not None else value.word.prefix
    rest = "" if value.text is not None else value.word.suffix
    return _QUERY.match(known) is not None and not _MUTATION.search(known + rest)


def _rest(look: Look, found: Arguments, endpoint: Word | None) -> None:
    given = [v.text for v in found.values if v.flag in ("-X", "--method")]
    sends = found.flags & (_FIELDS | {"--input"})
    method = given[-1] if given else ("POST" if sends else "GET")
    path = "" if endpoint is None else endpoint.text or endpoint.prefix
    if method is not None and method.upper() in _ASKING:
        if _SECRETS.search(path):
            look.act("secret", f"asks for a token ({look.said})")
        look.act("network-read", f"asks {shown(path) or 'the forge'} ({look.said})")
        return
    word = "external-final" if method == "DELETE" or _MERGE.fullmatch(path) else "external"
    scope = _thread(endpoint) if method == "POST" else None
    look.means(MEANINGS[word], scope=scope, rule="forge-api")


def _thread(endpoint: Word | None) -> Scope | None:
    """Where a comment goes: as `comment pr 7` here, as `comment OWNER/REPO#7` elsewhere."""
    found = _THREAD.fullmatch(endpoint.text or "") if endpoint is not None else None
    if found is None:
        return None
    owner, repo, kind, number = found.groups()
    if owner is not None:
        return Scope("comment", f"{owner}/{repo}#{number}")
    return Scope("comment", f"{'pr' if kind == 'pulls' else 'issue'} {number}")
