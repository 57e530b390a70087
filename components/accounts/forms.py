"""The account's forms and pages: local React, since only a plain HTTP answer sets an HttpOnly cookie.

All of it speaks to the REST API, never to the socket: no password or token passes through a state.
"""

import reflex as rx

# Imported by the modules below, from the same folder.
for part in ("parts", "second_factor", "account_lists"):
    rx.asset(f"{part}.jsx", shared=True)
_forms = rx.asset("account_form.jsx", shared=True)
_mail_pages = rx.asset("mail_pages.jsx", shared=True)
_account_page = rx.asset("account_page.jsx", shared=True)


class AccountForm(rx.Component):
    """Signs in or creates an account through the REST API, then loads the start page with the new cookie.

    Attributes:
        mode: "sign-in" or "create-account".
    """

    library = _forms.importable_path
    tag = "AccountForm"

    mode: rx.Var[str]


class SignOutButton(rx.Component):
    """Ends the session, then loads the start page."""

    library = _forms.importable_path
    tag = "SignOutButton"


class ForgotPassword(rx.Component):
    """Asks for a link by mail."""

    library = _mail_pages.importable_path
    tag = "ForgotPassword"


class ResetPassword(rx.Component):
    """Sets a new password with the link's secret, which stands behind "#" in the address."""

    library = _mail_pages.importable_path
    tag = "ResetPassword"


class VerifyEmail(rx.Component):
    """Confirms an address with the link's secret."""

    library = _mail_pages.importable_path
    tag = "VerifyEmail"


class AccountPage(rx.Component):
    """Everything about one's own account."""

    library = _account_page.importable_path
    tag = "AccountPage"


account_form = AccountForm.create
sign_out_button = SignOutButton.create
forgot_password_form = ForgotPassword.create
reset_password_form = ResetPassword.create
verify_email_form = VerifyEmail.create
account_settings = AccountPage.create
