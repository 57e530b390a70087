"""The second factor: time-based codes of an authenticator app (RFC 6238), and recovery codes for the day it is lost.

The shared secret is sealed in the database. A code is good for its own half minute and the ones beside it, and once:
the time step of the newest code used is remembered, and it and all before are refused. Recovery codes have 80 random
bits, are kept as hashes, and leave the table when they are used.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pyotp
import segno
from pyotp.totp import TOTP
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import credentials_repository as store
from services.accounts import mails, passwords, repository, service
from services.accounts.events import (
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
    SecondFactorDenied,
    SecondFactorDisabled,
    SecondFactorEnabled,
)
from services.accounts.models import SecondFactor
from services.accounts.principals import Role
from services.accounts.service import Account
from services.infra import sealing
from services.infra.clock import now
from services.infra.errors import Conflict, FieldError, Forbidden, Invalid
from services.mail import service as mail

CODES: Final = 10
_STEP_S: Final = 30
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_WRONG: Final = "This code is wrong, or was used before. Wait for the next one."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the app needs to know: the secret as text, and the same as a QR code."""

    secret: str
    uri: str
    qr_svg: str


@dataclass(frozen=True, slots=True)
class Status:
    """Whether codes are asked for, and how many recovery codes are left."""

    enabled: bool
    recovery_codes: int


def wrong_code() -> Invalid:
    """The answer to a code that is not the one."""
    return Invalid("The code was refused.", code="wrong-code", errors=[FieldError("code", _WRONG)])


async def status(db: AsyncSession, user_id: UUID) -> Status:
    """As the owner sees it."""
    enabled = await is_enabled(db, user_id)
    return Status(enabled, await store.count_recovery_codes(db, user_id) if enabled else 0)


async def is_enabled(db: AsyncSession, user_id: UUID) -> bool:
    """Whether signing in takes a code."""
    factor = await store.find_second_factor(db, user_id)
    return factor is not None and factor.enabled_at is not None


async def least_password(db: AsyncSession, user_id: UUID) -> int:
    """The shortest password the account may have."""
    return passwords.MIN_LENGTH_WITH_CODE if await is_enabled(db, user_id) else passwords.MIN_LENGTH


async def begin(db: AsyncSession, user_id: UUID) -> Enrolment:
    """A secret for a new app; nothing is asked for before `enable`.

    Raises:
        Conflict: There is a second factor already.
    """
    user = await service.locked(db, user_id)
    if await is_enabled(db, user_id):
        raise Conflict("You have a second factor already. Turn it off to use another app.", code="second-factor-on")
    secret = pyotp.random_base32(32)
    await store.put_second_factor(db, user_id, sealing.seal(secret.encode()))
    uri = TOTP(secret).provisioning_uri(name=user.email or user.name, issuer_name="Mixline")
    code = segno.make(uri, error="m", micro=False)
    svg = code.svg_inline(scale=5, border=4, omitsize=True, dark="#000", light="#fff")
    return Enrolment(secret, uri, svg)


async def enable(db: AsyncSession, user_id: UUID, code: str) -> list[str]:
    """Ask for codes from now on, once the app has shown one; returns the recovery codes, which are shown this once.

    Raises:
        Invalid: The code is wrong.
        Conflict: Nothing was begun, or it is on already.
    """
    user = await service.locked(db, user_id)
    factor = await store.find_second_factor(db, user_id)
    if factor is None or factor.enabled_at is not None:
        raise Conflict("Begin again: there is nothing to confirm.", code="nothing-to-confirm")
    if not await _use_code(db, factor, code):
        raise wrong_code()
    await store.enable_second_factor(db, user_id)
    codes = await _fresh_codes(db, user_id)
    await service.record(db, user, SecondFactorEnabled(user_id=user_id))
    if user.email is not None:
        await mail.send(db, mails.second_factor_changed(user.email, enabled=True))
    return codes


async def disable(db: AsyncSession, user_id: UUID, password: str | None) -> None:
    """Ask for no code any more. The caller has checked who asks; ``password`` is the one that was right.

    Raises:
        Forbidden: Administrators need one.
        Invalid: The password is too short to stand alone.
    """
    user = await service.locked(db, user_id)
    if user.role == Role.ADMIN:
        raise Forbidden("Administrators need a second factor.", code="second-factor-required")
    if password is not None and len(passwords.normalise(password)) < passwords.MIN_LENGTH:
        text = f"Set one of at least {passwords.MIN_LENGTH} characters first: this one is too short to stand alone."
        raise Invalid("The second factor stays on.", errors=[FieldError("password", text)])
    if await store.find_second_factor(db, user_id) is None:
        return
    await store.drop_second_factor(db, user_id)
    await service.record(db, user, SecondFactorDisabled(user_id=user_id))
    if user.email is not None:
        await mail.send(db, mails.second_factor_changed(user.email, enabled=False))


async def take_off(db: AsyncSession, email: str) -> Account:
    """The operator's way for somebody who lost the app and the recovery codes.

    Raises:
        NotFound: Nobody has the address.
    """
    user = await service.locked_by_email(db, email)
    await store.drop_second_factor(db, user.id)
    await service.record(db, user, SecondFactorDisabled(user_id=user.id), by=service.OPERATOR)
    await mail.send(db, mails.second_factor_changed(email.strip().lower(), enabled=False))
    return service.account_of(user)


async def replace_recovery_codes(db: AsyncSession, user_id: UUID) -> list[str]:
    """Ten new ones; the old ones are worth nothing any more.

    Raises:
        Conflict: There is no second factor.
    """
    user = await service.locked(db, user_id)
    if not await is_enabled(db, user_id):
        raise Conflict("There is no second factor.", code="second-factor-off")
    codes = await _fresh_codes(db, user_id)
    await service.record(db, user, RecoveryCodesReplaced(user_id=user_id))
    return codes


async def use(db: AsyncSession, user_id: UUID, code: str) -> bool:
    """Use up a code of the app or a recovery code; False: it is neither, and that is on record."""
    user = await service.locked(db, user_id)
    factor = await store.find_second_factor(db, user_id)
    if factor is not None and factor.enabled_at is not None:
        if await _use_code(db, factor, code):
            return True
        if await store.use_recovery_code(db, user_id, _code_hash(user_id, code)):
            left = await store.count_recovery_codes(db, user_id)
            await service.record(db, user, RecoveryCodeUsed(user_id=user_id, left=left))
            if user.email is not None:
                await mail.send(db, mails.recovery_code_used(user.email, left))
            return True
    await service.record(db, user, SecondFactorDenied(user_id=user_id))
    return False


async def _use_code(db: AsyncSession, factor: SecondFactor, code: str) -> bool:
    digits = re.sub(r"[\s-]", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return False
    totp = TOTP(sealing.unseal(factor.sealed_secret).decode())
    step = int(now().timestamp()) // _STEP_S
    fits = [one for one in (step - 1, step, step + 1) if secrets.compare_digest(totp.generate_otp(one), digits)]
    return bool(fits) and await store.use_step(db, factor.user_id, fits[-1])


async def _fresh_codes(db: AsyncSession, user_id: UUID) -> list[str]:
    raw = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(CODES)]
    codes = ["-".join(one[at : at + 4] for at in range(0, 16, 4)) for one in raw]
    await store.put_recovery_codes(db, user_id, [_code_hash(user_id, one) for one in codes])
    await repository.change(db, user_id)
    return codes


def _code_hash(user_id: UUID, code: str) -> str:
    """However it was typed: case, spaces and dashes say nothing."""
    plain = re.sub(r"[^a-z0-9]", "", code.lower())
    return hashlib.sha256(f"{user_id}:{plain}".encode()).hexdigest()
