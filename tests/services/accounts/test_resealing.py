"""A new key for sealed secrets: everything moves under it, and the old key can go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import resealing, second_factor, service
from services.infra import sealing
from services.infra.clock import new_id
from services.infra.db import transaction
from services.infra.errors import Invalid
from services.infra.settings import get_settings
from services.mail import repository
from services.mail.message import Mail

pytestmark = pytest.mark.usefixtures("redis_server")
MAIL = Mail("anna@example.org", "A subject", "A text")


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of the test's own; returns the file of its keys."""
    monkeypatch.setenv("MIXLINE_DATA", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path / "keys" / "sealing.key"
    monkeypatch.undo()
    get_settings.cache_clear()


async def fill(mails: int = 1) -> str:
    """An enrolment, and mails that wait; returns the secret of the app."""
    async with transaction() as db:
        wanted = await service.prepare_registration("anna@example.org", "purple wagon eats seventeen", "Anna")
        account = await service.register(db, None, wanted)
        begun = await second_factor.begin(db, account.id)
        for _ in range(mails):
            await repository.add(db, sealing.seal(MAIL.pack()))
    return begun.secret


async def sealed() -> list[bytes]:
    async with transaction() as db:
        query = "SELECT sealed_secret FROM accounts.second_factor UNION ALL SELECT sealed FROM mail.outbox"
        return list(await db.scalars(text(query)))


async def test_everything_moves_under_a_new_key_and_the_old_one_goes(committed: AsyncEngine, keys: Path) -> None:
    secret = await fill(mails=450)  # more than two batches
    old = keys.read_text().split()

    assert sealing.add_key() == 2
    done = await resealing.reseal_everything()
    again = await resealing.reseal_everything()
    dropped = sealing.drop_old_keys()

    assert (done.renewed, done.lost) == (451, 0)
    assert (again.renewed, again.lost) == (0, 0)
    assert dropped == 1
    assert keys.stat().st_mode & 0o777 == 0o600
    assert not set(old) & set(keys.read_text().split())
    opened = [sealing.unseal(one) for one in await sealed()]
    assert secret.encode() in opened
    assert opened.count(MAIL.pack()) == 450


async def test_before_it_is_done_both_keys_open_and_the_new_one_seals(committed: AsyncEngine, keys: Path) -> None:
    await fill()
    before = await sealed()
    sealing.add_key()

    assert [sealing.unseal(one) for one in before]
    newest = Fernet(keys.read_text().split()[0])
    assert newest.decrypt(sealing.seal(b"x")) == b"x"


async def test_what_has_no_key_is_counted_and_left_as_it_is(committed: AsyncEngine, keys: Path) -> None:
    await fill()
    keys.write_text(Fernet.generate_key().decode())

    done = await resealing.reseal_everything()

    assert (done.renewed, done.lost) == (0, 2)


async def test_keys_of_the_setting_are_changed_there_and_counted_at_the_start(
    committed: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv("MIXLINE_SEALING_KEY", old)
    get_settings.cache_clear()
    await fill()
    monkeypatch.setenv("MIXLINE_SEALING_KEY", f"{new}, {old}")
    get_settings.cache_clear()

    done = await resealing.reseal_everything()

    assert done.renewed == 2
    assert all(Fernet(new).decrypt(one) for one in await sealed())
    for change in (sealing.add_key, sealing.drop_old_keys):
        with pytest.raises(Invalid):
            change()


def test_a_secret_of_an_id_that_nobody_has_is_no_trouble() -> None:
    assert sealing.reseal(sealing.seal(new_id().bytes)) is None
