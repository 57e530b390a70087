"""Ranges and boards, good and bad, up to the API."""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from services.infra import rate_limits
from solver.cards import N_COMBOS
from solver.ranges import format_range, parse_range
from tests.api.conftest import Browser
from tests.security.conftest import Figure, Scale, Within
from tests.services.solutions.conftest import RIVER
from tests.solver.test_ranges import BAD_TOKENS, PREFIXES, tokens

BAD_BOARDS = (
    *("", "K", "Ks", "Ks8d", "Ks8d3c5h2s9c", "KsKs3c", "Ks8d3c5h5h", "Kx8d3c", "1s8d3c", "ks8d3c", "KS8D3C", "Ks 8d"),
    *("K♠8d3c", "Ks8d3", "AsAsAs", "........", "\0", "Ks8d3c\n", "10s8d3c", "Ks,8d,3c;", "null", "ＫsAd3c", "Ks8d3cKs"),
)


@pytest.mark.row("valid ranges")
@pytest.mark.timeout(600)
def test_valid_ranges_make_the_round_trip(figure: Figure, scale: Scale) -> None:
    seen = 0

    @settings(max_examples=scale(200, 10_000), deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(tokens())
    def check(one: tuple[str, set[int]]) -> None:
        nonlocal seen
        token, combos = one
        expected = np.zeros(N_COMBOS, dtype=np.float32)
        expected[list(combos)] = 1
        read = parse_range(token)
        assert np.array_equal(read, expected), token
        assert np.array_equal(parse_range(format_range(read)), read), token
        seen += 1

    check()
    figure(
        f"{seen} ranges: every one read as brute force says, written and read again", passed=seen >= scale(200, 5_000)
    )


@pytest.mark.row("bad ranges and boards")
@pytest.mark.timeout(300)
async def test_a_bad_range_or_board_is_refused_at_its_place(
    member: Browser, figure: Figure, scale: Scale, within: Within
) -> None:
    spots: list[tuple[str, dict[str, Any]]] = [
        ("ranges.oop", RIVER | {"ranges": RIVER["ranges"] | {"oop": f"{prefix}{token},99"}})  # type: ignore[operator]
        for prefix in PREFIXES
        for token, _ in BAD_TOKENS
        if (prefix or token) and "\ud800" not in token
    ]
    spots += [("board", RIVER | {"board": board}) for board in BAD_BOARDS]
    random.Random(1).shuffle(spots)
    headers = {"X-CSRF-Token": await member.token(), "Origin": "http://mixline.test", "Sec-Fetch-Site": "same-origin"}
    wrong: list[str] = []
    times: list[float] = []
    for path, spot in spots[: scale(60, len(spots))]:
        rate_limits.forget()
        started = time.perf_counter()
        answer = await member.http.post("/api/solves/estimate", json={"spot": spot}, headers=headers)
        times.append(1000 * (time.perf_counter() - started))
        errors = answer.json()["data"].get("problem", {}).get("errors", [])
        named = [one for one in errors if path in one["path"]]
        if answer.status_code != 422 or not named or (path != "board" and named[0]["position"] is None):
            wrong.append(f"{answer.status_code} {path} {str(spot)[:80]}")
    slow = float(np.percentile(times, 95))
    figure(
        f"{len(times)} bad ranges and boards: {len(wrong)} not 422 with field and position {wrong[:2] or ''}; "
        f"p95 {slow:.1f} ms",
        passed=not wrong and within(slow, 20.0),
    )
