"""Whoever changes how an account is entered proves once more to be its owner: a session left open is not enough."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.accounts import identities, passwords, second_factor, service, throttle
from services.accounts.principals import Principal
from services.infra.db import transaction
from services.infra.errors import FieldError, Invalid, Unauthorized


class Proof(BaseModel):
    """The account's password; for an account without one a code of its second factor, or a sign-in just now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    password: Annotated[SecretStr | None, Field(max_length=512)] = None
    code: Annotated[str | None, Field(max_length=64)] = None


async def prove_owner(principal: Principal, proof: Proof, *, recent: bool = False, with_code: bool = False) -> None:
    """Let the owner pass, this once: only a sign-in, which has a session of its own, is good for more calls.

    Args:
        principal: The session's user.
        proof: What the caller shows.
        recent: A sign-in within the last quarter of an hour is proof enough.
        with_code: The second factor is asked for as well, where there is one.

    Raises:
        Invalid: The password or the code is missing or wrong, at its field.
        Unauthorized: Only a new sign-in can prove it.
        TooMany: There were too many tries.
    """
    if recent and await identities.is_fresh(principal.session_id):
        return
    async with transaction() as db:
        password_hash = await service.password_hash_of(db, principal.user_id)
        has_code = await second_factor.is_enabled(db, principal.user_id)
    who = str(principal.user_id)
    if password_hash is not None:
        await check_password(who, proof.password, password_hash)
    elif not has_code and not await identities.is_fresh(principal.session_id):
        raise Unauthorized("Sign in once more, then do this within a quarter of an hour.", code="sign-in-again")
    if has_code and (with_code or password_hash is None):
        await prove_code(principal, proof.code)


async def check_password(who: str, password: SecretStr | None, password_hash: str) -> None:
    """Let the right password pass; ``who`` is what tries are counted for.

    Raises:
        Invalid: It is missing or wrong.
        TooMany: There were too many tries.
    """
    given = password.get_secret_value() if password is not None else ""
    if not given:
        raise _missing("password", "Enter your password.", "confirm-password")
    verdict = (await throttle.take(throttle.OWNER, who)).enforce()
    if not (await passwords.verify(given, password_hash))[0]:
        raise _missing("password", "This is not your password.", "wrong-password")
    await throttle.give_back(verdict, who)


async def prove_code(principal: Principal, code: str | None) -> None:
    """Use up a code of the owner's second factor.

    Raises:
        Invalid: It is missing or wrong.
        TooMany: There were too many tries.
    """
    if not code:
        raise _missing("code", "Enter a code of your authenticator app, or a recovery code.", "confirm-code")
    who = str(principal.user_id)
    verdict = (await throttle.take(throttle.SECOND_FACTOR, who)).enforce()
    async with transaction() as db:
        fits = await second_factor.use(db, principal.user_id, code)
    if not fits:
        raise second_factor.wrong_code()
    await throttle.give_back(verdict, who)


def _missing(field: str, text: str, code: str) -> Invalid:
    return Invalid(text, code=code, errors=[FieldError(field, text)])
