"""Structured logs: one JSON object a line with ``event`` (snake case), ``level``, ``timestamp`` and the bound context.

``request_id`` and ``user_id`` are bound to the context of the request or event with
:func:`structlog.contextvars.bind_contextvars`. Fields whose name says secret are masked here, so that a careless caller
leaks nothing.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

SECRET_NAMES = re.compile(
    r"password|passwd|secret|token|cookie|authorization|dsn|recovery|csrf|api_key|^code$|otp$", re.IGNORECASE
)
# Libraries log whole events, headers and addresses: what looks like a credential or a person inside a text is cut out.
SECRET_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)((?:__Host-)?mixline_\w+=)[^;\s,'\"]+"), r"\1***"),
    (re.compile(r"(?i)((?:bearer|basic)\s+)[^\s;,'\"]+"), r"\1***"),
    (re.compile(r"(://[^/\s:@]*:)[^\s@'\"]+(?=@)"), r"\1***"),
    (re.compile(r"(?i)([?&#](?:token|code|state|key|secret)=)[^&\s'\"]+"), r"\1***"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"), "***"),
    (re.compile(r"\bmxl_[\w-]{8,}"), "mxl_***"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"), "***@***"),
)


def redact(text: str) -> str:
    """``text`` without what looks like a credential or a mail address."""
    for pattern, replacement in SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def _masked(key: str, value: object) -> object:
    if SECRET_NAMES.search(key):
        return "***"
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {str(name): _masked(str(name), one) for name, one in cast("dict[Any, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_masked("", one) for one in cast("list[object]", value)]
    return value


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _masked(key, value) for key, value in event.items()}


_shared: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    _mask,
]


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send the product's and all libraries' logs as JSON lines to ``stream`` (standard error)."""
    structlog.configure(
        processors=[*_shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _mask,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # One line a query or request from these says nothing that the product's own line does not.
    for name in ("httpx", "httpcore", "asyncio", "urllib3", "numba", "engineio", "socketio"):
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger() -> FilteringBoundLogger:
    """A logger: ``get_logger().info("hand_dealt", hand_id=...)``."""
    return structlog.get_logger()


log = get_logger()
