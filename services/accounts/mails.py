"""The texts of the mails about an account.

Links carry their secret behind ``#``, so it reaches no server log and no Referer.
"""

from __future__ import annotations

from datetime import datetime

from services.infra.settings import get_settings
from services.mail.message import Mail

_NOT_YOU = "If that was not you, nothing has to be done: without this mail nobody gets any further."


def _link(path: str, secret: str) -> str:
    return f"{get_settings().site}{path}#{secret}"


def _mail(to: str, subject: str, *paragraphs: str) -> Mail:
    return Mail(to, subject, "\n\n".join((*paragraphs, f"Mixline\n{get_settings().site}\n")))


def confirm_registration(to: str, secret: str) -> Mail:
    """The link that makes the account."""
    return _mail(
        to,
        "Confirm your address",
        "Somebody, most likely you, asked for a Mixline account with this address. This link makes it:",
        _link("/verify-email", secret),
        f"It works once, within an hour. {_NOT_YOU}",
    )


def already_registered(to: str) -> Mail:
    """For the owner of an address that somebody wanted to register again."""
    site = get_settings().site
    return _mail(
        to,
        "You already have an account",
        "Somebody, most likely you, asked for a Mixline account with this address. You have one already.",
        f"Sign in: {site}/sign-in\nForgot the password? {site}/forgot-password",
        "If that was not you, nothing has to be done: nothing was changed.",
    )


def verify_address(to: str, secret: str) -> Mail:
    """The link that confirms the address of an account."""
    return _mail(
        to,
        "Confirm your address",
        "This is the address of your Mixline account. Confirm it, so that a forgotten password can be reset:",
        _link("/verify-email", secret),
        f"The link works once, within an hour. {_NOT_YOU}",
    )


def reset_password(to: str, secret: str) -> Mail:
    """The link to a new password."""
    return _mail(
        to,
        "Set a new password",
        "Somebody, most likely you, asked for a new password for the Mixline account with this address:",
        _link("/reset-password", secret),
        f"The link works once, within an hour. {_NOT_YOU}",
    )


def confirm_change(to: str, secret: str) -> Mail:
    """To the new address."""
    return _mail(
        to,
        "Confirm your new address",
        "This link makes this the address of your Mixline account:",
        _link("/verify-email", secret),
        f"It works once, within an hour. {_NOT_YOU}",
    )


def changing_address(to: str) -> Mail:
    """To the old address, when the change is asked for."""
    return _mail(
        to,
        "Your address is about to change",
        "Somebody signed in to your Mixline account asked to change its address. It changes when the new one is "
        "confirmed.",
        f"If that was not you, set a new password now: {get_settings().site}/forgot-password",
    )


def address_changed(to: str) -> Mail:
    """To the old address, when it is one no more."""
    return _mail(
        to,
        "Your address was changed",
        "Your Mixline account has another address now; this one can't be used to sign in any more.",
        "If that was not you, tell whoever runs this server.",
    )


def password_changed(to: str) -> Mail:
    """After every change of the password."""
    return _mail(
        to,
        "Your password was changed",
        "The password of your Mixline account was changed, and other devices were signed out.",
        f"If that was not you, set a new one now: {get_settings().site}/forgot-password",
    )


def second_factor_changed(to: str, *, enabled: bool) -> Mail:
    """After the second factor was turned on or off."""
    text = "Signing in now takes a code of your authenticator app." if enabled else "Signing in takes no code any more."
    return _mail(
        to,
        "Second factor turned on" if enabled else "Second factor turned off",
        text,
        f"If that was not you, set a new password now: {get_settings().site}/forgot-password",
    )


def recovery_code_used(to: str, left: int) -> Mail:
    """A recovery code is rarely used by habit."""
    return _mail(
        to,
        "A recovery code was used",
        f"Somebody signed in to your Mixline account with a recovery code. {left} are left.",
        f"If that was not you, set a new password now: {get_settings().site}/forgot-password",
    )


def sign_in_linked(to: str, provider: str) -> Mail:
    """Another site may sign in."""
    return _mail(
        to,
        f"{provider} can sign you in",
        f"Your account at {provider} was linked to your Mixline account and can sign you in.",
        f"If that was not you, unlink it: {get_settings().site}/account",
    )


def api_token_created(to: str, name: str) -> Mail:
    """A token for scripts exists."""
    return _mail(
        to,
        "A personal token was made",
        f"A token with the name “{name}” was made in your Mixline account. Scripts can use it in your name.",
        f"If that was not you, revoke it and set a new password: {get_settings().site}/account",
    )


def deletion_requested(to: str, due: datetime) -> Mail:
    """With the way back."""
    return _mail(
        to,
        "Your account will be deleted",
        f"Your Mixline account and everything in it will be deleted on {due:%d %B %Y}.",
        f"To keep it, sign in before that and choose “Keep my account”: {get_settings().site}/account",
    )


def account_erased(to: str) -> Mail:
    """The last mail."""
    return _mail(to, "Your account was deleted", "Your Mixline account and everything in it is gone.")
