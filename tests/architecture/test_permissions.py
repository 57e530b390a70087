"""Every door names a permission of the one table: routes, event handlers and pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from reflex_base.registry import RegistrationContext
from starlette.routing import BaseRoute, Mount

import app.app
from app.api.main import build_api
from services.accounts.permissions import TABLE, Permission
from services.accounts.principals import Role
from state.guard import policy_of

# What a visitor without a session may do. Whoever adds a line here opens a door to everybody.
OPEN_ROUTES = {
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /api/auth/csrf",
    "POST /api/auth/login",
    "POST /api/auth/register",
    "POST /api/auth/refresh",
    "POST /api/auth/password/forgot",
    "POST /api/auth/password/reset",
    "POST /api/auth/email/verify",
    "POST /api/auth/mfa/verify",
    "GET /api/auth/oauth",
    "GET /api/auth/oauth/{key}/start",
    "GET /api/auth/oauth/{key}/callback",
    "GET /api/spots",
    "GET /api/spots/growth",
    "GET /api/spots/{spot_id}",
    "GET /api/ranked/sets",
    "GET /api/ranked/sets/{set_id}",
    "GET /api/ranked/sets/{set_id}/verification",
    "GET /api/solutions/{solution_id}",
    "GET /api/solutions/{solution_id}/subgame",
    "GET /api/training/drills/presets",
    "GET /api/training/drills/links/{link}",
    "GET /api/leaderboards/{board}",
    "GET /api/leaderboards/{board}/events",
}
BY_SESSION_ONLY = ("/api/auth/", "/api/users/")


def routes(found: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, Dependant]]:
    for context in iter_route_contexts(found):
        route = context.original_route
        if isinstance(route, Mount):
            yield from routes(route.routes, prefix + route.path)
        elif isinstance(route, APIRoute):
            for verb in sorted(context.methods or ()):
                yield f"{verb} {prefix}{context.path}", context.dependant


def permissions(dependant: Dependant) -> set[Permission]:
    """What a route's dependencies ask for."""
    own = getattr(dependant.call, "permission", None)
    below = [one for child in dependant.dependencies for one in permissions(child)]
    return {*below, *([own] if own is not None else [])}


API = dict(routes(build_api().routes))


def needed(name: str) -> Permission | None:
    """The highest permission that a route asks for."""
    asked = permissions(API[name])
    return max(asked, key=lambda one: list(Permission).index(one), default=None)


def test_every_permission_is_a_row_of_the_table():
    assert set(TABLE) == set(Permission)


def test_every_route_names_a_permission():
    assert len(API) > 30
    assert [name for name in API if needed(name) is None] == []


def test_only_the_known_routes_are_open_to_everybody():
    assert {name for name in API if needed(name) is Permission.PUBLIC} - OPEN_ROUTES == set()


def test_administration_is_for_administrators_with_a_second_factor():
    administration = [name for name in API if " /api/admin" in name]

    assert len(administration) >= 7
    assert {needed(name) for name in administration} == {Permission.ADMIN}
    assert TABLE[Permission.ADMIN].least is Role.ADMIN
    assert TABLE[Permission.ADMIN].second_factor


def test_no_personal_token_reaches_the_account_itself():
    account = [name for name in API if name.split(" ")[1].startswith(BY_SESSION_ONLY)]
    closed = {name for name in account if needed(name) is not Permission.PUBLIC}
    by_token = {name for name in closed if TABLE[needed(name) or Permission.PUBLIC].scope is not None}

    assert by_token == {"GET /api/users/me"}


def test_every_handler_and_page_names_a_permission_of_the_table():
    handlers = {
        name: policy_of(name)
        for name, one in RegistrationContext.ensure_context().event_handlers.items()
        if one.handler.fn.__module__.startswith(("app.", "components.", "state."))
    }
    pages = {
        options["route"]: getattr(content, "__policy__", None)
        for content, options in RegistrationContext.ensure_context().decorated_pages
    }
    assert app.app.app is not None
    assert {name for name, one in handlers.items() if one not in TABLE} == set()
    assert {route for route, one in pages.items() if one not in set(Permission)} == set()


def test_the_pages_and_handlers_of_administration_are_for_administrators():
    pages = {
        options["route"]: getattr(content, "__policy__", None)
        for content, options in RegistrationContext.ensure_context().decorated_pages
        if options["route"].strip("/").startswith("admin")
    }
    handlers = {
        policy_of(name)
        for name, one in RegistrationContext.ensure_context().event_handlers.items()
        if one.handler.fn.__module__.startswith("state.admin")
    }
    assert set(pages.values()) == {"admin"}
    assert len(pages) >= 4
    assert handlers == {Permission.ADMIN}
