"""The one shape of every answer under ``/api``: success, code, message, data, timestamp."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from services.infra import clock
from services.infra.errors import FieldError

T = TypeVar("T")


class Envelope(BaseModel, Generic[T]):
    """An answer."""

    success: bool = True
    code: int = Field(200, description="The HTTP status.")
    message: str = "Operation completed"
    data: T
    timestamp: datetime = Field(default_factory=clock.now)


class ProblemField(BaseModel):
    """One refused field of the input."""

    path: str
    message: str
    position: int | None = None


class Problem(BaseModel):
    """RFC 9457 members."""

    type: str = Field(description="Stable name of the kind of problem, /problems/<code>.")
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemField] = []


class ProblemData(BaseModel):
    """The data of an error."""

    problem: Problem


class ErrorEnvelope(Envelope[ProblemData]):
    """An error."""

    success: bool = False


def ok(data: T, message: str = "Operation completed", status: int = 200) -> Envelope[T]:
    """``data`` in the envelope; give the route the same ``status_code``."""
    return Envelope(code=status, message=message, data=data)


def problem(
    status: int,
    code: str,
    detail: str,
    instance: str,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """An error as a response.

    Args:
        status: The HTTP status.
        code: Stable slug of the kind of error.
        detail: What happened, for a person.
        instance: The path that was asked for.
        errors: The refused fields.
        headers: Further headers.
    """
    body: dict[str, Any] = {
        "success": False,
        "code": status,
        "message": detail,
        "data": {
            "problem": {
                "type": f"/problems/{code}",
                "title": HTTPStatus(status).phrase,
                "status": status,
                "detail": detail,
                "instance": instance,
                "errors": [{"path": e.path, "message": e.message, "position": e.position} for e in errors],
            }
        },
        "timestamp": clock.now().isoformat().replace("+00:00", "Z"),
    }
    return JSONResponse(body, status_code=status, headers=headers)
