"""The second factor over REST, with the codes of a real authenticator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import service, sessions
from services.accounts.principals import Role
from services.infra import clock
from services.infra.redis import redis
from tests.api.conftest import PASSWORD, Browser, OpenBrowser, code_of, mails_to

pytestmark = pytest.mark.usefixtures("mailbox")


class Authenticator:
    """An app with the secret; each code is of a step that was not used yet."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)

    def code(self, ahead: int = 0) -> str:
        return self.totp.at(clock.now() + timedelta(seconds=30 * ahead))


@pytest.fixture
async def enrolled(member: Browser) -> tuple[Browser, Authenticator, list[str]]:
    """Anna, her app and her recovery codes."""
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]
    app = Authenticator(begun["secret"])
    answer = await member.post("/api/auth/mfa/confirm", {"code": app.code(-1)})
    assert answer.status_code == 200
    return member, app, answer.json()["data"]["recovery_codes"]


Enrolled = tuple[Browser, Authenticator, list[str]]


async def test_the_secret_comes_as_text_and_as_a_qr_code_of_the_same(member: Browser) -> None:
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]

    assert begun["secret"] in begun["uri"]
    assert begun["uri"].startswith("otpauth://totp/Mixline:")
    assert begun["qr_svg"].startswith("<svg")
    assert "<script" not in begun["qr_svg"]


async def test_nothing_is_asked_for_before_the_app_has_shown_a_code(open_browser: OpenBrowser, member: Browser) -> None:
    await member.post("/api/auth/mfa/enrol", {})

    wrong = await member.post("/api/auth/mfa/confirm", {"code": "000000"})

    assert code_of(wrong) == "wrong-code"
    assert (await (await open_browser()).sign_in("Anna")).status_code == 200


async def test_signing_in_takes_a_code(open_browser: OpenBrowser, enrolled: Enrolled) -> None:
    _, app, _ = enrolled
    visitor = await open_browser()

    without = await visitor.sign_in("Anna")
    wrong = await visitor.sign_in("Anna", code="000000")
    right = await visitor.sign_in("Anna", code=app.code())

    assert (without.status_code, code_of(without)) == (401, "second-factor-needed")
    assert (wrong.status_code, code_of(wrong)) == (401, "wrong-code")
    assert right.status_code == 200


async def test_a_wrong_password_does_not_tell_that_there_is_a_second_factor(
    open_browser: OpenBrowser, enrolled: Enrolled
) -> None:
    answer = await (await open_browser()).sign_in("Anna", "wrong " + PASSWORD)

    assert code_of(answer) == "wrong-credentials"


async def test_a_code_works_once_and_none_before_it(open_browser: OpenBrowser, enrolled: Enrolled) -> None:
    _, app, _ = enrolled
    later, now = app.code(1), app.code()
    assert (await (await open_browser()).sign_in("Anna", code=later)).status_code == 200

    assert (await (await open_browser()).sign_in("Anna", code=later)).status_code == 401
    assert (await (await open_browser()).sign_in("Anna", code=now)).status_code == 401


@pytest.mark.parametrize("ahead", [-3, -2, 2, 3])
async def test_codes_of_other_minutes_are_refused(open_browser: OpenBrowser, enrolled: Enrolled, ahead: int) -> None:
    assert (await (await open_browser()).sign_in("Anna", code=enrolled[1].code(ahead))).status_code == 401


async def test_ten_recovery_codes_work_once_each_and_the_owner_hears_of_it(
    open_browser: OpenBrowser, enrolled: Enrolled
) -> None:
    anna, _, codes = enrolled
    assert len(set(codes)) == 10

    first = await (await open_browser()).sign_in("Anna", code=codes[0].upper().replace("-", " "))
    again = await (await open_browser()).sign_in("Anna", code=codes[0])

    assert (first.status_code, again.status_code) == (200, 401)
    assert (await anna.get("/api/auth/mfa")).json()["data"] == {"enabled": True, "recovery_codes": 9}
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "A recovery code was used"


async def test_new_recovery_codes_replace_the_old_ones(open_browser: OpenBrowser, enrolled: Enrolled) -> None:
    anna, app, codes = enrolled
    fresh = await anna.post("/api/auth/mfa/recovery-codes", {"password": PASSWORD, "code": app.code()})

    assert (await (await open_browser()).sign_in("Anna", code=codes[0])).status_code == 401
    new = fresh.json()["data"]["recovery_codes"][0]
    assert (await (await open_browser()).sign_in("Anna", code=new)).status_code == 200


async def test_guessing_codes_ends_after_ten(open_browser: OpenBrowser, enrolled: Enrolled) -> None:
    visitor = await open_browser()
    answers = [(await visitor.sign_in("Anna", code=f"00000{number % 10}")).status_code for number in range(12)]

    assert answers == [401] * 10 + [429] * 2
    assert (await visitor.sign_in("Anna", code=enrolled[1].code())).status_code == 429


async def test_turning_it_off_takes_password_and_code(open_browser: OpenBrowser, enrolled: Enrolled) -> None:
    anna, app, _ = enrolled

    without = await anna.post("/api/auth/mfa/disable", {"password": PASSWORD})
    answer = await anna.post("/api/auth/mfa/disable", {"password": PASSWORD, "code": app.code()})

    assert code_of(without) == "confirm-code"
    assert answer.status_code == 200
    assert (await (await open_browser()).sign_in("Anna")).status_code == 200


async def test_turning_it_on_ends_the_other_sessions(open_browser: OpenBrowser, member: Browser) -> None:
    elsewhere = await open_browser()
    await elsewhere.sign_in("Anna")
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]

    await member.post("/api/auth/mfa/confirm", {"code": Authenticator(begun["secret"]).code()})

    assert (await elsewhere.get("/api/users/me")).status_code == 401
    assert (await member.get("/api/users/me")).status_code == 200


async def test_turning_it_on_gives_the_session_a_new_id_and_the_old_one_is_dead(member: Browser) -> None:
    await member.token()
    old = dict(member.http.cookies)
    before = (await member.get("/api/auth/sessions")).json()["data"]["items"]
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]

    await member.post("/api/auth/mfa/confirm", {"code": Authenticator(begun["secret"]).code()})

    after = (await member.get("/api/auth/sessions")).json()["data"]["items"]
    assert [len(before), len(after)] == [1, 1]
    assert before[0]["id"] != after[0]["id"]
    assert {**before[0], "id": "", "second_factor": True, "last_used_at": ""} == {
        **after[0],
        "id": "",
        "last_used_at": "",
    }
    assert member.http.cookies["mixline_session"] != old["mixline_session"]
    header = "; ".join(f"{name}={value}" for name, value in old.items())
    assert await sessions.resolve(header) is None
    assert await sessions.holder(header) is None  # as a socket's handshake asks
    assert await sessions.refresh(header) is None


async def test_a_password_shown_once_is_good_for_one_call(member: Browser, open_browser: OpenBrowser) -> None:
    """What a session may do never grows without a new id: only a sign-in, which has one, counts for longer."""
    await redis().flushdb()  # as if the sign-in were long ago
    await member.sign_in("Anna")
    await redis().delete(*[key async for key in redis().scan_iter("mixline:fresh:*")])

    first = await member.post("/api/auth/mfa/enrol", {"password": PASSWORD})
    second = await member.post("/api/auth/mfa/enrol", {})

    assert first.status_code == 200
    assert code_of(second) == "confirm-password"


async def test_with_a_second_factor_eight_characters_are_enough_for_a_password(enrolled: Enrolled) -> None:
    anna, app, _ = enrolled
    short = {"current": PASSWORD, "password": "Xk3vQz8w"}
    assert (await anna.post("/api/auth/password/change", short)).status_code == 200

    off = await anna.post("/api/auth/mfa/disable", {"password": "Xk3vQz8w", "code": app.code()})

    assert off.status_code == 422
    assert (await anna.get("/api/auth/mfa")).json()["data"]["enabled"]


async def test_without_one_they_are_not(member: Browser) -> None:
    answer = await member.post("/api/auth/password/change", {"current": PASSWORD, "password": "Xk3vQz8w"})

    assert answer.status_code == 422


async def test_neither_the_secret_nor_a_recovery_code_is_in_the_database(enrolled: Enrolled, db: AsyncSession) -> None:
    _, app, codes = enrolled
    query = "SELECT t::text FROM accounts.second_factor t UNION ALL SELECT t::text FROM accounts.recovery_code t"
    rows: list[Any] = list(await db.scalars(text(query)))

    assert len(rows) == 11
    for row in rows:
        assert app.totp.secret not in row
        assert app.totp.secret.encode().hex() not in row
        assert codes[0].replace("-", "") not in row


async def test_an_administrator_is_none_until_there_is_a_second_factor_and_keeps_it(
    member: Browser, db: AsyncSession
) -> None:
    account = await service.set_role(db, "anna@example.org", Role.ADMIN)
    await sessions.update_all(account.id, role=Role.ADMIN)
    before = await member.get("/api/admin/users")
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]
    app = Authenticator(begun["secret"])

    await member.post("/api/auth/mfa/confirm", {"code": app.code()})

    assert before.status_code == 403
    assert (await member.get("/api/admin/users")).status_code == 200
    off = await member.post("/api/auth/mfa/disable", {"password": PASSWORD, "code": app.code(1)})
    assert code_of(off) == "second-factor-required"
