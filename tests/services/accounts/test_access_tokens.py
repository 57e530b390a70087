"""Access tokens: what is accepted is exactly what is issued."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from services.accounts import access_tokens, signing_keys
from services.infra import clock
from services.infra.clock import new_id
from services.infra.errors import Invalid
from services.infra.settings import get_settings

USER = UUID("01890000-0000-7000-8000-000000000001")
SESSION = "ab" * 32


@pytest.fixture(autouse=True)
def own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data folder of the test's own."""
    monkeypatch.setenv("MIXLINE_DATA", str(tmp_path))
    get_settings.cache_clear()
    signing_keys.forget()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()
    signing_keys.forget()


def issue() -> str:
    return access_tokens.issue(USER, SESSION, "free", ends_at=time.time() + 86_400)


def claims(**changes: Any) -> dict[str, Any]:
    moment = int(time.time())
    whole = {"iss": "mixline", "aud": "mixline", "sub": str(USER), "sid": SESSION, "role": "free", "iat": moment}
    return {name: value for name, value in (whole | {"exp": moment + 600} | changes).items() if value is not None}


def header(**changes: Any) -> dict[str, Any]:
    whole = {"alg": "Ed25519", "kid": signing_keys.ring().signing.kid, "typ": "at+jwt"}
    return {name: value for name, value in (whole | changes).items() if value is not None}


def signed(head: dict[str, Any] | None = None, body: dict[str, Any] | None = None, key: Any = None) -> str:
    """A token with any header and claims, signed with our own key unless another is given."""
    head = head or header()
    registry = jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
    return jwt.encode(head, body or claims(), key or signing_keys.ring().signing, registry=registry)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_an_issued_token_is_read_and_names_its_session() -> None:
    read = access_tokens.read(issue())

    assert read is not None
    assert (read.user_id, read.session_id) == (USER, SESSION)
    assert read.expires_at - read.issued_at == access_tokens.LIFE_S <= 900


def test_a_token_has_type_key_issuer_audience_and_expires() -> None:
    head, body, _ = issue().split(".")
    read = [json.loads(base64.urlsafe_b64decode(one + "==")) for one in (head, body)]

    assert read[0] == {"alg": "Ed25519", "typ": "at+jwt", "kid": signing_keys.ring().signing.kid}
    assert set(read[1]) == {"iss", "aud", "sub", "sid", "role", "iat", "exp"}


def test_a_token_ends_with_its_session() -> None:
    read = access_tokens.read(access_tokens.issue(USER, SESSION, "free", ends_at=time.time() + 60))

    assert read is not None
    assert read.expires_at <= time.time() + 60


def test_a_token_expires_after_ten_minutes() -> None:
    token = issue()

    with clock.travel(timedelta(seconds=access_tokens.LIFE_S - 5)):
        assert access_tokens.read(token) is not None
    with clock.travel(timedelta(seconds=access_tokens.LIFE_S + 1)):
        assert access_tokens.read(token) is None
        assert access_tokens.read_stale(token) is not None


def _public_as_secret() -> str:
    secret = OctKey.import_key(json.dumps(signing_keys.ring().signing.as_dict(private=False)).encode())
    return signed(header(alg="HS256"), key=secret)


def _foreign_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": signing_keys.ring().signing.kid})


def _embedded() -> str:
    key = OKPKey.generate_key("Ed25519")
    return signed(header(jwk=key.as_dict(private=False)), key=key)


def _changed() -> str:
    head, _, signature = issue().split(".")
    return f"{head}.{part(claims(sub=str(new_id())))}.{signature}"


FORGED: dict[str, Any] = {
    "algorithm none": lambda: f"{part(header(alg='none'))}.{part(claims())}.",
    "algorithm none, signature kept": lambda: f"{part(header(alg='None'))}.{part(claims())}.{issue().split('.')[2]}",
    "public key as HMAC secret": _public_as_secret,
    "HS256 with a guessed secret": lambda: signed(header(alg="HS256"), key=OctKey.import_key("secret" * 8)),
    "RS256 with a key of one's own": lambda: signed(header(alg="RS256"), key=RSAKey.generate_key(2048)),
    "ES256 with a key of one's own": lambda: signed(header(alg="ES256"), key=ECKey.generate_key("P-256")),
    "another Ed25519 key under our kid": lambda: signed(key=_foreign_key()),
    "key in the header (jwk)": _embedded,
    "key at an address (jku)": lambda: signed(header(jku="https://evil.example/keys")),
    "certificate at an address (x5u)": lambda: signed(header(x5u="https://evil.example/cert")),
    "critical extension": lambda: signed(header(crit=["kid"])),
    "unknown kid": lambda: signed(header(kid="0" * 16)),
    "kid of a file": lambda: signed(header(kid="../../../../dev/null")),
    "no kid": lambda: signed(header(kid=None)),
    "type JWT": lambda: signed(header(typ="JWT")),
    "no type": lambda: signed(header(typ=None)),
    "another audience": lambda: signed(body=claims(aud="other")),
    "several audiences": lambda: signed(body=claims(aud=["mixline", "other"])),
    "another issuer": lambda: signed(body=claims(iss="https://evil.example")),
    "expired": lambda: signed(body=claims(iat=1_700_000_000, exp=1_700_000_600)),
    "never expires": lambda: signed(body=claims(exp=None)),
    "lives for a year": lambda: signed(body=claims(exp=int(time.time()) + 31_536_000)),
    "issued in the future": lambda: signed(body=claims(iat=int(time.time()) + 300, exp=int(time.time()) + 600)),
    "no session": lambda: signed(body=claims(sid=None)),
    "session of another form": lambda: signed(body=claims(sid="*")),
    "no subject": lambda: signed(body=claims(sub=None)),
    "subject of another form": lambda: signed(body=claims(sub="admin")),
    "expiry as text": lambda: signed(body=claims(exp=str(int(time.time()) + 600))),
    "further claims": lambda: signed(body=claims(scope="admin")),
    "claims changed, signature kept": _changed,
    "signature cut": lambda: issue()[:-4],
    "signature left out": lambda: issue().rpartition(".")[0] + ".",
    "encrypted form": lambda: issue() + ".a.b",
    "a list for claims": lambda: f"{part(header())}.{part([1])}.{issue().split('.')[2]}",
    "padding": lambda: issue() + "=",
    "too long": lambda: signed(body=claims(role="x" * 2000)),
    "nothing": lambda: "",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_nobodys(forged: Any) -> None:
    assert access_tokens.read(issue()) is not None

    assert access_tokens.read(forged()) is None


def test_the_keys_are_the_owners_alone(tmp_path: Path) -> None:
    issue()

    assert (tmp_path / "keys" / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_after_a_change_of_keys_old_tokens_count_until_they_expire_and_new_ones_have_the_new_key() -> None:
    old = issue()
    kid = signing_keys.rotate()
    signing_keys.forget()
    new = issue()

    assert jws.extract_compact(new.encode()).headers()["kid"] == kid
    assert access_tokens.read(old) is not None
    assert access_tokens.read(new) is not None


def test_a_replaced_key_is_gone_once_its_last_token_has_expired() -> None:
    before = signing_keys.ring().signing.kid
    issue()
    signing_keys.rotate()
    with clock.travel(timedelta(seconds=signing_keys.KEPT_S + 1)):
        signing_keys.rotate()
        signing_keys.forget()

        assert before not in signing_keys.ring().verifying


def test_dropped_keys_count_no_more_at_once() -> None:
    old = issue()
    signing_keys.rotate(drop=True)
    signing_keys.forget()

    assert access_tokens.read(old) is None


def test_a_running_process_meets_another_ones_new_key_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signing_keys.ring()
    signing_keys.rotate()
    signing_keys.forget()
    token = issue()
    monkeypatch.setattr(signing_keys, "_loaded", signing_keys._Loaded(before, signing_keys.monotonic() - 0.1))

    assert access_tokens.read(token) is not None


def test_the_keys_may_come_from_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "k1", "use": "sig", "alg": "Ed25519"})
    monkeypatch.setenv("MIXLINE_TOKEN_KEYS", json.dumps({"keys": [key.as_dict(private=True)]}))
    get_settings.cache_clear()
    signing_keys.forget()

    assert jws.extract_compact(issue().encode()).headers()["kid"] == "k1"
    with pytest.raises(Invalid):
        signing_keys.rotate()
