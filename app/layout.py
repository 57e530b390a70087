"""The page decorator: address, title, frame and what runs on arrival, in one place."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from components.accounts import account_menu
from components.reviews import due_badge
from components.ui import nav_link, shell
from state import routes
from state.reviews import ReviewState
from state.session import SessionState

STYLESHEETS = [
    "/mixline.css",
    "/play.css",
    "/analysis.css",
    "/two-tables.css",
    "/accounts.css",
    "/boards.css",
    "/solve.css",
    "/library.css",
    "/drills.css",
    "/memory.css",
    "/admin.css",
]

_LINKS = (
    ("Play", routes.HOME),
    ("Drills", routes.DRILLS),
    ("Library", routes.SOLUTIONS),
    ("Daily", routes.DAILY),
    (due_badge, routes.REVIEW),
    ("Dashboard", routes.DASHBOARD),
    ("History", routes.HISTORY),
    ("Leaderboard", routes.LEADERBOARD),
    ("Solve", routes.SOLVE),
)


def head() -> list[rx.Component]:
    """What every document's head carries: the theme before the first paint, the font, the icon."""
    return [
        rx.el.script(src="/theme.js"),
        rx.el.link(
            rel="preload",
            href="/inter.woff2",
            custom_attrs={"as": "font", "type": "font/woff2", "crossOrigin": "anonymous"},
        ),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.meta(name="color-scheme", content="dark light"),
    ]


def page(
    route: str,
    title: str,
    policy: str = "public",
    *,
    on_load: Any = None,
    description: str = "A self-hosted GTO trainer for no-limit hold'em.",
) -> Callable[[Callable[[], rx.Component]], Callable[[], rx.Component]]:
    """Registers a page inside the shell.

    Args:
        route: The address, from state.routes.
        title: The document's title without the product's name.
        policy: Who the page is for (state.guard.Policy); the guarding itself is done per handler.
        on_load: Handlers that run on arrival.
        description: The document's description.
    """

    def decorate(content: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
        def framed() -> rx.Component:
            links = [
                nav_link(text if isinstance(text, str) else text(), href, current=href == route)
                for text, href in _LINKS
            ]
            administration = nav_link("Administration", routes.ADMIN, current=route.startswith(routes.ADMIN))
            links.append(rx.cond(SessionState.administrates, administration, rx.fragment()))
            return shell(content(), links=links, account=account_menu(), notice=SessionState.notice)

        framed.__name__ = content.__name__
        framed.__doc__ = content.__doc__
        framed.__policy__ = str(policy)  # type: ignore[attr-defined]
        loads = on_load if isinstance(on_load, list) else [on_load] if on_load is not None else []
        rx.page(route=route, title=f"{title} · Mixline", description=description, on_load=[*loads, ReviewState.count])(
            framed
        )
        return content

    return decorate
