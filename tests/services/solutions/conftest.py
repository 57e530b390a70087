"""Small spots, solved for real, in a library of their own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.infra.cache import Cache
from services.solutions.catalog import library_id
from services.solutions.export import Description, solve_config, write_solution
from services.solutions.manifest import FORMAT, Library, write_manifest
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from solver.solution import Solution
from solver.solve import solve
from solver.spot import Spot, parse_spot

TURN = {
    "board": "Ks8d3c5h",
    "ranges": {"oop": "KQs,KTs,88,T9s,76s,A5s:0.5", "ip": "AK,QQ,QJs,65s,33"},
    "pot": 100,
    "effective_stack": 300,
    "sizes": {
        "turn": {"oop": {"bet": "60%", "raise": "a"}, "ip": {"bet": "60%", "raise": "a"}},
        "river": {"oop": {"bet": "75%", "raise": "a"}, "ip": {"bet": "75%", "raise": "a"}},
    },
}
FLOP = {
    "board": "Kh8h3h",
    "ranges": {"oop": "KQs,KQo:0.5,77,A5s", "ip": "AK,QQ,J9s"},
    "pot": 100,
    "effective_stack": 150,
    "sizes": {
        "flop": {"ip": {"bet": "50%", "raise": ""}},
        "turn": {"oop": {"bet": "a", "raise": ""}},
        "river": {"oop": {"bet": "a", "raise": ""}},
    },
}
RIVER = {
    "board": "Ks8d3c5h2s",
    "ranges": {"oop": "KQs,KTs,88,T9s,76s,A5s:0.5", "ip": "AK,QQ,QJs,65s,33"},
    "pot": 100,
    "effective_stack": 300,
    "sizes": {"river": {"oop": {"bet": "50%,a", "raise": "a"}, "ip": {"bet": "50%,a", "raise": "a"}}},
}


@dataclass(frozen=True)
class Solved:
    """A spot in the test library and the solver's own solution with the strategies that were stored."""

    id: UUID
    spot: Spot
    solution: Solution
    entry: dict[str, Any]


@dataclass(frozen=True)
class Shelf:
    """The test library."""

    folder: Path
    turn: Solved
    flop: Solved
    river: Solved


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A flop, a turn and a river, solved by the real solver and written as the builder writes them."""
    folder = tmp_path_factory.mktemp("library")
    solved: dict[str, Solved] = {}
    for name, data in (("turn", TURN), ("flop", FLOP), ("river", RIVER)):
        spot = parse_spot(data)
        solution = solve(spot, target_pct=0.05, max_iterations=3000, tremble=0.002)
        description = Description(f"Test {name}", "BTN vs BB", "SRP", ("BB", "BTN"))
        artefact, header = write_solution(solution, description, solve_config(spot, 0.05, 0.002))
        (folder / f"{name}.mxl").write_bytes(artefact)
        entry = {key: value for key, value in header.items() if key != "config"} | {
            "id": name,
            "file": f"{name}.mxl",
            "bytes": len(artefact),
            "sha256": hashlib.sha256(artefact).hexdigest(),
        }
        solved[name] = Solved(library_id(name), spot, solution, entry)
    write_manifest({"format": FORMAT, "entries": [one.entry for one in solved.values()]}, folder)
    return Shelf(folder, **solved)


@pytest.fixture
def strategies(shelf: Shelf, redis_server: str) -> StrategyService:
    """The service on the test library, with an empty cache."""
    del redis_server
    return StrategyService(Library(shelf.folder), Rivers(Cache()))
