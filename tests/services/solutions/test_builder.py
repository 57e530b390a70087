"""The library's builder on a family small enough to solve in a test, and the declared library itself."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from services.infra.cache import Cache
from services.solutions.builder import Builder, Options
from services.solutions.catalog import library_id, parse_line
from services.solutions.manifest import FOLDER, Library, read_manifest, verify
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from services.solutions.starter import ENTRIES, FAMILIES, GAMES, TARGET_PCT, Entry, Family, ranges_file
from solver.cards import parse_cards
from solver.preflop import derive_ranges
from solver.ranges import parse_range
from solver.spot import parse_spot
from solver.tree import build_tree, position

SMALL = Family(
    key="small",
    name="BTN vs BB",
    pot_type="SRP",
    positions=("BB", "BTN"),
    pot=100,
    effective_stack=150,
    sizes={
        "flop": {"oop": {"bet": "", "raise": ""}, "ip": {"bet": "50%", "raise": ""}},
        "turn": {"oop": {"bet": "a", "raise": ""}, "ip": {"bet": "", "raise": ""}},
        "river": {"oop": {"bet": "a", "raise": ""}, "ip": {"bet": "", "raise": ""}},
    },
)
CARRIED = Entry(SMALL, "Kh8h3h2cAd", parse_line("check/bet 50/call/deal 2c/check/check/deal Ad"))
CHECKED_DOWN = Entry(SMALL, "Kh8h3h2cQd")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty library with the family's preflop ranges."""
    spot = {"family": "BTN vs BB", "pot_type": "SRP", "ranges": {"oop": "KQs,77,A5s", "ip": "AK,QQ,J9s"}}
    (tmp_path / SMALL.ranges_file).write_text(json.dumps({"label": "assumed", "spots": [spot]}))
    return tmp_path


def _build(folder: Path, *entries: Entry, force: bool = False) -> list[str]:
    said: list[str] = []
    options = Options(folder=folder, ranges=folder, target_pct=1.0, force=force)
    Builder(options, said.append).build(entries)
    return said


def test_an_interrupted_build_goes_on_where_it_stopped(folder: Path) -> None:
    _build(folder, CHECKED_DOWN)
    first = (folder / f"{CHECKED_DOWN.id}.mxl").stat().st_mtime_ns
    said = _build(folder, CHECKED_DOWN, CARRIED)
    assert said[0].startswith(f"{CHECKED_DOWN.id}: there already")
    assert (folder / f"{CHECKED_DOWN.id}.mxl").stat().st_mtime_ns == first
    assert [entry["id"] for entry in read_manifest(folder)["entries"]] == [CHECKED_DOWN.id, CARRIED.id]
    assert verify(folder) == []


def test_the_same_build_gives_the_same_artefact(folder: Path) -> None:
    _build(folder, CHECKED_DOWN)
    first = read_manifest(folder)["entries"][0]
    _build(folder, CHECKED_DOWN, force=True)
    again = read_manifest(folder)["entries"][0]
    assert again["sha256"] == first["sha256"]
    assert again | {"seconds": 0} == first | {"seconds": 0}


def test_changed_ranges_are_built_again(folder: Path) -> None:
    _build(folder, CHECKED_DOWN)
    path = folder / SMALL.ranges_file
    path.write_text(path.read_text().replace("QQ", "TT"))
    assert "there already" not in _build(folder, CHECKED_DOWN)[0]


async def test_a_carried_spot_continues_its_line(folder: Path, redis_server: str) -> None:
    said = _build(folder, CARRIED)
    assert any("coarse" in line for line in said)
    (entry,) = read_manifest(folder)["entries"]
    assert (entry["spot"]["pot"], entry["spot"]["effective_stack"]) == (200, 100)
    assert entry["ranges"]["line"] == list(CARRIED.line or ())
    assert entry["ranges"]["flop_solve"]["exploitability_pct"] <= 1.0
    ranges = await StrategyService(Library(folder), Rivers(Cache())).ranges(library_id(CARRIED.id))
    assert ranges.max(axis=1) == pytest.approx([1, 1])


def test_a_damaged_artefact_is_noticed(folder: Path) -> None:
    _build(folder, CHECKED_DOWN)
    path = folder / f"{CHECKED_DOWN.id}.mxl"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (folder / "stray.mxl").write_bytes(b"")
    assert verify(folder) == [
        f"{path.name}: not the file that the manifest names",
        "stray.mxl: no entry of the manifest names it",
    ]
    assert "there already" not in _build(folder, CHECKED_DOWN)[0]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_declared_line_leads_to_its_board(entry: Entry) -> None:
    family = entry.family
    spot = parse_spot({
        "board": entry.board[:6],
        "ranges": {"oop": "AA,KK,QQ", "ip": "AA,KK,QQ"},
        "pot": family.pot,
        "effective_stack": family.effective_stack,
        "sizes": family.sizes,
        "force_allin_threshold": 0.15,
        "merging_threshold": 0.1,
    })  # fmt: skip
    if entry.line is not None:
        place = position(build_tree(spot), spot, entry.line)
        assert place.kind == "decision"
        assert place.board == parse_cards(entry.board)


def test_the_shipped_library_is_complete_and_small() -> None:
    held = {entry["id"]: entry for entry in read_manifest()["entries"]}
    assert set(held) == {entry.id for entry in ENTRIES}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 40_000_000
    flops = Counter(entry.family.key for entry in ENTRIES if entry.street == 0)
    assert flops == dict.fromkeys(("BTN_vs_BB_SRP", "BTN_vs_BB_3BP", "BTN_vs_BB_4BP", "SB_vs_BB_SRP"), 4)
    assert len(ENTRIES) - flops.total() >= 24
    for entry in ENTRIES:
        assert held[entry.id]["target_pct"] == TARGET_PCT[entry.street]


@pytest.mark.parametrize("depth", GAMES)
def test_the_ranges_of_every_depth_are_what_the_model_gives(depth: int) -> None:
    stored = json.loads((FOLDER / ranges_file(depth)).read_text())
    derived = json.loads(json.dumps(derive_ranges(GAMES[depth])))
    assert stored["inputs"] == derived["inputs"]
    for kept, made in zip(stored["spots"], derived["spots"], strict=True):
        for player in ("oop", "ip"):
            difference = parse_range(kept["ranges"][player]) - parse_range(made["ranges"][player])
            assert np.abs(difference).max() < 0.015  # one step of the rounding, on another machine's arithmetic
    pots = {(spot["family"], spot["pot_type"]): (spot["pot_bb"], spot["stack_bb"]) for spot in stored["spots"]}
    for family in FAMILIES.values():
        if family.depth == depth:
            pot, stack = pots[family.name, family.pot_type]
            assert (family.pot, family.effective_stack) == (round(10 * pot), round(10 * stack))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.key)
def test_every_family_makes_a_game_on_any_flop(family: Family) -> None:
    spot = Builder(Options(), print).root(family, "8s5d3c")
    assert spot.pot + 2 * spot.effective_stack >= 20 * family.depth
    assert len(build_tree(spot)) > 10
