"""What training does beside the requests."""

from __future__ import annotations

import asyncio

from services.infra.db import transaction
from services.infra.errors import DomainError
from services.infra.log import get_logger
from services.training.service import get_training

_SWEEP_S = 15.0


async def run_training() -> None:
    """Answer overdue ranked decisions and keep the first hand of the next player ready, until cancelled."""
    while True:
        try:
            async with transaction() as db:
                await get_training().expire_overdue(db)
            await get_training().warm()
        except DomainError as error:  # no database or no library now; the next round tries again
            get_logger().warning("training_round_failed", code=error.code, reason=error.message)
        await asyncio.sleep(_SWEEP_S)
