"""The whole server from outside: headers of pages and files, generated requests, naughty strings, logs and files."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from services.infra.settings import ROOT
from tests.security.conftest import Figure, Scale
from tests.security.live.conftest import Person, Target

SECRET_FILES = re.compile(r"password|\.key|keys/|endpoints\.json|(valkey|pages)\.conf|users\.xml|sealing")
HEADERS = (
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "content-security-policy",
)
PATHS = (
    *("/", "/leaderboard", "/nothing", "/favicon.ico", "/health", "/health/live", "/metrics", "/_event", "/_upload"),
    *("/api/openapi.json", "/api/nothing", "/ping", "/assets/nothing.js", "/%00", "/../etc/passwd", "/_all_routes"),
)


@pytest.mark.row("headers")
def test_pages_files_and_errors_of_the_running_product_carry_them(target: Target, figure: Figure) -> None:
    missing, answers = [], 0
    with httpx.Client(base_url=target.origin) as http:
        page = http.get("/", headers={"Accept": "text/html"})
        files = re.findall(r'(?:src|href)="(/[^"#?]+)"', page.text)
        for path in dict.fromkeys((*PATHS, *files)):
            for method in ("GET", "HEAD", "POST", "OPTIONS", "TRACE"):
                answer = http.request(method, path, headers={"Origin": "https://evil.example"})
                answers += 1
                missing += [(method, path, name) for name in HEADERS if name not in answer.headers]
                missing += [(method, path, name) for name in answer.headers if name.startswith("access-control")]
        policy = page.headers["content-security-policy"]
    safe = "unsafe-eval" not in policy and "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    figure(
        f"{answers} answers of the running product: {len(missing)} headers missing {missing[:2] or ''}; no unsafe "
        f"script: {safe}",
        passed=not missing and safe,
    )


@pytest.mark.row("uploads")
def test_nobody_uploads_to_the_framework(target: Target, figure: Figure) -> None:
    files = {"files": ("x.html", b"<script>alert(1)</script>", "text/html")}
    codes = {
        path: httpx.post(target.origin + path, files=files, headers={"Origin": target.origin}).status_code
        for path in ("/_upload", "/_upload/", "/upload", "/api/upload")
    }
    figure(f"uploads past the API: {codes}", passed=all(400 <= code < 500 for code in codes.values()))


@pytest.mark.row("supply chain")
def test_what_was_generated_is_for_the_owner_alone(target: Target, figure: Figure) -> None:
    secret = [
        path
        for path in target.data.rglob("*")
        if path.is_file() and SECRET_FILES.search(str(path)) and "/postgres/" not in str(path)
    ]
    open_ones = [str(path.relative_to(target.data)) for path in secret if stat.S_IMODE(path.stat().st_mode) & 0o077]
    figure(
        f"{len(secret)} files of generated secrets, {len(open_ones)} readable to others {open_ones[:3] or ''}",
        passed=len(secret) >= 4 and not open_ones,
    )


@pytest.mark.row("audit")
def test_nothing_secret_is_in_the_logs(target: Target, people: dict[str, Person], figure: Figure) -> None:
    """Everything that signs these people in, and what they are called by mail, held against every log."""
    secrets: set[str] = set()
    for person in people.values():
        secrets |= {one.value for one in person.http.cookies.jar if one.value} | {person.password, person.totp}
        secrets |= {person.email} if person.name else set()
    passwords = (target.data / "run").glob("*.password")
    secrets |= {path.read_text().strip() for path in passwords}
    wrong = Person(target, "nobody")
    wrong.call("POST", "/api/auth/login", {"email": "canary@example.org", "password": "canary wagon eats seventeen"})
    httpx.get(
        f"{target.origin}/api/users/me?token=canary-in-query", headers={"Authorization": "Bearer canary-in-header"}
    )
    secrets |= {"canary@example.org", "canary wagon eats seventeen", "canary-in-query", "canary-in-header"}
    logs = "".join(path.read_text(errors="replace") for path in (target.data / "log").glob("*.log"))
    found = [one[:6] + "..." for one in secrets - {""} if one in logs]
    figure(
        f"{len(secrets)} secrets and addresses held against {len(logs) // 1024} kB of logs: {len(found)} found "
        f"{found[:3] or ''}",
        passed=not found,
    )


NAUGHTY = (
    *("", " ", "undefined", "null", "NaN", "true", "0", "-1", "1e309", "٣", "Ω≈ç√∫", "田中さん", "👩‍👩‍👧‍👦", "🏴‍☠️"),
    *("\u202eabc", "a\u0300" * 40, "\u200b", "\ufeff", "\0", "\ud800", "\x7f", "\r\n", "\t", "\u2028", "\U000e0001"),
    *("'", "''", '"', "`", "\\", "/", "//", "../../etc/passwd", "C:\\con", "'; DROP TABLE accounts.user; --"),
    *("1 OR 1=1", "${jndi:ldap://x}", "{{7*7}}", "{0}", "%s%n", "%00", "<b>x</b>", "<script>alert(1)</script>"),
    *("A" * 60, "A" * 61, "A" * 100_000, "ﬀ", "İ", "ß", "Ⅷ", "𝒜𝓃𝓃𝒶", "mixline_session=x"),
)


@pytest.mark.row("naughty strings")
@pytest.mark.timeout(600)
def test_a_naughty_string_is_refused_or_read_back_exactly(target: Target, figure: Figure, scale: Scale) -> None:
    person = Person(target, f"naughty{os.urandom(4).hex()}")
    person.register()
    fields = (
        ("PATCH", "/api/users/me", lambda text: {"name": text}),
        ("POST", "/api/auth/tokens", lambda text: {"name": text, "scopes": ["read"], "days": 1}),
        ("POST", "/api/auth/register", lambda text: {"email": text, "password": text, "name": text}),
        ("POST", "/api/auth/login", lambda text: {"email": text, "password": text, "code": text}),
        ("POST", "/api/auth/password/forgot", lambda text: {"email": text}),
        ("POST", "/api/auth/password/reset", lambda text: {"token": text, "password": text}),
        ("POST", "/api/auth/email/verify", lambda text: {"token": text}),
        ("POST", "/api/solves/estimate", lambda text: {"spot": {"board": text, "oop_range": text, "ip_range": text}}),
        ("POST", "/api/training/sessions", lambda text: {"mode": text}),
    )
    broken, kept, tried = [], 0, 0
    strings = NAUGHTY[:: scale(4, 1)]
    for text in strings:
        for method, path, body in fields:
            made = body(text)
            try:
                answer = person.call(method, path, made)
            except UnicodeEncodeError:  # half a character can't be sent as JSON by this client
                continue
            tried += 1
            if answer.status_code >= 500:
                broken.append((path, text[:20], answer.status_code))
            elif answer.status_code == 200 and path == "/api/users/me":
                kept += 1
                if person.data("GET", path)["name"] != answer.json()["data"]["name"]:
                    broken.append((path, text[:20], "read back otherwise"))
            elif answer.status_code == 201 and path == "/api/auth/tokens":
                made_token = answer.json()["data"]
                if text not in [one["name"] for one in person.data("GET", path)]:
                    broken.append((path, text[:20], "read back otherwise"))
                kept += 1
                person.call("DELETE", f"{path}/{made_token['id']}")
        for path in ("/api/spots", "/api/solutions/", "/api/leaderboards/", "/api/training/hands/"):
            answer = person.http.get(
                path,
                params={
                    "cursor": text[:2000].encode("utf-8", "replace"),
                    "family": text[:2000].encode("utf-8", "replace"),
                },
            )
            tried += 1
            if answer.status_code >= 500:
                broken.append((path, text[:20], answer.status_code))
    figure(
        f"{len(strings)} strings in {len(fields)} bodies and 4 queries, {tried} calls: {kept} kept and read back, "
        f"{len(broken)} broken {broken[:3] or ''}",
        passed=not broken,
    )


CONFIG = ROOT / "tests/security/schemathesis.toml"
ENDING = "^/auth/(logout|refresh|sessions|password|email|mfa)|^/users/me$|^/users/me/export|/events$|^/admin/users"


@pytest.mark.row("schemathesis")
@pytest.mark.timeout(1700)
def test_generated_requests_find_no_server_error(target: Target, figure: Figure, scale: Scale, tmp_path: Path) -> None:
    """As a member, with the session and token of a page; what ends the session is left out."""
    person = Person(target, f"fuzzed{os.urandom(4).hex()}")
    person.register()
    token = person.token()  # may bring a cookie, so it comes first
    report = tmp_path / "junit.xml"
    command = [
        *(
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file",
            str(CONFIG),
            "run",
            f"{target.origin}/api/openapi.json",
        ),
        *("--url", f"{target.origin}/api", "--checks", "all", "--max-examples", str(scale(3, 50)), "--workers", "1"),
        *(
            "--exclude-path-regex",
            ENDING,
            "--header",
            f"Cookie: {person.cookie}",
            "--header",
            f"X-CSRF-Token: {token}",
        ),
        *(
            "--header",
            f"Origin: {target.origin}",
            "--report",
            "junit",
            "--report-junit-path",
            str(report),
            "--no-color",
        ),
        *("--exclude-checks", "ignored_auth", "--request-timeout", "20", "--generation-database", "none"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    tail = done.stdout[-40_000:]
    print(tail)
    cases = re.search(r"(\d+) generated", tail)
    failures = re.findall(r"^- (.+)$", done.stdout, re.MULTILINE)
    figure(
        f"{cases[1] if cases else '?'} generated requests: {len(failures)} failures {sorted(set(failures))[:4] or ''}",
        passed=done.returncode == 0,
    )
