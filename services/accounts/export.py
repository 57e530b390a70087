"""A copy of everything that belongs to an account, as JSON files in a zip.

Features above this one add their files with `part`. Events are read in batches and written to a temporary file, so a
long history costs time but no memory.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import IO, Any, Final, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import api_tokens, identities, second_factor, service
from services.accounts import credentials_repository as store
from services.accounts.events import AccountExported
from services.infra import events
from services.infra.clock import now
from services.infra.db import transaction

_BATCH: Final = 2000
_IN_MEMORY: Final = 4 * 1024 * 1024
_README: Final = """A copy of your Mixline account.

account.json  name, address, role, linked sign-ins, personal tokens (without their secrets)
events.json   everything that happened, oldest first: sets, hands, decisions with their grades, sign-ins, changes
Further files hold what other parts keep about you.

Amounts are chips with the big blind beside them; names ending in _bb are big blinds, in _pct percent of the pot.
"""

Screen = Callable[[str, str], str]
"""(type, payload as JSON text) of an event -> the payload as its owner may see it now."""

_screens: list[Callable[[AsyncSession], Awaitable[Screen]]] = []

Part = Callable[[AsyncSession, UUID], Awaitable[Any]]
P = TypeVar("P", bound=Part)
_parts: dict[str, Part] = {}


def part(name: str) -> Callable[[P], P]:
    """Register what writes a further file: called with a session and the user's id, returns JSON."""

    def register(read: P) -> P:
        _parts[name] = read
        return read

    return register


def screen(make: Callable[[AsyncSession], Awaitable[Screen]]) -> Callable[[AsyncSession], Awaitable[Screen]]:
    """Register what takes out of events that even their owner may not see yet."""
    _screens.append(make)
    return make


async def write_export(user_id: UUID) -> IO[bytes]:
    """The zip, rewound; the caller closes it. Opens its own transactions: nobody waits for a lock on the way."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 the caller's
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.writestr("README.txt", _README)
            async with transaction() as db:
                account = await _account(db, user_id)
                further = {name: await read(db, user_id) for name, read in _parts.items()}
                owned = [user_id, *await store.guests_of(db, user_id)]
            archive.writestr("account.json", _json(account))
            for name, data in further.items():
                await asyncio.to_thread(archive.writestr, name, _json(data))
            with archive.open("events.json", "w", force_zip64=True) as entry:
                await _write_events(entry, owned)
        async with transaction() as db:
            await service.record(db, await service.locked(db, user_id), AccountExported(user_id=user_id))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _account(db: AsyncSession, user_id: UUID) -> dict[str, Any]:
    account = await service.get(db, user_id)
    assert account is not None, "only members export"
    return {
        "exported_at": now(),
        **asdict(account),
        "second_factor": (await second_factor.status(db, user_id)).enabled,
        "linked_sign_ins": [asdict(one) for one in await identities.links_of(db, user_id)],
        "personal_tokens": [asdict(one) for one in await api_tokens.list_of(db, user_id)],
    }


async def _write_events(entry: IO[bytes], user_ids: list[UUID]) -> None:
    after, first = 0, True
    async with transaction() as db:
        screens = [await make(db) for make in _screens]
    entry.write(b"[")
    while True:
        async with transaction() as db:
            rows = await events.read_of(db, user_ids, after, _BATCH)
        if not rows:
            break
        lines = b"".join(_line(row, screens, first=first and not number) for number, row in enumerate(rows))
        await asyncio.to_thread(entry.write, lines)
        after, first = rows[-1]["position"], False
    entry.write(b"\n]\n")


def _line(row: dict[str, Any], screens: list[Screen], *, first: bool) -> bytes:
    payload = row["payload"]
    for one in screens:
        payload = one(row["type"], payload)
    head = {
        "type": row["type"],
        "recorded_at": row["recorded_at"].isoformat(),
        "stream": f"{row['stream_type']}/{row['stream_id']}",
        "version": row["version"],
    }
    return f'{"" if first else ","}\n{json.dumps(head)[:-1]}, "payload": {payload}}}'.encode()


def _json(data: Any) -> str:
    return json.dumps(data, default=str, indent=2, ensure_ascii=False)
