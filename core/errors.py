"""The errors a person can act on; one place turns them into a page, a fragment or a problem+json body."""

from __future__ import annotations


class SwitchroomError(Exception):
    """Something was refused or is not possible now; nothing was changed.

    Attributes:
        code: A stable name that programs may rely on, such as ``offer_expired``.
        message: One sentence for a person: what is wrong, and where.
        mend: One sentence on how to mend it, or an empty string.
        status: The HTTP status that fits.
    """

    code = "error"
    status = 400

    def __init__(self, message: str, *, mend: str = "", code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.code = code or self.code
        self.status = status or self.status

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class NotFound(SwitchroomError):
    """The thing does not exist for this tenant; the same answer whether it exists for another one."""

    code = "not_found"
    status = 404


class Forbidden(SwitchroomError):
    """The role in use does not carry the permission."""

    code = "forbidden"
    status = 403


class Conflict(SwitchroomError):
    """The state has moved on: somebody else, a deadline or the other party was first."""

    code = "conflict"
    status = 409


class InvalidInput(SwitchroomError):
    """The input cannot be used; `fields` names each field and what is wrong with it."""

    code = "invalid_input"
    status = 422

    def __init__(self, message: str, *, fields: dict[str, str] | None = None, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.fields = fields or {}


class TooManyRequests(SwitchroomError):
    """A rate limit was reached.

    Attributes:
        retry_after: Seconds until another try makes sense.
    """

    code = "too_many_requests"
    status = 429

    def __init__(self, message: str, *, retry_after: int, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.retry_after = retry_after


class StartupError(SwitchroomError):
    """The process cannot start; the command line prints the sentence and exits with code 2."""

    code = "startup"
    status = 500
