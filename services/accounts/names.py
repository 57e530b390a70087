"""Display names and mail addresses: what is accepted, and how two of them are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from services.infra.errors import FieldError, Invalid

MIN_LENGTH: Final = 2
MAX_LENGTH: Final = 30
MAX_EMAIL: Final = 254
_RESERVED: Final = re.compile(r"(guest( [0-9a-f]{4})?|admin(istrator)?|mixline|moderator|root|system|support)")
# Unicode counts these as letters, marks or symbols, and shows nothing (Default_Ignorable_Code_Point, and a blank).
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
# Letters that look alike across these alphabets let one player pass for another.
_LOOKALIKE_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
# What browsers accept in a field of type email (WHATWG HTML, "valid e-mail address").
_EMAIL: Final = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)


def clean_name(text: str) -> str:
    """The name as it is shown: NFC, no space around it and single ones inside.

    Raises:
        Invalid: The name is too short or long, reserved, or holds characters that hide or disguise.
    """
    name = re.sub(r"[\u0020\u00a0]+", " ", unicodedata.normalize("NFC", text)).strip()
    problem = _name_problem(name)
    if problem:
        raise Invalid("The name can't be used.", errors=[FieldError("name", problem)])
    return name


def _name_problem(name: str) -> str:
    if not MIN_LENGTH <= len(name) <= MAX_LENGTH:
        return f"A name has {MIN_LENGTH} to {MAX_LENGTH} characters."
    categories = [unicodedata.category(character) for character in name]
    pairs = zip(categories, name, strict=True)
    hidden = any(category[0] == "C" or (category[0] == "Z" and character != " ") for category, character in pairs)
    if hidden or _UNSEEN.search(name):
        return "A name can't hold control, formatting or invisible characters."
    if "MMM" in "".join(category[0] for category in categories) or categories[0][0] == "M":
        return "A name can't stack accents."
    if not any(category[0] in "LN" for category in categories):
        return "A name needs a letter or a digit."
    scripts = {unicodedata.name(char, "").split(" ", 1)[0] for char in name if char.isalpha()}
    if len(scripts.intersection(_LOOKALIKE_SCRIPTS)) > 1:
        return "A name can't mix alphabets that look alike."
    if _RESERVED.fullmatch(name_key(name)):
        return "That name is reserved."
    return ""


def name_key(name: str) -> str:
    """What is unique: compatibility forms and case are folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def clean_email(text: str) -> str:
    """The address in lower case.

    Raises:
        Invalid: It is none.
    """
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        problem = FieldError("email", "This is not an e-mail address.")
        raise Invalid("The e-mail address can't be used.", errors=[problem])
    return email
