"""The REST API under ``/api`` with its document, and health and metrics beside it."""

from __future__ import annotations

from fastapi import FastAPI

from app.api import (
    admin,
    auth,
    document,
    drills,
    errors,
    health,
    history,
    leaderboards,
    mail_links,
    mfa,
    oauth,
    personal_tokens,
    ranked,
    reviews,
    sessions,
    solutions,
    solves,
    spots,
    training,
    users,
)
from app.api.deps import OPEN
from app.api.envelope import ErrorEnvelope
from app.api.rate_limit import RateLimit

ROUTERS = (
    auth.router,
    auth.renewing,
    mail_links.router,
    mfa.router,
    oauth.router,
    personal_tokens.router,
    sessions.router,
    users.router,
    leaderboards.router,
    spots.router,
    solutions.router,
    solves.router,
    training.router,
    ranked.router,
    history.router,
    reviews.router,
    drills.router,
    drills.ranges,
    admin.router,
)


def build_api() -> FastAPI:
    """The application that Reflex's own is mounted in."""
    rest = FastAPI(
        title="Mixline",
        version=health.version(),
        description=(
            "Training against solved spots. Every answer is in the envelope {success, code, message, data, timestamp}."
        ),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses={"default": {"model": ErrorEnvelope, "description": "An error"}},
    )
    rest.add_middleware(auth.CsrfMiddleware)
    rest.add_middleware(RateLimit)
    for router in ROUTERS:
        rest.include_router(router)
    errors.install(rest)
    document.install(rest)

    whole = FastAPI(openapi_url=None)
    whole.include_router(health.router, dependencies=[OPEN])
    whole.mount("/api", rest)
    return whole
