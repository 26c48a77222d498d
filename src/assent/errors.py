"""The error tree. A refusal is a value; an exception here is a fault with a way out.

AssentError                 base: what happened, where, and what to do about it
├── UsageError              the caller asked for something that makes no sense   (exit 2, HTTP 400)
├── ForbiddenError          this caller may not do that   (exit 1, HTTP 403)
├── NotFoundError           the thing named does not exist   (exit 1, HTTP 404)
├── ConflictError           somebody else was first, or the state moved on   (exit 1, HTTP 409)
├── UnavailableError        cannot be done now; trying again may work   (exit 3, HTTP 503)
└── IntegrityError          a record contradicts itself; never retry   (exit 4, HTTP 500)
"""

from typing import ClassVar


class AssentError(Exception):
    """A fault that a person can act on.

    `message` says what and where; `hint` says what to do about it, as one imperative sentence.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(AssentError):
    code = "usage"
    exit_code = 2
    http_status = 400


class ForbiddenError(AssentError):
    code = "forbidden"
    exit_code = 1
    http_status = 403


class NotFoundError(AssentError):
    code = "not-found"
    exit_code = 1
    http_status = 404


class ConflictError(AssentError):
    code = "conflict"
    exit_code = 1
    http_status = 409


class UnavailableError(AssentError):
    code = "unavailable"
    exit_code = 3
    http_status = 503


class IntegrityError(AssentError):
    code = "integrity"
    exit_code = 4
    http_status = 500
