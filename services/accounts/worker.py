"""What has to happen without anybody waiting: mails that were asked for, accounts to erase, what ran out, old keys."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from services.accounts import credentials_repository as store
from services.accounts import lifecycle, recovery, resealing, sessions
from services.infra.db import transaction
from services.infra.errors import Conflict, Unavailable
from services.infra.log import get_logger
from services.mail import delivery

log = get_logger()

_BATCH: Final = 20
_LOOK_EVERY_S: Final = 1.0
_CLEAN_EVERY_S: Final = 600.0


async def run_accounts() -> None:
    """Run until cancelled."""
    clean_at, resealed = monotonic(), False
    while True:
        try:
            if not resealed:
                await resealing.reseal_everything()
                resealed = True
            while await work_through() == _BATCH:
                pass
            if monotonic() >= clean_at:
                clean_at = monotonic() + _CLEAN_EVERY_S
                await clean()
        except Unavailable:
            pass  # everything that waits is in the database
        await asyncio.sleep(_LOOK_EVERY_S)


async def work_through() -> int:
    """Answer the oldest requests for mail; returns how many there were."""
    async with transaction() as db:
        requests = await store.take_mail_requests(db, _BATCH)
        for request in requests:
            await recovery.answer_request(db, request)
    return len(requests)


async def clean() -> int:
    """Drop what ran out and erase the accounts that are due; returns how many were erased."""
    async with transaction() as db:
        await store.drop_expired(db)
        due = await store.due_for_erasure(db, _BATCH)
    for user_id in due:
        await sessions.end_all(user_id)
        try:
            async with transaction() as db:
                email = await lifecycle.erase(db, user_id)
        except Conflict:  # its stream moved on: somebody is there
            continue
        if email is not None:
            await asyncio.to_thread(delivery.forget, email)
        log.info("account_erased", user_id=str(user_id))
    return len(due)
