"""The product as a user starts it, and people of every role on it.

``MIXLINE_ATTACK=http://localhost:3000`` with ``MIXLINE_ATTACK_DATA`` (its data folder) attacks a
product that runs already, instead of starting one: its log must be at level info.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.infra.settings import ROOT
from tests.e2e.conftest import browser, running  # noqa: F401 the browser is a fixture
from tests.security.live.raw import RawSocket, close_all

PASSWORD = "purple wagon eats seventeen"
ROLES = ("guest", "free", "premium", "admin")


@dataclass(frozen=True, slots=True)
class Target:
    """A running product."""

    origin: str
    data: Path

    @property
    def log_path(self) -> Path:
        return self.data / "log" / "server.log"

    def log_from(self, offset: int) -> str:
        """What the server logged since its log was ``offset`` bytes long."""
        with self.log_path.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")

    @property
    def log_size(self) -> int:
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def urls(self) -> dict[str, str]:
        """Where its servers are."""
        return json.loads((self.data / "run" / "endpoints.json").read_text())

    def command(self, *arguments: str, given: str = "") -> str:
        """Run ``./mixline`` on its data."""
        environment = os.environ | {"MIXLINE_DATA": str(self.data)} | self.urls()
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT, env=environment, input=given, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@dataclass
class Person:
    """Somebody with a browser's cookies, who calls as a page does."""

    target: Target
    name: str = ""
    password: str = PASSWORD
    totp: str = ""
    http: httpx.Client = field(init=False)
    address: str = field(init=False)

    def __post_init__(self) -> None:
        # Everybody comes from an address of their own: the limits on addresses have tests of their own.
        self.address = f"127.{secrets.randbelow(200) + 1}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 2}"
        limits = httpx.Limits(max_keepalive_connections=0)
        transport = httpx.HTTPTransport(local_address=self.address, limits=limits)
        self.http = httpx.Client(base_url=self.target.origin, timeout=30, transport=transport)

    def token(self) -> str:
        answer = self.http.get("/api/auth/csrf")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["token"]

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        given = {"X-CSRF-Token": self.token(), "Origin": self.target.origin, "Sec-Fetch-Site": "same-origin"}
        return self.http.request(method, path, json=json, headers=given | headers)

    def data(self, method: str, path: str, json: Any = None) -> Any:
        answer = self.call(method, path, json)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json()["data"]

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@example.org"

    def register(self) -> None:
        self.data("POST", "/api/auth/register", {"email": self.email, "password": self.password, "name": self.name})

    def sign_in(self, code: str | None = None) -> httpx.Response:
        body = {"email": self.email, "password": self.password} | ({"code": code} if code else {})
        return self.call("POST", "/api/auth/login", body)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{one.name}={one.value}" for one in self.http.cookies.jar)

    def socket(self, **options: Any) -> RawSocket:
        return RawSocket(self.target.origin, self.cookie, address=self.address, **options)


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    if origin := os.environ.get("MIXLINE_ATTACK"):
        yield Target(origin, Path(os.environ["MIXLINE_ATTACK_DATA"]).absolute())
        return
    many = {"MIXLINE_SET_SIZE": "3", "MIXLINE_BOARD_MINIMUM": "2", "MIXLINE_CONFIRM_REGISTRATION": "false"}
    for name in ("API_CALLS_PER_CALLER", "API_CALLS_PER_ADDRESS", "SOCKET_OPENS_PER_MINUTE"):
        many[f"MIXLINE_{name}"] = "1000000"
    with running(many) as product:
        yield Target(product.origin, product.data)


@pytest.fixture(autouse=True)
def hung_up() -> Iterator[None]:
    """No socket outlives its test."""
    yield
    close_all()


def visitor(target: Target) -> Person:
    """A guest with a session."""
    person = Person(target)
    person.token()
    return person


@pytest.fixture(scope="session")
def people(target: Target) -> dict[str, Person]:
    """One person a role; the administrator has a second factor."""
    from tests.security.live.second_factor import enrol

    unique = os.urandom(4).hex()
    found = {"guest": visitor(target)}
    for role in ROLES[1:]:
        person = Person(target, f"{role}{unique}")
        person.register()
        if role != "free":
            target.command("user", "role", person.email, role)
        found[role] = person
    enrol(found["admin"])
    return found


@pytest.fixture(autouse=True)
def no_client_left() -> None:
    """Nothing to close: the product runs in a process of its own, and the browser holds this one's loop."""
