"""What the product is made of."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from packaging.version import Version

from app.commands import advisories, bill_of_materials, secrets_scan
from services.infra.settings import ROOT
from tests.security.conftest import Figure

FLOORS = {
    "starlette": "1.3.1",
    "granian": "2.7.4",
    "python-socketio": "5.16.3",
    "python-engineio": "4.13.3",
    "python-multipart": "0.0.32",
    "authlib": "1.7.0",
    "react-router": "7.18.2",
}


@pytest.fixture
def registry() -> Iterator[str]:
    """A registry that knows something against one package."""

    class Advisories(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            known = {
                "id": 1, "url": "https://example.org/1", "title": "Bad", "severity": "high",
                "vulnerable_versions": ">=0", "cwe": [], "cvss": {"score": 8.0, "vectorString": None},
            }  # fmt: skip
            body = json.dumps({"react": [known]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Advisories)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.row("supply chain")
def test_the_bill_of_materials_lists_every_locked_package(figure: Figure) -> None:
    listed = {one["purl"] for one in json.loads(bill_of_materials.as_json(ROOT))["components"]}
    python = set(
        re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )
    wanted = {f"pkg:pypi/{name.lower().replace('_', '-')}@{version}" for name, version in python}
    # As the package manager itself reads its lock.
    front_end = re.findall(
        r'^    "[^"]+": \["(@?[^@"]+)@([^"]+)"', (ROOT / "reflex.lock/bun.lock").read_text(), re.MULTILINE
    )
    wanted |= {f"pkg:npm/{name.replace('@', '%40')}@{version}" for name, version in front_end}
    unhashed = [one.name for one in bill_of_materials.locked(ROOT) if not one.hashes]
    figure(
        f"{len(listed)} components for {len(wanted)} locked packages: {len(wanted - listed)} missing, "
        f"{len(unhashed)} without a hash",
        passed=listed == wanted and not unhashed and len(wanted) > 200,
    )


@pytest.mark.row("supply chain")
def test_every_floor_is_met(figure: Figure) -> None:
    versions = {one.name: one.version for one in bill_of_materials.locked(ROOT)}
    below = [name for name, floor in FLOORS.items() if name not in versions or Version(versions[name]) < Version(floor)]
    figure(f"{len(FLOORS) - len(below)} of {len(FLOORS)} floors met {below or ''}", passed=not below)


@pytest.mark.row("supply chain")
@pytest.mark.timeout(400)
def test_no_locked_package_has_a_known_hole(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> None:
    for report in (advisories.python(), advisories.front_end()):
        known = bool(report.findings)
        figure(f"{report.name}: {report.summary}", passed=False if known else True if report.complete else None)


def test_an_advisory_about_the_front_end_is_found(registry: str) -> None:
    report = advisories.front_end(registry=registry)
    assert report.complete
    assert report.findings == ["react: high: Bad (https://example.org/1)"]


def test_a_registry_that_does_not_answer_is_no_good_news() -> None:
    report = advisories.front_end(registry="http://127.0.0.1:9")
    assert (report.complete, report.checked, report.findings) == (False, 0, [])
    assert "NOT CHECKED" in report.summary


def test_an_advisory_about_a_python_package_is_found_and_a_skipped_one_is_not_counted() -> None:
    report = advisories.Report("Python", 3)
    answer = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]},
            {"name": "c", "skip_reason": "not found"},
        ]
    }
    advisories._read(answer, report)
    assert (report.checked, report.complete) == (2, False)
    assert report.findings == ["b 2: PYSEC-1 (fixed in 3)"]


@pytest.mark.row("supply chain")
@pytest.mark.timeout(300)
def test_no_credential_is_under_version_control(figure: Figure) -> None:
    found = secrets_scan.scan(ROOT)
    figure(
        f"{len(found)} credentials in {len(secrets_scan.tracked_files(ROOT))} files {found[:3] or ''}", passed=not found
    )


def test_a_planted_credential_is_found(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    planted = {
        "aws.txt": "AKIA" + "IOSFODNN7" + "ABCDEFG",
        "key.pem": "-----BEGIN " + "RSA PRIVATE KEY-----",
        "token.py": "TOKEN = 'mxl_" + "A1b2" * 10 + "abc'",
        "url.md": "postgresql://anna:" + "k7Gq2vX9" + "@db.mixline.org/x",
        "clean.md": "postgresql://mixline:secret@127.0.0.1/x, nothing here",
    }
    for name, text in planted.items():
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    assert sorted({finding.path for finding in secrets_scan.scan(tmp_path)}) == [
        "aws.txt",
        "key.pem",
        "token.py",
        "url.md",
    ]
