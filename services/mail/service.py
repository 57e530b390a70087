"""Mails go out after the transaction they belong to, and are tried again until they are too old to be of use.

A request only writes a row: how long a mail server takes, and whether there was anything to send, shows in no answer.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import sealing
from services.infra.clock import now
from services.infra.db import transaction
from services.infra.errors import Unavailable
from services.infra.log import get_logger
from services.mail import repository
from services.mail.delivery import Refused, deliver
from services.mail.message import Mail

log = get_logger()

_BATCH: Final = 20
_LEASE: Final = timedelta(minutes=2)
_TOO_OLD: Final = timedelta(hours=24)
_LONGEST_WAIT: Final = timedelta(minutes=30)
_LOOK_EVERY_S: Final = 1.0


async def send(db: AsyncSession, mail: Mail) -> None:
    """Send a mail once the caller's transaction is committed, and not otherwise."""
    await repository.add(db, sealing.seal(mail.pack()))


async def run_mail() -> None:
    """Hand on what is due, for ever."""
    while True:
        try:
            while await deliver_due() == _BATCH:
                pass
        except Unavailable:
            pass  # the mails wait with everything else
        await asyncio.sleep(_LOOK_EVERY_S)


async def deliver_due() -> int:
    """Try every mail that is due, at most a batch; returns how many were tried."""
    async with transaction() as db:
        due = [(one.id, one.sealed, one.attempts, one.created_at) for one in await repository.claim(db, _BATCH, _LEASE)]
    for mail_id, sealed, attempts, created_at in due:
        done = True
        try:
            await deliver(Mail.unpack(sealing.unseal(sealed)))
            log.info("mail_sent", mail_id=str(mail_id))
        except (Refused, sealing.Unsealable) as error:
            log.warning("mail_refused", mail_id=str(mail_id), reason=type(error).__name__)
        except OSError as error:
            done = now() - created_at > _TOO_OLD
            log.warning("mail_delayed", mail_id=str(mail_id), reason=str(error) or type(error).__name__, given_up=done)
        async with transaction() as db:
            if done:
                await repository.remove(db, mail_id)
            else:
                wait = min(timedelta(seconds=10 * 2 ** min(attempts, 10)), _LONGEST_WAIT)
                await repository.put_off(db, mail_id, now() + wait)
    return len(due)
