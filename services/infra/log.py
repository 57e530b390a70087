"""Structured logs: one JSON object a line with ``event`` (snake case), ``level``, ``timestamp`` and the bound context.

``request_id`` and ``user_id`` are bound to the context of the request or event with
:func:`structlog.contextvars.bind_contextvars`. Fields whose name says secret are masked here, so that a careless caller
leaks nothing.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

SECRET_NAMES = re.compile(r"password|passwd|secret|token|cookie|authorization|dsn", re.IGNORECASE)
# Libraries log whole events and headers: cookies and bearer tokens inside a text are cut out as well.
SECRET_TEXT = re.compile(r"(?i)((?:__Host-)?mixline_session=|bearer\s+|://[^/\s:@]*:)[^\s;,'\"@]+")


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if SECRET_NAMES.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = SECRET_TEXT.sub(r"\1***", value)
    return event


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
