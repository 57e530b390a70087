"""What training does by itself: answer for those who left, end what is over, draw the ranked sets that are due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.db import transaction
from services.infra.errors import DomainError
from services.infra.log import get_logger
from services.training import ranked_repository, repository
from services.training.ranked import LATE
from services.training.service import TrainingService, get_training

SWEEP_S = 15.0
ABANDONED = timedelta(minutes=1)
"""A hand of a ranked set that was left between an answer and what follows is played on after this time."""

_MOST = 50


async def expire_overdue(training: TrainingService, db: AsyncSession) -> None:
    """Check or fold for players whose time is over, and end sets whose solution is gone."""
    for row in await repository.overdue(db, clock.now() - LATE, _MOST):
        async with alone(db, row.session_id):
            await training.settle(db, row.user_id, row.session_id)


async def close_ranked(training: TrainingService, db: AsyncSession) -> None:
    """Play on hands of ranked sets that nobody plays on, and end the passes through sets that are closed."""
    for user_id, hand_id in await ranked_repository.left_playing(db, clock.now() - ABANDONED, _MOST):
        async with alone(db, hand_id):
            await training.advance(db, user_id, hand_id)
    for user_id, session_id in await ranked_repository.left_open(db, clock.now(), _MOST):
        async with alone(db, session_id):
            await training.next_hand(db, user_id, session_id)


@asynccontextmanager
async def alone(db: AsyncSession, what: UUID) -> AsyncGenerator[None]:
    """What goes wrong in the block stops nothing beside it: it is taken back and logged."""
    try:
        async with db.begin_nested():
            yield
    except DomainError as error:
        get_logger().warning("training_left_over", of=str(what), problem=error.code, reason=error.message)


async def run_training() -> None:
    """Do all of it in rounds, and keep the first hand of the next player ready, until cancelled."""
    while True:
        try:
            async with transaction() as db:
                await expire_overdue(get_training(), db)
            async with transaction() as db:
                await close_ranked(get_training(), db)
            await get_training().warm()
        except DomainError as error:  # no database or no library now; the next round tries again
            get_logger().warning("training_round_failed", problem=error.code, reason=error.message)
        await asyncio.sleep(SWEEP_S)


async def run_ranked() -> None:
    """Draw the sets that are due, in rounds, until cancelled."""
    while True:
        try:
            await get_training().ranked.prepare()
        except DomainError as error:
            get_logger().warning("ranked_round_failed", problem=error.code, reason=error.message)
        await asyncio.sleep(SWEEP_S)
