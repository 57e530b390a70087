"""What names and addresses are accepted."""

from __future__ import annotations

import pytest

from services.accounts.names import clean_email, clean_name, name_key
from services.infra.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Anna   B ", "Anna B"),
        ("Jose\u0301", "Jos\u00e9"),
        ("李小龙", "李小龙"),
        ("x9", "x9"),
        ("Ünal O'Neil", "Ünal O'Neil"),
    ],
)
def test_a_name_is_composed_and_its_spaces_are_tidied(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "a",
        "x" * 31,
        "",
        "   ",
        "--",
        "Anna\u202eevil",
        "An\u200bna",
        "An\nna",
        "An\x00na",
        "An\ufeffna",
        "An\u2028na",
        "\ud800ab",
        "\ue000ab",
        "Ann\u0430",
        "Z\u0337\u0322\u0321algo",
        "\u0301abc",
        "Guest 4F2A",
        "ADMIN",
        "mixline",
        "Anna\u3164",
        "admin\u115f",
        "\uffa0\uffa0a",
        "Anna\ufe0f",
        "An\u034fna",
        "Anna\u2800",
    ],
)
def test_a_name_that_hides_disguises_or_pretends_is_refused_with_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_name(typed)

    assert [problem.path for problem in refused.value.errors] == ["name"]


@pytest.mark.parametrize(
    ("one", "other"), [("Anna", "aNNA"), ("STRASSE", "straße"), ("Ｗide", "Wide"), ("JOSÉ", "jose\u0301")]
)
def test_names_that_differ_in_case_or_width_only_are_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_an_address_is_compared_in_lower_case() -> None:
    assert clean_email(" Anna.B+poker@Example.ORG ") == "anna.b+poker@example.org"


@pytest.mark.parametrize(
    "typed",
    ["", "anna", "@x.org", "anna@", "an na@x.org", "anna@x..org", "anna@-x.org", "a\x00@x.org", "a" * 250 + "@x.org"],
)
def test_what_is_no_address_is_refused_with_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_email(typed)

    assert refused.value.errors[0].path == "email"
