"""What passwords are accepted, and how they are hashed."""

from __future__ import annotations

import asyncio

import pytest

from services.accounts import passwords
from services.infra.errors import Unavailable


@pytest.mark.parametrize(
    "password",
    [
        "fourteen chars",
        "passwordpassword1",
        "P@ssw0rdP@ssw0rd!",
        "qwertyuiop12345",
        "123456789012345678",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "letmein-letmein-2024",
        "correct horse battery staple",
        "1qaz2wsx3edc4rfv",
        "ILOVEYOUILOVEYOU",
        "x" * 257,
    ],
)
def test_a_short_common_repeated_or_endless_password_is_refused(password: str) -> None:
    assert passwords.problem(password)


@pytest.mark.parametrize(
    "password", ["purple wagon eats seventeen", "Xk9#mQ2vL7pR4tZ", "ñandú über Çeşme 7 kaffee", "kx9 tuba lemon q7"]
)
def test_any_other_password_of_fifteen_characters_is_fine_whatever_it_is_composed_of(password: str) -> None:
    assert passwords.problem(password, name="Bo", email="bo@example.org") == ""


@pytest.mark.parametrize("password", ["river anna.schmidt ocean", "the ANNA SCHMIDT ocean", "tall anna.schmidt@x.org"])
def test_a_password_with_the_own_name_or_address_is_refused(password: str) -> None:
    assert "name" in passwords.problem(password, name="Anna Schmidt", email="anna.schmidt@x.org")


async def test_the_hash_is_argon2id_with_at_least_19_mib_and_two_passes() -> None:
    hashed = await passwords.hash_password("purple wagon eats seventeen")

    algorithm, version, costs = hashed.split("$")[1:4]
    memory, time, _parallelism = (int(cost.split("=")[1]) for cost in costs.split(","))
    assert (algorithm, version) == ("argon2id", "v=19")
    assert memory >= 19 * 1024
    assert time >= 2


async def test_the_right_password_fits_and_every_other_does_not() -> None:
    hashed = await passwords.hash_password("purple wagon eats seventeen")

    assert (await passwords.verify("purple wagon eats seventeen", hashed))[0]
    assert not (await passwords.verify("purple wagon eats seventeeN", hashed))[0]


async def test_the_same_text_composed_otherwise_is_the_same_password() -> None:
    hashed = await passwords.hash_password("caf\u00e9 on the north side")

    assert (await passwords.verify("cafe\u0301 on the north side", hashed))[0]


async def test_nobodys_password_never_fits_not_even_the_one_behind_the_stand_in_hash() -> None:
    assert not (await passwords.verify("the password of nobody", None))[0]


async def test_a_full_line_is_turned_away_instead_of_growing() -> None:
    outcomes = await asyncio.gather(
        *(passwords.verify("purple wagon eats seventeen", None) for _ in range(passwords._LINE + 5)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 5
    assert passwords._in_line == 0


def test_none_of_the_most_frequent_passwords_is_accepted_however_long() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    frequent = list(FREQUENCY_LISTS["passwords"])
    long = [password for password in frequent if len(password) >= 15]

    assert len(long) > 20
    assert [password for password in long if not passwords.problem(password)] == []
    assert [password for password in frequent[:3000] if not passwords.problem(password.upper(), least=8)] == []
