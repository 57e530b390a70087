"""Errors a user or a caller of the API can be told about.

    DomainError                 code, message, status
    ├── Invalid        422      an input was refused; ``errors`` says what and where
    ├── Unauthorized   401      nobody is signed in
    ├── Forbidden      403      somebody is, and may not
    ├── NotFound       404      no such thing, or none that this user may see
    ├── Conflict       409      it was changed meanwhile, or answered already
    ├── TooMany        429      over a limit; ``retry_after_s``
    └── Unavailable    503      a server behind the product does not answer

Services raise them; ``app.api.errors`` and the state exception handler are the two places that turn them into answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field.

    Attributes:
        path: Dotted path in the input, empty for the whole of it.
        message: One sentence: what is wrong and what is allowed.
        position: 0-based offset inside the string at ``path``, if it is one.
    """

    path: str
    message: str
    position: int | None = None


class DomainError(Exception):
    """Base of all errors with a message for the user.

    Attributes:
        code: Stable slug that programs may rely on, e.g. ``decision-answered``.
        status: The HTTP status.
    """

    status = 400
    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        self.message = message
        self.code = code or self.default_code
        self.errors = list(errors)
        super().__init__(message)


class Invalid(DomainError):
    """An input was refused."""

    status = 422
    default_code = "invalid"


class Unauthorized(DomainError):
    """Nobody is signed in, or the credentials are wrong."""

    status = 401
    default_code = "unauthorized"


class Forbidden(DomainError):
    """The user may not do this."""

    status = 403
    default_code = "forbidden"


class NotFound(DomainError):
    """There is no such thing that this user may see."""

    status = 404
    default_code = "not-found"


class Conflict(DomainError):
    """The thing was changed or answered meanwhile."""

    status = 409
    default_code = "conflict"


class TooMany(DomainError):
    """Over a rate or quota; try again in ``retry_after_s``. ``headers`` are the answer's fields about the limit."""

    status = 429
    default_code = "too-many"

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: int = 1,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, errors=errors)
        self.retry_after_s = retry_after_s
        self.headers = dict(headers or {})


class Unavailable(DomainError):
    """A server the product needs does not answer now."""

    status = 503
    default_code = "unavailable"
