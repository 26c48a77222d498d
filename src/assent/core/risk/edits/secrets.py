"""Secrets in text: the named detectors of detect-secrets, with own bounds and own placeholders.

Nothing is verified, no file is read, and of the library only patterns and the keyword detector are
used: its settings, filters and baselines are not. Detectors of mere entropy are left out: in code
they point at hashes, keys of tests and digests far more often than at secrets.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

LIMIT = 4 * 1024 * 1024
"""Characters of a text that are looked through."""


_MOST = 1_000
"""Secrets that are told of one text."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. It never holds the value."""

    kind: str
    """For a person, with its article: `an AWS access key`."""
    line: int
    """Counted from one."""
    start: int
    """Character offset in the whole text; `end` is behind the last character."""
    end: int


_WEB_TOKEN = re.compile(
    r"(?<![\w=-])(?P<claims>eyJ[\w=-]{4,8000}\.[\w=-]{2,8000})(?:\.[\w.+/=-]*)?", re.ASCII
)
"""The library's pattern begins anew at every `eyJ`, which is quadratic in a hostile text."""


@dataclass(frozen=True, slots=True)
class _Kind:
    says: str
    marks: tuple[str, ...]
    """One of these stands, whatever its case, in every text that the patterns match."""
    patterns: tuple[re.Pattern[str], ...]


def _kind(says: str, marks: str, *sources: type[RegexBasedDetector] | str) -> _Kind:
    patterns: list[re.Pattern[str]] = []
    for source in sources:
        patterns.extend([re.compile(source)] if isinstance(source, str) else source().denylist)
    return _Kind(says, tuple(marks.split()), tuple(patterns))


_JSON_WEB_TOKEN = "a JSON web token"
_NAMED = "a password or key"
_ADDRESS = "a password in an address"
MADE_UP = frozenset((_JSON_WEB_TOKEN, _NAMED, _ADDRESS))
"""Kinds that tests and examples make up; the others are told by a form that only real keys have."""

_KINDS = (
    _kind("a private key", "private putty", PrivateKeyDetector, r"BEGIN ENCRYPTED PRIVATE KEY"),
    _kind("an AWS access key", "a3t abia acca akia asia aws", AWSKeyDetector),
    _kind(
        "a GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        GitHubTokenDetector,
        r"github_pat_\w{22,}",
    ),
    _kind("a GitLab token", "gl gr1348941", GitLabTokenDetector),
    _kind(
        "a Slack token",
        "xox xapp- hooks.slack.com",
        SlackDetector,
        r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+",
    ),
    _kind("a Stripe key", "k_live_", StripeDetector),
    _kind(
        "an OpenAI key", "t3blbkfj", r"(?<![\w-])sk-[\w-]{0,80}[A-Za-z0-9]{20}T3BlbkFJ[\w-]{20,}"
    ),
    _kind("an Anthropic key", "sk-ant-", r"sk-ant-[\w-]{20,}"),
    _kind("a Google API key", "aiza", r"AIza[0-9A-Za-z_-]{35}"),
    _kind("a Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    _kind("a DigitalOcean token", "_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    _kind(
        "an npm token",
        "_authtoken npm_",
        r":_authToken=\s*[A-Fa-f0-9-]{36}\b",
        r"\bnpm_[A-Za-z0-9]{36}",
    ),
    _kind("a PyPI token", "pypi-", PypiTokenDetector),
    _kind("an Azure storage key", "accountkey", AzureStorageKeyDetector),
    _kind("a SendGrid key", "sg.", SendGridDetector),
    _kind("a Square token", "sq0csp-", SquareOAuthDetector),
    _kind("a Mailchimp key", "-us", MailchimpDetector),
    _kind("a bearer token", "bearer", r"(?i:bearer)[ \t]+([\w.~+/-]{20,}=*)"),
    _kind(
        "a password of curl's",
        "curl",
        r"\s(?:-u|--user)[ =]?['\"]?[^\s:'\"$]+:([^\s'\"$]{6,})",
    ),
    _kind(_ADDRESS, "://", BasicAuthDetector, r"://:([^\s:/?#\[\]@]+)@"),
)
_UNMARKED = (("a Twilio key", TwilioKeyDetector), ("a Discord bot token", DiscordBotTokenDetector))
_BARE = re.compile(r"[AS][CK][0-9a-z]{32}|[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27}")
"""What the detectors without a mark could match."""

_NAME_MARKS = ("key", "pass", "pwd", "secret", "contrase", "token")
_NAME = re.compile(
    r"""
    (?=[abcdkprs\s])
    (?: (?: api[_-]?key | (?:auth|service|account|db|database|private|client|access|secret)[_-]?key
      | (?:db|database|key)_?pass | passwd | password | pwd | secret | contrase[nñ]a
      | (?:access|auth|api|bearer|refresh|bot)[_-]?token )
    (?P<rest>[\w-]{0,40}) [\]'"]{0,2} [ \t]{0,8} (?: => | := | : | ={1,3} ) [ \t]{0,8}
    | \s --? (?: [a-z]{1,20}- )? (?: password | passwd | token | secret | api-?key )
      (?: = | [ \t]+ ) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ABOUT_IT = re.compile(
    r"""
    (?:^|[_-]|(?=[A-Z])) (?i: fields? | names? | ur[li]s? | endpoint | path | file | dir
      | min | max | len | length | hash\w* | algo\w* | types? | policy | regex | pattern | hint
      | label | placeholder | prompt | message | msg | error | reset | expir\w* | ttl | timeout
      | header | id | ref | arn | manager | age
      | store | engine | class | format | encoding | input
      | param\w* | env | var | column | table | scheme | version | prefix | suffix | rotation
      | strength | validat\w* | form | page | route | title | provider | backend | mode )
    (?:$|[_-]|(?=[A-Z]))
    """,
    re.VERBOSE,
)
"""What follows a telling name when it tells about the secret: `password_hasher`, `token_url`."""
_QUOTED_VALUE = re.compile(
    r"[@rbfuRBFU]{0,2}(?P<quote>['\"`])(?P<value>[^'\"`\n]{8,200})(?P=quote)"
)
_BARE_VALUE = re.compile(r"(?P<value>[^\s'\"`;&|,()]{8,200})(?=$|[\s'\"`;&|,)])")

_PLACEHOLDER = re.compile(
    r"""
    example | dummy | change_?-?me | placeholder | redacted | masked | your[-_ ]? | xxxx
    | \*\*\* | \.\.\.
    | ^<.*>$ | ^\[.*\]$ | \$\{ | \{\{ | ^\$ | ^% | ^\{ | ^@ | <[\w -]+>
    | ^(?:test|fake|foo|bar|none|null|true|false|todo|tbd|secret|password|hunter2)\W*\d{0,4}$
    | ^(?:postgres|mysql|root|admin|guest|user|pass|redis|rabbitmq|minio(?:admin)?)\d{0,4}$
    | ^(.)\1+$ | ^0?123456
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Values that nobody could sign in with."""

_VALUE = re.compile(r"[!-~]{8,200}")
_REFERENCE = re.compile(
    r"(?:[A-Za-z_][\w-]*[.:/])+[\w./:-]*|[A-Za-z_][\w.]*[(\[].*|[a-z]+(?:[_-][a-z]+)*|[A-Z]+(?:_[A-Z]+)*"
    r"|/[\w./-]*"
)
"""A path, a call, an index or plain words: what stands for a value and is none."""


def find_secrets(text: str) -> tuple[Secret, ...]:
    """The secrets in `text`, in order, without those that are plainly placeholders.

    Linear in the text, and cheap where nothing hints at a secret.
    """
    text = text[:LIMIT]
    taken: list[tuple[int, int, str]] = []
    for kind, start, end in islice(chain(_by_shape(text), _by_name(text)), _MOST):
        if not any(start < other_end and other < end for other, other_end, _ in taken):
            taken.append((start, end, kind))
    return tuple(_placed(text, sorted(taken)))


def _placed(text: str, taken: Iterable[tuple[int, int, str]]) -> Iterator[Secret]:
    """With the numbers of their lines, counted on from one to the next."""
    line, at = 1, 0
    for start, end, kind in taken:
        line += text.count("\n", at, start)
        at = start
        yield Secret(kind, line, start, end)


def _by_shape(text: str) -> Iterator[tuple[str, int, int]]:
    low = text.lower()
    for kind in _KINDS:
        if any(mark in low for mark in kind.marks):
            yield from _matches(text, kind.says, kind.patterns)
    if _BARE.search(text):
        for says, detector in _UNMARKED:
            yield from _matches(text, says, detector.denylist)
    if "eyJ" in text:
        yield from _web_tokens(text)


def _matches(
    text: str, says: str, patterns: Iterable[re.Pattern[str]]
) -> Iterator[tuple[str, int, int]]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = _value_of(match)
            if not _PLACEHOLDER.search(text[start:end]):
                yield says, start, end


def _web_tokens(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _WEB_TOKEN.finditer(text):
        if JwtTokenDetector.is_formally_valid(match.group("claims")):
            yield _JSON_WEB_TOKEN, *match.span()


def _value_of(match: re.Match[str]) -> tuple[int, int]:
    """The part of a match that is the secret: all of it, or what stands behind a name."""
    spans = [match.span(n) for n in range(1, match.re.groups + 1) if match.group(n)]
    inner = [span for span in spans if span[0] > match.start() and span[1] - span[0] >= 4]
    return inner[-1] if inner else match.span()


def _by_name(text: str) -> Iterator[tuple[str, int, int]]:
    """Values that a telling name is given: `db_password = "..."`, `API_KEY=...`."""
    low = text.lower()
    if not any(mark in low for mark in _NAME_MARKS):
        return
    for name in _NAME.finditer(text):
        if _ABOUT_IT.search(name.group("rest") or ""):
            continue
        match = _QUOTED_VALUE.match(text, name.end()) or _BARE_VALUE.match(text, name.end())
        if match is not None and _is_value(match.group("value")):
            yield _NAMED, *match.span("value")


def _is_value(value: str) -> bool:
    """Whether this could be a password or key, and not a word, a reference or a placeholder."""
    if not _VALUE.fullmatch(value) or _PLACEHOLDER.search(value) or _REFERENCE.fullmatch(value):
        return False
    kinds = sum(
        any(test(c) for c in value) for test in (str.islower, str.isupper, str.isdigit, _is_mark)
    )
    return kinds >= 2 and len(set(value)) >= 5


def _is_mark(char: str) -> bool:
    return not char.isalnum()
