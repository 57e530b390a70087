"""`mixline ranked verify` with a proof from anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import build
from app.commands.work import run
from services.solutions.service import get_strategies
from services.training.ranked_draw import committed, draw_spots, kept_entries, pool_document, spot_document

SEED = bytes(range(32))
SET = "2026-W40"


async def _document() -> dict[str, Any]:
    strategies = get_strategies()
    pool = await strategies.list()
    spots = await draw_spots(strategies, SEED, "weekly", kept_entries(SEED, "weekly", pool), 6)
    entries, shown = pool_document(pool), [spot_document(spot) for spot in spots]
    return {
        "set_id": SET,
        "items": len(shown),
        "commitment": committed(SET, SEED, entries, shown),
        "published_at": "2026-09-27T00:00:00Z",
        "opens_at": "2026-09-28T00:00:00Z",
        "closes_at": "2026-10-05T00:00:00Z",
        "seed": SEED.hex(),
        "pool": entries,
        "spots": shown,
    }


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The proof of a set that is over, as REST gives it."""
    return run(_document())


Verify = Callable[..., Result]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Runs the command on a document."""

    def run_command(document: Any, *options: str, set_id: str = SET) -> Result:
        path = tmp_path / "proof.json"
        path.write_text(json.dumps({"success": True, "data": document}))
        return CliRunner().invoke(build(["ranked"]), ["ranked", "verify", set_id, "--file", str(path), *options])

    return run_command


def test_a_set_that_is_what_was_promised_holds(document: dict[str, Any], verify: Verify) -> None:
    found = verify(document, "--published", document["commitment"])
    assert found.exit_code == 0, found.output
    assert "seed, pool and spots give it" in found.output
    assert "the same spots" in found.output


def test_another_fingerprint_than_the_one_that_was_noted_is_told(document: dict[str, Any], verify: Verify) -> None:
    found = verify(document, "--published", "0" * 64)
    assert found.exit_code == 1
    assert "not the one that was noted" in found.output


@pytest.mark.parametrize("change", ["seed", "spots", "fitting fingerprint"])
def test_a_set_that_was_bent_does_not_hold(document: dict[str, Any], verify: Verify, change: str) -> None:
    spots = [dict(spot) for spot in document["spots"]]
    spots[0]["die"] = spots[0]["die"] % 100 + 1
    bent = document | ({"seed": "00" * 32} if change == "seed" else {"spots": spots})
    if change == "fitting fingerprint":
        bent["commitment"] = committed(SET, SEED, bent["pool"], spots)
    found = verify(bent)
    assert found.exit_code == 1
    assert ("other spots" in found.output) or ("does not hold" in found.output)


@pytest.mark.parametrize("document", [{}, {"set_id": SET}, {"set_id": "2026-W41"}, []], ids=str)
def test_a_file_that_is_no_proof_is_refused_without_a_traceback(document: Any, verify: Verify) -> None:
    found = verify(document)
    assert found.exit_code == 1
    assert "Traceback" not in found.output
