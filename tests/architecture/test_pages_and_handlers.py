"""Every page is registered and every event handler has a policy."""

from __future__ import annotations

import pkgutil
import re

from reflex_base.registry import RegistrationContext

import app.app
import app.pages
from services.infra.settings import ROOT
from state import routes
from state.guard import policy_of


def test_every_page_module_registers_a_page():
    decorated = (options for _, options in RegistrationContext.ensure_context().decorated_pages)
    registered = {options["route"].strip("/") or "index" for options in decorated}
    silent = []
    for module in pkgutil.iter_modules(app.pages.__path__):
        source = (ROOT / "app" / "pages" / f"{module.name}.py").read_text()
        if not re.search(r"@page\(", source):
            silent.append(module.name)
    assert silent == []
    assert registered >= {address.strip("/") or "index" for address in addresses() if "[" not in address}


def addresses() -> list[str]:
    """Every address that state.routes names and a page module uses."""
    used = "".join(path.read_text() for path in (ROOT / "app" / "pages").glob("*.py"))
    return [value for name, value in vars(routes).items() if name.isupper() and f"@page(routes.{name}," in used]


def test_every_event_handler_has_a_policy():
    ours = {
        name
        for name, one in RegistrationContext.ensure_context().event_handlers.items()
        if one.handler.fn.__module__.startswith(("app.", "components.", "state."))
    }
    assert len(ours) > 10
    assert {name for name in ours if policy_of(name) is None} == set()
