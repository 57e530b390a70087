"""Administration's pages by raw events, on real servers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from reflex.utils.format import json_dumps
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import service, sessions
from services.accounts.principals import Role
from services.accounts.sessions import IssuedSession
from services.audit import service as audit
from services.infra.clock import new_id
from state.admin import AdminAuditState, AdminJobsState, AdminState, AdminUsersState
from tests.state.conftest import Server, Tab, add_state

for one in (AdminState, AdminUsersState, AdminJobsState, AdminAuditState):
    add_state(one)

EVENTS: list[tuple[str, dict[str, Any]]] = [
    (f"{AdminState.get_full_name()}.load", {}),
    (f"{AdminState.get_full_name()}.check_trail", {}),
    (f"{AdminUsersState.get_full_name()}.load", {}),
    (f"{AdminUsersState.get_full_name()}.find", {"form": {"search": "a"}}),
    (f"{AdminUsersState.get_full_name()}.choose", {"user_id": str(new_id())}),
    (f"{AdminUsersState.get_full_name()}.change_role", {"form": {"role": "admin"}}),
    (f"{AdminUsersState.get_full_name()}.ban", {"form": {"reason": ""}}),
    (f"{AdminUsersState.get_full_name()}.unban", {}),
    (f"{AdminJobsState.get_full_name()}.load", {}),
    (f"{AdminJobsState.get_full_name()}.cancel", {"job_id": str(new_id())}),
    (f"{AdminAuditState.get_full_name()}.load", {}),
    (f"{AdminAuditState.get_full_name()}.follow", {"user_id": str(new_id())}),
]
USERS = AdminUsersState.get_full_name()


async def account(db: AsyncSession, name: str, role: Role = Role.FREE) -> UUID:
    wanted = service.Registration(f"{name.lower()}@example.org", name, "$argon2id$of-nobody")
    return (await service.register(db, None, wanted, role)).id


async def session_of(db: AsyncSession, name: str, role: Role, *, second_factor: bool = True) -> IssuedSession:
    return await sessions.start(await account(db, name, role), role, name, second_factor=second_factor)


@pytest.fixture
async def admin(server: Server, db: AsyncSession) -> Tab:
    return server.tab(await session_of(db, "Rita", Role.ADMIN))


@pytest.mark.parametrize(("event", "payload"), EVENTS, ids=[name.rpartition("____")[2] for name, _ in EVENTS])
async def test_nothing_of_it_answers_anybody_but_an_administrator_with_a_second_factor(
    server: Server, db: AsyncSession, event: str, payload: dict[str, Any]
) -> None:
    others = [
        None,
        await sessions.start_guest(),
        await session_of(db, "Anna", Role.FREE),
        await session_of(db, "Bo", Role.PREMIUM),
        await session_of(db, "Root2", Role.ADMIN, second_factor=False),
    ]
    before = await audit.verify(db)
    for session in others:
        shown = await server.tab(session).send(event, payload)
        ours = {name for name in shown if not name.startswith("rx_router")}
        assert ours <= {"notice", "name", "role", "signed_in", "administrates"}
        assert "mixline_" not in json_dumps(shown)
        assert shown["notice"]
    denied = await audit.newest(db, limit=10)
    assert {entry.action for entry in denied[: len(denied) - before.entries]} <= {"permission_denied"}


async def test_the_links_to_administration_are_shown_with_a_second_factor_only(
    server: Server, db: AsyncSession, admin: Tab
) -> None:
    without = server.tab(await session_of(db, "Bo", Role.ADMIN, second_factor=False))

    assert (await admin.hydrate())["administrates"] is True
    assert (await without.hydrate())["administrates"] is False


async def test_an_account_is_found_given_a_role_suspended_and_let_in_again(
    server: Server, db: AsyncSession, admin: Tab
) -> None:
    anna = await account(db, "Anna")
    theirs = server.tab(await sessions.start(anna, Role.FREE, "Anna"))
    await theirs.hydrate()

    await admin.send(f"{USERS}.load")
    found = await admin.send(f"{USERS}.find", {"form": {"search": "ann"}})
    assert [row.name for row in found["rows"]] == ["Anna"]
    await admin.send(f"{USERS}.choose", {"user_id": str(anna)})
    changed = await admin.send(f"{USERS}.change_role", {"form": {"role": "premium"}})
    assert changed["said"] == "Anna is Premium now."
    assert (await theirs.hydrate())["role"] == "premium"

    await admin.send(f"{USERS}.ask_ban")
    refused = await admin.send(f"{USERS}.ban", {"form": {"reason": "x" * 301}})
    assert "300" in refused["reason_error"]
    banned = await admin.send(f"{USERS}.ban", {"form": {"reason": "Two accounts"}})
    assert "suspended" in banned["said"]
    assert banned["rows"][0].banned
    assert "has ended" in (await theirs.send("notebook.player"))["notice"]
    assert (await admin.send(f"{USERS}.unban"))["said"] == "Anna may sign in again."


async def test_ones_own_account_and_made_up_ids_are_refused_in_words(admin: Tab, db: AsyncSession) -> None:
    own = (await admin.send(f"{USERS}.load"))["rows"][0]
    assert own.own
    await admin.send(f"{USERS}.choose", {"user_id": own.key})

    assert "Another administrator" in (await admin.send(f"{USERS}.ban", {"form": {"reason": ""}}))["error"]
    assert "no such" in (await admin.send(f"{USERS}.choose", {"user_id": "'; DROP TABLE"}))["error"]
    assert "no such role" in (await admin.send(f"{USERS}.change_role", {"form": {"role": "root"}}))["error"]


async def test_the_trail_is_shown_narrowed_and_checked(admin: Tab, db: AsyncSession) -> None:
    anna = await account(db, "Anna")
    await service.deny_sign_in(db, anna)
    name = AdminAuditState.get_full_name()

    everything = await admin.send(f"{name}.load")
    hers = await admin.send(f"{name}.follow", {"user_id": str(anna)})
    denied = await admin.send(f"{name}.choose_action", {"action": "sign_in_denied"})
    overview = await admin.send(f"{AdminState.get_full_name()}.load")
    checked = await admin.send(f"{AdminState.get_full_name()}.check_trail")

    assert [row.action for row in everything["rows"]][:2] == ["Sign-in refused", "Account created"]
    assert (hers["user_name"], len(hers["rows"])) == ("Anna", 2)
    assert [row.subject for row in denied["rows"]] == ["Anna"]
    assert {one.label: one.value for one in overview["numbers"]}["Accounts"] == "2"
    assert checked["chain"].startswith("All 3 entries")
