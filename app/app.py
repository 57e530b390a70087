"""Puts the product together: pages, guard, REST API, background tasks, and the middleware around all of it."""

import importlib
import pkgutil

import reflex as rx
from reflex.utils.prerequisites import get_web_dir
from starlette.types import ASGIApp

from app import pages
from app.api.main import build_api
from app.api.middleware import page_addresses, protect, script_hashes
from app.api.session_middleware import SessionMiddleware
from app.background import lifespan
from app.layout import STYLESHEETS, head
from services.infra import log
from services.infra.settings import get_settings
from state.socket_guard import guard_events, watch_sessions

log.configure(get_settings().log_level)


class App(rx.App):
    """Reflex's app behind our own middleware, also around what Reflex adds outside of ``api_transformer``."""

    def __call__(self) -> ASGIApp:
        """The whole server as one ASGI application."""
        return protect(super().__call__(), script_hashes(get_web_dir()), page_addresses(get_web_dir()))


for page in pkgutil.iter_modules(pages.__path__):
    importlib.import_module(f"app.pages.{page.name}")

app = App(
    theme=None,
    stylesheets=STYLESHEETS,
    head_components=head(),
    html_lang="en",
    html_custom_attrs={"data-theme": "dark"},
    toaster=None,
    app_wraps={},
    api_transformer=[build_api(), SessionMiddleware],
)
guard_events(app)
app.register_lifespan_task(lifespan)
app.register_lifespan_task(watch_sessions(app))
