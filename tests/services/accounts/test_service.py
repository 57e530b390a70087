"""Registering, signing in and the audit trail, on a real database."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.accounts import administration, lifecycle, repository, second_factor, service, sessions
from services.accounts import credentials_repository as store
from services.accounts.events import GuestMerged
from services.accounts.service import Account
from services.accounts.sessions import Principal, Role
from services.infra import events
from services.infra.clock import new_id
from services.infra.db import transaction
from services.infra.errors import Conflict, DomainError, Invalid, NotFound, Unauthorized
from tests.services.accounts.conftest import PASSWORD, MakeAccount


def a_guest() -> Principal:
    user_id = new_id()
    return Principal(user_id, Role.GUEST, sessions.guest_name(user_id), "0" * 64)


async def facts(db: AsyncSession, principal_id: object) -> list[str]:
    return [stored.event.type for stored in await events.load(db, principal_id)]  # type: ignore[arg-type]


async def test_a_registration_reports_every_bad_field_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        await service.prepare_registration("nobody", "short", "\u202e")

    assert [problem.path for problem in refused.value.errors] == ["email", "name", "password"]


async def test_registering_upgrades_the_row_that_the_guest_played_under(
    db: AsyncSession, make_account: MakeAccount
) -> None:
    guest = a_guest()
    await sessions.ensure_user(db, guest)

    account = await make_account("Anna", guest)

    assert account.id == guest.user_id
    assert await service.role_of(db, guest.user_id) is Role.FREE
    assert await facts(db, guest.user_id) == ["AccountRegistered"]


async def test_a_guest_that_never_played_can_register(db: AsyncSession, make_account: MakeAccount) -> None:
    guest = a_guest()

    assert (await make_account("Anna", guest)).id == guest.user_id


async def test_a_taken_name_is_named_whatever_its_case(db: AsyncSession, make_account: MakeAccount) -> None:
    await make_account("Anna")

    with pytest.raises(Conflict) as refused:
        await service.register(db, a_guest(), service.Registration("other@example.org", "ANNA", "hash"))

    assert [(problem.path, problem.message) for problem in refused.value.errors] == [("name", service.NAME_TAKEN)]


async def test_a_taken_address_is_refused_without_being_named(db: AsyncSession, make_account: MakeAccount) -> None:
    await make_account("Anna")

    with pytest.raises(Conflict) as refused:
        await service.register(db, a_guest(), service.Registration("anna@example.org", "Other", "hash"))

    assert refused.value.errors == []
    assert "anna" not in refused.value.message


async def test_a_member_can_not_register_again(db: AsyncSession, make_account: MakeAccount) -> None:
    anna = await make_account("Anna")

    with pytest.raises(Conflict):
        await make_account("Second", Principal(anna.id, anna.role, anna.name, "0" * 64))


async def test_of_two_who_want_a_name_at_the_same_time_one_gets_it(committed: AsyncEngine, password_hash: str) -> None:
    async def register(number: int) -> service.Account:
        async with transaction() as db:
            wanted = service.Registration(f"p{number}@example.org", "Anna", password_hash)
            account = await service.register(db, None, wanted)
            await asyncio.sleep(0.05)
            return account

    outcomes = await asyncio.gather(*(register(number) for number in range(6)), return_exceptions=True)

    assert sum(isinstance(outcome, service.Account) for outcome in outcomes) == 1
    assert all(isinstance(outcome, service.Account | Conflict) for outcome in outcomes)


async def test_signing_in_tells_that_the_guests_hands_belong_to_the_account(
    db: AsyncSession, make_account: MakeAccount
) -> None:
    anna, guest = await make_account("Anna"), a_guest()
    await sessions.ensure_user(db, guest)

    await service.sign_in(db, anna.id, guest)

    stored = await events.load(db, anna.id)
    assert [one.event.type for one in stored] == ["AccountRegistered", "SignedIn", "GuestMerged"]
    assert stored[-1].event == GuestMerged(guest_id=guest.user_id, user_id=anna.id)
    row = await repository.find(db, guest.user_id, lock=True)
    assert row is not None
    assert row.merged_into == anna.id


async def test_what_changed_since_the_password_was_checked_keeps_a_sign_in_out(
    db: AsyncSession, make_account: MakeAccount, password_hash: str
) -> None:
    anna, bo, eve = await make_account("Anna"), await make_account("Bo"), await make_account("Eve")
    admin = Principal(bo.id, Role.ADMIN, "Bo", "0" * 64, second_factor=True)
    await service.reset_password(db, "anna@example.org", "another hash")
    await second_factor.begin(db, bo.id)
    await store.enable_second_factor(db, bo.id)
    await administration.ban(db, admin, eve.id, "")

    refusals: dict[str, str] = {}
    for name, account, proved in (("new", anna, password_hash), ("factor", bo, password_hash), ("ban", eve, None)):
        with pytest.raises(DomainError) as refused:
            await service.admit(db, account.id, password_hash=proved, second_factor=False)
        refusals[name] = refused.value.code

    assert refusals == {"new": "wrong-credentials", "factor": "second-factor-needed", "ban": "banned"}
    assert await service.admit(db, anna.id, password_hash="another hash", second_factor=False) == anna


async def test_a_guest_that_never_played_leaves_nothing_to_merge(db: AsyncSession, make_account: MakeAccount) -> None:
    anna = await make_account("Anna")

    await service.sign_in(db, anna.id, a_guest())

    assert await facts(db, anna.id) == ["AccountRegistered", "SignedIn"]


async def test_a_guest_is_merged_once(db: AsyncSession, make_account: MakeAccount) -> None:
    anna, bo, guest = await make_account("Anna"), await make_account("Bo"), a_guest()
    await sessions.ensure_user(db, guest)
    await service.sign_in(db, anna.id, guest)

    await service.sign_in(db, bo.id, guest)

    assert "GuestMerged" not in await facts(db, bo.id)


async def test_another_account_is_never_merged(db: AsyncSession, make_account: MakeAccount) -> None:
    anna, bo = await make_account("Anna"), await make_account("Bo")

    await service.sign_in(db, anna.id, Principal(bo.id, Role.GUEST, "forged", "0" * 64))

    assert "GuestMerged" not in await facts(db, anna.id)


async def test_a_hand_that_is_being_written_is_merged_with_the_rest(committed: AsyncEngine, password_hash: str) -> None:
    async with transaction() as db:
        anna = await service.register(db, None, service.Registration("a@example.org", "Anna", password_hash))
    guest, order = a_guest(), list[str]()
    writing = asyncio.Event()

    async def play() -> None:
        async with transaction() as db:
            await sessions.ensure_user(db, guest)
            writing.set()
            await asyncio.sleep(0.2)
            order.append("played")

    async def sign_in() -> None:
        await writing.wait()
        async with transaction() as db:
            await service.sign_in(db, anna.id, guest)
            order.append("merged")

    async with transaction() as db:
        await sessions.ensure_user(db, guest)
    await asyncio.gather(play(), sign_in())

    assert order == ["played", "merged"]
    async with transaction() as db:
        with pytest.raises(Unauthorized):
            await sessions.ensure_user(db, guest)


async def test_of_two_administrators_who_go_at_the_same_moment_one_stays(
    committed: AsyncEngine, password_hash: str
) -> None:
    async with transaction() as db:
        admins = [
            await service.register(
                db, None, service.Registration(f"{name}@example.org", name, password_hash), Role.ADMIN
            )
            for name in ("Anna", "Bert")
        ]

    async def leave(admin: Account) -> str:
        try:
            async with transaction() as db:
                await lifecycle.request_deletion(db, admin.id)
                await asyncio.sleep(0.1)  # the other one is there by now
        except Conflict as refused:
            return refused.code
        return "gone"

    assert sorted(await asyncio.gather(*map(leave, admins))) == ["gone", "last-administrator"]


async def test_two_administrators_who_suspend_each_other_do_not_wait_for_ever(
    committed: AsyncEngine, password_hash: str
) -> None:
    async with transaction() as db:
        anna, bert = [
            await service.register(
                db, None, service.Registration(f"{name}@example.org", name, password_hash), Role.ADMIN
            )
            for name in ("Anna", "Bert")
        ]

    async def suspend(by: Account, other: Account) -> str:
        principal = Principal(by.id, Role.ADMIN, by.name, "0" * 64, second_factor=True)
        try:
            async with transaction() as db:
                await administration.ban(db, principal, other.id, "")
                await asyncio.sleep(0.1)
        except Conflict as refused:
            return refused.code
        return "done"

    assert sorted(await asyncio.gather(suspend(anna, bert), suspend(bert, anna))) == ["done", "last-administrator"]


async def test_a_wrong_password_is_recorded_for_known_and_unknown_addresses_alike(
    db: AsyncSession, make_account: MakeAccount
) -> None:
    anna = await make_account("Anna")

    await service.deny_sign_in(db, anna.id)
    await service.deny_sign_in(db, None)

    rows = (await db.execute(text("SELECT payload->>'user_id' FROM infra.event WHERE type = 'SignInDenied'"))).scalars()
    assert set(rows) == {str(anna.id), None}


async def test_the_audit_trail_holds_no_name_no_address_and_no_hash(
    db: AsyncSession, make_account: MakeAccount, password_hash: str
) -> None:
    anna = await make_account("Anna")
    await service.sign_in(db, anna.id, None)
    await service.rename(db, anna.id, "Rivergrinder")
    await service.set_role(db, "anna@example.org", Role.PREMIUM)
    await service.reset_password(db, "anna@example.org", password_hash)

    trail = str((await db.execute(text("SELECT payload, meta FROM infra.event"))).all()).lower()
    assert not [secret for secret in ("rivergrinder", "anna", "example.org", "argon2") if secret in trail]


async def test_a_name_can_be_changed_to_another_case_of_itself(db: AsyncSession, make_account: MakeAccount) -> None:
    anna = await make_account("Anna")

    assert (await service.rename(db, anna.id, "ANNA")).name == "ANNA"


async def test_a_name_can_not_be_changed_to_somebody_elses(db: AsyncSession, make_account: MakeAccount) -> None:
    anna, _ = await make_account("Anna"), await make_account("Bo")

    with pytest.raises(Conflict):
        await service.rename(db, anna.id, "bo")


async def test_a_role_is_given_by_address_and_recorded(db: AsyncSession, make_account: MakeAccount) -> None:
    anna = await make_account("Anna")

    await service.set_role(db, "Anna@Example.org", Role.ADMIN)

    assert await service.role_of(db, anna.id) is Role.ADMIN
    assert (await facts(db, anna.id))[-1] == "RoleChanged"


async def test_no_account_becomes_a_guest(db: AsyncSession, make_account: MakeAccount) -> None:
    await make_account("Anna")

    with pytest.raises(Invalid):
        await service.set_role(db, "anna@example.org", Role.GUEST)


async def test_changing_an_unknown_account_says_so(db: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await service.set_role(db, "nobody@example.org", Role.FREE)


async def test_a_reset_password_replaces_the_old_one(db: AsyncSession, make_account: MakeAccount) -> None:
    await make_account("Anna")
    fresh = await service.prepare_password(db, "anna@example.org", PASSWORD + " anew")

    await service.reset_password(db, "anna@example.org", fresh)

    found = await service.find_credentials(db, "anna@example.org")
    assert found.password_hash == fresh


async def test_an_unknown_id_is_a_guest(db: AsyncSession) -> None:
    assert await service.role_of(db, new_id()) is Role.GUEST
