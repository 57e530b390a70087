"""Reflex's configuration. Everything that differs between installations comes from services.infra.settings."""

import reflex as rx

from services.infra import kernel_cache
from services.infra.settings import get_settings

kernel_cache.configure()

config = rx.Config(
    app_name="app",
    app_module_import="app.app",
    # Replaced by the address of the open page when the front end is built: see app/frontend.py.
    api_url="http://mixline.invalid",
    redis_url=get_settings().page_state_redis_url,
    cors_allowed_origins=[],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
