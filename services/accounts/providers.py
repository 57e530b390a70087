"""Other sites that can sign somebody in, through Authlib: any OpenID Connect provider, and four well-known ones.

Every sign-in is the authorization code flow with PKCE (S256), ``state`` and, with OpenID Connect, a ``nonce``. What a
provider says becomes a `Claim`: who vouches, for whom, under which address, and whether the provider itself has
confirmed that the address is the person's. Microsoft's and other providers' addresses can be edited by the tenant's
operator and count as unconfirmed.

Source: RFC 9700 (OAuth 2.0 Security Best Current Practice), OpenID Connect Core 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client.async_app import AsyncOAuth2Mixin
from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin
from authlib.integrations.base_client.sync_app import BaseApp
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError
from pydantic import SecretStr

from services.infra.errors import Invalid, NotFound, Unavailable
from services.infra.log import get_logger
from services.infra.settings import Settings, get_settings

log = get_logger()

_TIMEOUT_S: Final = 8.0
# A provider that lists "none" or a shared-secret algorithm is not followed there.
_ALGORITHMS: Final = frozenset(
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
)


class RefusedByProvider(Invalid):
    """The other site did not vouch, or what it said does not hold."""

    default_code = "sign-in-refused"


class WrongIssuer(Unavailable):
    """The discovery document is somebody else's (OpenID Connect Discovery 1.0, 4.3): nobody is sent there."""

    default_code = "provider-misconfigured"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a provider says about a person.

    Attributes:
        email: Only where there is one; lower case.
        email_confirmed: The provider has seen the person read mail there.
    """

    issuer: str
    subject: str
    name: str
    email: str | None
    email_confirmed: bool


class _Client(AsyncOAuth2Mixin, AsyncOpenIDMixin, BaseApp):  # pyright: ignore[reportUntypedBaseClass]
    client_cls = AsyncOAuth2Client


ReadClaim = Callable[[_Client, dict[str, Any], dict[str, Any]], Awaitable[Claim]]


class Provider:
    """One configured provider."""

    def __init__(self, key: str, name: str, client_id: str, secret: SecretStr, read: ReadClaim, **urls: Any) -> None:
        self.key = key
        self.name = name
        self._read = read
        self._scope: str = urls.pop("scope")
        self._issuer: str | None = urls.pop("issuer", None)
        self._client = _Client(
            None,
            name=key,
            client_id=client_id,
            client_secret=secret.get_secret_value(),
            client_kwargs={
                "scope": self._scope,
                "code_challenge_method": "S256",
                "timeout": _TIMEOUT_S,
                "leeway": 0,  # the token is used at once, however short its life
                "follow_redirects": False,
                "headers": {"Accept": "application/json"},
            },
            user_agent="Mixline",
            **urls,
        )

    @property
    def redirect_uri(self) -> str:
        """What has to be registered with the provider."""
        return f"{get_settings().site}/api/auth/oauth/{self.key}/callback"

    async def begin(self) -> dict[str, Any]:
        """Where to send the browser (``url``), and what to keep until it is back: state, code_verifier, nonce.

        Raises:
            Unavailable: The provider does not answer.
        """
        try:
            await self._metadata()
            started = await self._client.create_authorization_url(self.redirect_uri)
        except (httpx2.HTTPError, ValueError, RuntimeError, AuthlibBaseError) as error:
            raise Unavailable(f"{self.name} does not answer now. Try again later.", code="provider-away") from error
        return {key: started.get(key) for key in ("url", "state", "code_verifier", "nonce")}

    async def finish(self, code: str, kept: dict[str, Any]) -> Claim:
        """Trade the code for what the provider says about the person.

        Raises:
            RefusedByProvider: It says nothing, or nothing that holds.
            Unavailable: It does not answer.
        """
        try:
            await self._metadata()
            token = await self._client.fetch_access_token(
                self.redirect_uri, code=code, code_verifier=kept["code_verifier"]
            )
            return await self._read(self._client, token, kept)
        except httpx2.HTTPStatusError as error:
            if error.response.status_code >= 500:
                raise Unavailable(f"{self.name} does not answer now.", code="provider-away") from error
            raise RefusedByProvider(f"{self.name} did not sign you in.") from error
        except httpx2.HTTPError as error:
            raise Unavailable(f"{self.name} does not answer now. Try again later.", code="provider-away") from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise RefusedByProvider(f"{self.name} did not sign you in.") from error

    async def _metadata(self) -> None:
        known: dict[str, Any] = await self._client.load_server_metadata()
        if self._issuer is not None and known.get("issuer") != self._issuer:
            # Asked again at the next sign-in: whoever runs the provider may set it right.
            self._client.server_metadata.pop("_loaded_at", None)
            log.warning("provider_misconfigured", provider=self.key, issuer=self._issuer, named=known.get("issuer"))
            raise WrongIssuer(f"{self.name} is not set up right here: its document names another issuer.")
        listed = known.get("id_token_signing_alg_values_supported") or ["RS256"]
        known["id_token_signing_alg_values_supported"] = [one for one in listed if one in _ALGORITHMS] or ["RS256"]
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            if name in known:
                check_address(known[name])


def check_address(url: str) -> None:
    """Providers are reached by https, or on this machine.

    Raises:
        ValueError: Another address.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        raise ValueError("a provider's address begins with https://")


async def _openid(client: _Client, token: dict[str, Any], kept: dict[str, Any]) -> Claim:
    """The ID token, checked: signature, issuer, audience, time, nonce; userinfo where it says too little."""
    issuer = client.server_metadata["issuer"]
    info = await _id_token(client, token, kept, {"value": issuer})
    if "email" not in info and "userinfo_endpoint" in client.server_metadata:
        more = await client.userinfo(token=token)
        if more.get("sub") == info["sub"]:
            info = {**more, **info}
    return _claim(issuer, info, confirmed=info.get("email_verified") is True)


async def _microsoft(client: _Client, token: dict[str, Any], kept: dict[str, Any]) -> Claim:
    """The shared endpoint's issuer has the tenant in it; whoever runs that tenant writes its addresses."""
    pattern = client.server_metadata["issuer"].replace("{tenantid}", "[0-9a-f-]{36}")

    def fits(_claims: Any, value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch(pattern, value) is not None

    info = await _id_token(client, token, kept, {"validate": fits})
    return _claim(info["iss"], info, confirmed=False)


async def _id_token(client: _Client, token: dict[str, Any], kept: dict[str, Any], issuer: dict[str, Any]) -> Any:
    options = {
        "iss": {"essential": True, **issuer},
        "aud": {"essential": True, "value": client.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }
    if "id_token" not in token:
        raise ValueError("no id_token")
    return await client.parse_id_token(token, nonce=kept["nonce"], claims_options=options, leeway=60)


async def _github(client: _Client, token: dict[str, Any], _kept: dict[str, Any]) -> Claim:
    """Plain OAuth: the account's number, and the address that GitHub calls primary and verified."""
    person = await _json(client, "user", token)
    addresses = cast("list[dict[str, Any]]", await _json(client, "user/emails", token))
    primary = next((one for one in addresses if one.get("primary")), {})
    info = {"sub": str(int(person["id"])), "name": person.get("name") or person["login"], "email": primary.get("email")}
    return _claim("https://github.com", info, confirmed=primary.get("verified") is True)


async def _discord(client: _Client, token: dict[str, Any], _kept: dict[str, Any]) -> Claim:
    """Plain OAuth: the account's snowflake."""
    person = await _json(client, "users/@me", token)
    name = person.get("global_name") or person["username"]
    info = {"sub": str(int(person["id"])), "name": name, "email": person.get("email")}
    return _claim("https://discord.com", info, confirmed=person.get("verified") is True)


async def _json(client: _Client, path: str, token: dict[str, Any]) -> Any:
    answer = await client.get(path, token=token)
    answer.raise_for_status()
    return answer.json()


def _claim(issuer: str, info: Any, *, confirmed: bool) -> Claim:
    subject = info["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise ValueError("no subject")
    email = info.get("email")
    email = email.strip().lower() if isinstance(email, str) and email else None
    name = info.get("name") or info.get("preferred_username") or (email or "").split("@")[0]
    return Claim(issuer, subject, str(name)[:60], email, confirmed and email is not None)


_DISCOVERY: Final = "/.well-known/openid-configuration"
_GOOGLE: Final = "https://accounts.google.com"
_MICROSOFT: Final = "https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration"


def _configured(settings: Settings) -> list[Provider]:
    oidc = "openid email profile"
    found: list[Provider] = []
    if settings.oidc_issuer and settings.oidc_client_id:
        check_address(settings.oidc_issuer)
        discovery = settings.oidc_issuer.rstrip("/") + _DISCOVERY
        found.append(
            Provider(
                "oidc", settings.oidc_name, settings.oidc_client_id, settings.oidc_client_secret, _openid,
                scope=oidc, server_metadata_url=discovery, issuer=settings.oidc_issuer,
            )
        )  # fmt: skip
    if settings.google_client_id:
        found.append(
            Provider(
                "google", "Google", settings.google_client_id, settings.google_client_secret, _openid,
                scope=oidc, server_metadata_url=_GOOGLE + _DISCOVERY, issuer=_GOOGLE,
            )
        )  # fmt: skip
    if settings.github_client_id:
        found.append(
            Provider(
                "github", "GitHub", settings.github_client_id, settings.github_client_secret, _github,
                scope="read:user user:email",
                authorize_url="https://github.com/login/oauth/authorize",
                access_token_url="https://github.com/login/oauth/access_token",  # noqa: S106 an address
                api_base_url="https://api.github.com/",
            )
        )  # fmt: skip
    if settings.discord_client_id:
        found.append(
            Provider(
                "discord", "Discord", settings.discord_client_id, settings.discord_client_secret, _discord,
                scope="identify email",
                authorize_url="https://discord.com/oauth2/authorize",
                access_token_url="https://discord.com/api/oauth2/token",  # noqa: S106 an address
                api_base_url="https://discord.com/api/v10/",
            )
        )  # fmt: skip
    if settings.microsoft_client_id:
        found.append(
            Provider(
                "microsoft", "Microsoft", settings.microsoft_client_id, settings.microsoft_client_secret, _microsoft,
                scope=oidc, server_metadata_url=_MICROSOFT.format(tenant=settings.microsoft_tenant),
            )
        )  # fmt: skip
    return found


@lru_cache(maxsize=1)
def providers() -> dict[str, Provider]:
    """The configured providers by their key in addresses; read once (``providers.cache_clear()``)."""
    return {one.key: one for one in _configured(get_settings())}


def provider(key: str) -> Provider:
    """One of them.

    Raises:
        NotFound: It is not configured.
    """
    found = providers().get(key)
    if found is None:
        raise NotFound("This server does not offer that sign-in.")
    return found
