"""Hide what looks like a secret before a text is logged or written into the ledger.

The ledger cannot be cleaned afterwards, so this errs towards hiding. What a person decides on is
never redacted; it is kept apart from the ledger.
"""

import re

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
    return _SECRETS.sub(_hide, text)


def _hide(match: re.Match[str]) -> str:
    return (match.group("keep") or match.group("address") or "") + HIDDEN
