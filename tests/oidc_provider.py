"""An OpenID Connect provider for the tests: real HTTP, real signatures, and every way to get them wrong.

``python tests/oidc_provider.py PORT`` serves it. Whoever comes to ``/authorize`` fills in who they are. ``POST /fault``
makes the next tokens bad in a chosen way. It checks PKCE, the client's secret, the redirect address, and that a code is
used once, as a strict provider does.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "mixline-test"
CLIENT_SECRET = "a secret of the test's own"


class Provider:
    """What one running provider remembers."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.stranger = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, Any]] = {}
        self.people: dict[str, dict[str, str]] = {}
        self.fault = ""

    async def metadata(self, _request: Request) -> Response:
        listed = ["RS256", "none", "HS256"]  # nobody should follow the last two
        return JSONResponse(
            {
                "issuer": "https://evil.example.org" if self.fault == "other-issuer" else self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "id_token_signing_alg_values_supported": listed,
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
            }
        )

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """A form that asks who one is; what came with the address goes along."""
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT_ID or asked.get("code_challenge_method") != "S256":
            return JSONResponse({"error": "invalid_request"}, 400)
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(key)}" value="{html.escape(value)}">'
            for key, value in asked.items()
        )
        fields = "".join(
            f'<label>{name} <input name="person_{name}" value="{value}"></label>'
            for name, value in (("sub", "anna-1"), ("name", "Anna"), ("email", ""), ("email_verified", "true"))
        )
        return HTMLResponse(
            f"<!doctype html><html lang=en><title>Test provider</title><h1>Test provider</h1>"
            f'<form method="post" action="/authorize">{hidden}{fields}'
            '<button name="choice" value="yes">Allow</button><button name="choice" value="no">Deny</button></form>'
        )

    async def decide(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        back = {"state": form["state"]}
        if form.get("choice") == "no":
            back["error"] = "access_denied"
        else:
            back["code"] = code = secrets.token_urlsafe(16)
            person = {key.removeprefix("person_"): value for key, value in form.items() if key.startswith("person_")}
            self.codes[code] = {"person": person, **form}
        return RedirectResponse(f"{form['redirect_uri']}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        basic = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        known = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if basic.split(":", 1)[0] != CLIENT_ID or known is None or known["redirect_uri"] != form.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        if challenge.decode().rstrip("=") != known["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        fault, self.fault = self.fault, ""
        if fault == "silent":
            return JSONResponse({"error": "server_error"}, 503)
        access = secrets.token_urlsafe(16)
        self.people[access] = known["person"]
        return JSONResponse(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": 60,
                **({} if fault == "missing" else {"id_token": self.id_token(known, fault)}),
            }
        )

    def id_token(self, known: dict[str, Any], fault: str) -> str:
        moment, person = int(time.time()), known["person"]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": person["sub"],
            "iat": moment,
            "exp": moment + 60,
            "nonce": known.get("nonce"),
            "name": person["name"],
            "email_verified": person["email_verified"] == "true",
        }
        if person["email"]:
            claims["email"] = person["email"]
        claims |= {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "somebody-else"},
            "issuer": {"iss": "https://evil.example.org"},
            "tenant": {"iss": f"{self.issuer}/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0"},
            "foreign-tenant": {"iss": "https://evil.example.org/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0"},
            "expired": {"iat": moment - 7200, "exp": moment - 3600},
            "subject": {"sub": ""},
        }.get(fault, {})
        if fault == "no-nonce":
            del claims["nonce"]
        if fault == "none":
            head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"one"}').decode().rstrip("=")
            return f"{head}.{jwt.encode({'alg': 'RS256'}, claims, self.key).split('.')[1]}."
        if fault == "shared-secret":
            from joserfc.jwk import OctKey

            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(CLIENT_SECRET))
        key = self.stranger if fault == "signature" else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)

    async def userinfo(self, request: Request) -> Response:
        person = self.people.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return JSONResponse({"sub": person["sub"]}) if person else JSONResponse({"error": "invalid_token"}, 401)

    async def github_user(self, _request: Request) -> Response:
        return JSONResponse({"id": 583231, "login": "octo", "name": None})

    async def github_emails(self, _request: Request) -> Response:
        return JSONResponse(
            [
                {"email": "Spare@example.org", "primary": False, "verified": True},
                {"email": "Octo@example.org", "primary": True, "verified": self.fault != "unconfirmed"},
            ]
        )

    async def discord_user(self, _request: Request) -> Response:
        verified = self.fault != "unconfirmed"
        return JSONResponse(
            {"id": "80351110224678912", "username": "nelly", "email": "n@example.org", "verified": verified}
        )

    async def plain_token(self, request: Request) -> Response:
        """OAuth without OpenID Connect; takes any code whose PKCE verifier came along."""
        form = await request.form()
        if not form.get("code_verifier"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "plain", "token_type": "bearer", "scope": "user"})

    async def tenant_metadata(self, _request: Request) -> Response:
        """As Microsoft's shared endpoint: a template where the issuer should be."""
        known = json.loads((await self.metadata(_request)).body)
        return JSONResponse(known | {"issuer": f"{self.issuer}/{{tenantid}}/v2.0"})

    async def set_fault(self, request: Request) -> Response:
        self.fault = (await request.json())["fault"]
        return JSONResponse({})


def build(port: int) -> Starlette:
    provider = Provider(port)
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", provider.metadata),
            Route("/jwks", provider.jwks),
            Route("/authorize", provider.authorize, methods=["GET"]),
            Route("/authorize", provider.decide, methods=["POST"]),
            Route("/token", provider.token, methods=["POST"]),
            Route("/userinfo", provider.userinfo),
            Route("/user", provider.github_user),
            Route("/user/emails", provider.github_emails),
            Route("/users/@me", provider.discord_user),
            Route("/plain-token", provider.plain_token, methods=["POST"]),
            Route("/common/.well-known/openid-configuration", provider.tenant_metadata),
            Route("/fault", provider.set_fault, methods=["POST"]),
        ]
    )


@contextmanager
def running() -> Iterator[str]:
    """A provider in a process of its own; yields its issuer."""
    port = free_port()
    with subprocess.Popen([sys.executable, __file__, str(port)]) as process:
        try:
            deadline = time.monotonic() + 30
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert process.poll() is None, "the provider ended"
                assert time.monotonic() < deadline, "the provider did not start"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    import asyncio

    from granian.server.embed import Server

    port = int(sys.argv[1])
    asyncio.run(Server(build(port), address="127.0.0.1", port=port, interface="asgi", log_enabled=False).serve())
