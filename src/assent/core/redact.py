"""Hide what looks like a secret before a text is logged or written into the ledger.

The ledger cannot be cleaned afterwards, so this errs towards hiding: everything that risk calls a
secret, and more. What a person decides on is never redacted; it is kept apart from the ledger.
"""

import re

from assent.core.risk.edits.secrets import find_secrets

HIDDEN = "[hidden]"

_SECRETS = re.compile(
    r"""
    (?P<keep>
        \b(?:authorization|proxy-authorization)\s*[:=]\s*(?:bearer|basic|token)?\s*
      | \b[\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key|credential)[\w-]*
        \s*(?:[:=]|\s)\s*["']?
    )
    (?P<value>[^\s"'@]{4,})
    | (?P<address>\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+(?=@)
    | (?P<shape>
        \b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abprs])[_-][\w-]{10,}
      | \bsk-[\w-]{16,}
      | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
      | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*
      | -----BEGIN[ A-Z]*PRIVATE\ KEY-----.*
    )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def redact(text: str) -> str:
    """`text` with values that look like credentials replaced by `[hidden]`."""
    return _without_found(_SECRETS.sub(_hide, text))


def _without_found(text: str) -> str:
    kept: list[str] = []
    at = 0
    for found in sorted(find_secrets(text), key=lambda secret: secret.start):
        kept += [text[at : found.start], HIDDEN]
        at = found.end
    return "".join((*kept, text[at:]))


def _hide(match: re.Match[str]) -> str:
    return (match.group("keep") or match.group("address") or "") + HIDDEN
