"""The account forms and the sign-out button: local React, since only a plain HTTP answer sets an HttpOnly cookie."""

import reflex as rx

_source = rx.asset("account_form.jsx", shared=True)


class AccountForm(rx.Component):
    """Signs in or creates an account through the REST API, then loads the start page with the new cookie.

    Attributes:
        mode: "sign-in" or "create-account".
    """

    library = _source.importable_path
    tag = "AccountForm"

    mode: rx.Var[str]


class SignOutButton(rx.Component):
    """Ends the session, then loads the start page."""

    library = _source.importable_path
    tag = "SignOutButton"


account_form = AccountForm.create
sign_out_button = SignOutButton.create
