"""The pages of administration."""

import reflex as rx

from app.layout import page
from components.admin import accounts, administration, audit_trail, everybodys_solves, fair_play
from components.admin import overview as figures
from state import routes
from state.admin import AdminAuditState, AdminJobsState, AdminState, AdminUsersState
from state.admin_fair_play import AdminFairPlayState


@page(routes.ADMIN, "Administration", "admin", on_load=AdminState.load)
def overview() -> rx.Component:
    """Figures and the newest lines of the audit trail."""
    return administration(
        routes.ADMIN, "Administration", "Who is here, what runs, and what happened lately.", figures()
    )


@page(routes.ADMIN_USERS, "Accounts", "admin", on_load=AdminUsersState.load)
def users() -> rx.Component:
    """Search, roles, suspensions."""
    words = "Change a role or suspend an account; its open pages follow within a second."
    return administration(routes.ADMIN_USERS, "Accounts", words, accounts())


@page(routes.ADMIN_JOBS, "Solves", "admin", on_load=AdminJobsState.load)
def jobs() -> rx.Component:
    """Everybody's solves."""
    words = "What players asked the solver for. A cancelled solve goes on where somebody else asked for the same one."
    return administration(routes.ADMIN_JOBS, "Solves", words, everybodys_solves())


@page(routes.ADMIN_AUDIT, "Audit trail", "admin", on_load=AdminAuditState.load)
def audit() -> rx.Component:
    """Who did what to whom."""
    words = "Who did what to whom, newest first. It only grows; the command ./mixline audit verify checks every line."
    return administration(routes.ADMIN_AUDIT, "Audit trail", words, audit_trail())


@page(routes.ADMIN_FAIR_PLAY, "Fair play", "admin", on_load=AdminFairPlayState.load)
def studies() -> rx.Component:
    """Who studied the boards of a ranked set."""
    words = "Who opened, solved or asked for a ranked set's boards in the week before it, or while it ran."
    return administration(routes.ADMIN_FAIR_PLAY, "Fair play", words, fair_play())
