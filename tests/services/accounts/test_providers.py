"""What each kind of provider says becomes the same claim, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.accounts import providers
from services.accounts.providers import Claim, Provider, RefusedByProvider, check_address
from services.infra.settings import get_settings
from tests import oidc_provider

PRESETS = ("google", "github", "discord", "microsoft")


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with oidc_provider.running() as running:
        yield running


async def fault(site: str, name: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as there:
        await there.post(f"{site}/fault", json={"fault": name})


def plain(site: str, key: str, read: Any) -> Provider:
    """A preset's reader in front of a site of ours."""
    return Provider(
        key,
        key,
        "id",
        SecretStr("secret"),
        read,
        scope="user",
        authorize_url=f"{site}/authorize",
        access_token_url=f"{site}/plain-token",
        api_base_url=f"{site}/",
    )


async def test_githubs_number_is_the_person_and_the_primary_address_the_address(site: str) -> None:
    provider = plain(site, "github", providers._github)
    started = await provider.begin()

    claim = await provider.finish("any", started)

    assert claim == Claim("https://github.com", "583231", "octo", "octo@example.org", True)
    assert "code_challenge_method=S256" in started["url"]


async def test_discords_snowflake_is_the_person(site: str) -> None:
    provider = plain(site, "discord", providers._discord)

    claim = await provider.finish("any", await provider.begin())

    assert claim == Claim("https://discord.com", "80351110224678912", "nelly", "n@example.org", True)


@pytest.mark.parametrize(("key", "read"), [("github", providers._github), ("discord", providers._discord)])
async def test_an_address_that_the_site_has_not_confirmed_is_none_here(site: str, key: str, read: Any) -> None:
    provider = plain(site, key, read)
    await fault(site, "unconfirmed")

    claim = await provider.finish("any", await provider.begin())

    await fault(site, "")
    assert not claim.email_confirmed


def microsoft(site: str) -> Provider:
    return Provider(
        "microsoft",
        "Microsoft",
        oidc_provider.CLIENT_ID,
        SecretStr(oidc_provider.CLIENT_SECRET),
        providers._microsoft,
        scope="openid email profile",
        server_metadata_url=f"{site}/common/.well-known/openid-configuration",
    )


async def code_for(location: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as there:
        page = await there.get(location)
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        fields |= {"person_email": "a@example.org", "choice": "yes"}
        answer = await there.post(location.partition("?")[0], data=fields)
    found = re.search(r"code=([^&]+)", answer.headers["location"])
    assert found is not None
    return found.group(1)


async def test_microsofts_tenants_vouch_for_themselves_and_their_addresses_count_for_nothing(site: str) -> None:
    provider = microsoft(site)
    started = await provider.begin()
    code = await code_for(started["url"])
    await fault(site, "tenant")

    claim = await provider.finish(code, started)

    assert claim.issuer.endswith("/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0")
    assert claim.email == "a@example.org"
    assert not claim.email_confirmed


async def test_nobody_elses_tenant_is_microsofts(site: str) -> None:
    provider = microsoft(site)
    started = await provider.begin()
    code = await code_for(started["url"])
    await fault(site, "foreign-tenant")

    with pytest.raises(RefusedByProvider):
        await provider.finish(code, started)


def test_every_preset_is_there_once_it_has_a_client_id(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PRESETS:
        monkeypatch.setenv(f"MIXLINE_{name.upper()}_CLIENT_ID", "id")
    get_settings.cache_clear()
    providers.providers.cache_clear()

    found = providers.providers()

    monkeypatch.undo()
    get_settings.cache_clear()
    providers.providers.cache_clear()
    assert tuple(found) == PRESETS
    assert providers.providers() == {}


@pytest.mark.parametrize(
    "address", ["http://example.org", "ftp://example.org", "javascript:alert(1)", "http://localhost.evil.org", ""]
)
def test_a_provider_is_reached_by_https_or_on_this_machine(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        check_address(address)
