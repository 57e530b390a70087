"""What is published about solves; nothing here is the truth, which is in ``repository``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from services.infra.redis import publish

CONTROL = "solve:control"
"""Channel on which workers hear that something was queued or cancelled."""


def progress_channel(request_key: str) -> str:
    """Channel of one solve; all requests that share it listen there."""
    return f"solve:{request_key}"


class SolveChanged(BaseModel):
    """How far a solve is, or that its state in the database changed (``status``)."""

    status: Literal["running", "changed"]
    iteration: int = 0
    seconds: float = 0.0
    pct_pot: float | None = None


async def publish_progress(request_key: str, event: SolveChanged) -> None:
    """Tell whoever watches a solve."""
    await publish(progress_channel(request_key), event.model_dump())


async def publish_control(request_key: str, action: Literal["queued", "cancelled"]) -> None:
    """Tell the workers; ``cancelled``: nobody wants this solve any more."""
    payload: dict[str, Any] = {"action": action, "request_key": request_key}
    await publish(CONTROL, payload)
