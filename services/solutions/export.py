"""From the solver's solution to the artefact that is served.

Strategies are purified and rounded first, and the solution evaluated with them: exploitability and Q* describe what a
player meets, not what the solver had in memory. Rivers of flop and turn solutions are left out: they are solved on
demand (``rivers``), so the figures of such a solution still rest on the solver's own rivers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import solver
from services.solutions.catalog import street_root
from services.solutions.codec import PURIFY_BELOW, StoredNode, encode_block, served_strategy, write_artefact
from solver.cards import cards_to_text
from solver.solution import Solution
from solver.spot import Spot, spot_hash, spot_to_json

RIVER = 2
MEASURING_TREMBLE = 1e-6


@dataclass(frozen=True, slots=True)
class Description:
    """What a spot is called; see ``SolutionInfo``."""

    name: str
    family: str
    pot_type: str
    positions: tuple[str, str]


def solver_hash() -> str:
    """SHA-256 of the solver's source, in hex: two artefacts with the same one came from the same program."""
    digest = hashlib.sha256()
    for path in sorted(Path(solver.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def config_hash(config: Mapping[str, Any]) -> str:
    """SHA-256 of how a spot was solved and stored, in hex."""
    return hashlib.sha256(json.dumps(config, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def kept_streets(spot: Spot) -> tuple[int, ...]:
    """Streets that an artefact keeps: all above the river, or the river when the spot begins there."""
    return (RIVER,) if spot.street == RIVER else tuple(range(spot.street, RIVER))


def serve_stored_strategies(solution: Solution) -> None:
    """Put the strategies as they are stored in place of the solver's, and measure the solution anew.

    Nobody trembles when a hand is played. What is left of the tremble is far too small for any figure and only keeps
    the opponent's reach, and with it Q*, defined behind actions that were purified away.
    """
    solution.set_tremble(MEASURING_TREMBLE)
    solution.replace_strategies(lambda _line, strategy: served_strategy(strategy), kept_streets(solution.spot))


def stored_streets(solution: Solution) -> dict[str, list[StoredNode]]:
    """Every decision node that an artefact keeps, by the line at which its street began."""
    streets: dict[str, list[StoredNode]] = {}
    for line in solution.decision_lines(kept_streets(solution.spot), canonical=True):
        node = solution.node(line, equity=False)
        root = street_root(line)
        order = np.argsort(node.combos, kind="stable")
        streets.setdefault("/".join(root), []).append(
            StoredNode(
                line=line[len(root) :],
                player=node.position.player,
                pot=node.position.pot,
                exploitability_pct=node.local_exploitability_pct,
                strategy=node.strategy[:, order],
                q=node.best_response[:, order],
            )
        )
    return streets


def write_solution(
    solution: Solution, description: Description, config: Mapping[str, Any]
) -> tuple[bytes, dict[str, Any]]:
    """The artefact of a finished solve and its header.

    ``exploitability`` in the header: ``solver_pct`` of the strategies as solved, ``served_pct`` of those that are
    stored (purified, 8 bits; rivers of flop and turn solutions as solved), both % of the starting pot.
    """
    solver_pct = solution.exploitability_pct
    serve_stored_strategies(solution)
    streets = stored_streets(solution)
    spot = solution.spot
    header = {
        "name": description.name,
        "family": description.family,
        "pot_type": description.pot_type,
        "positions": list(description.positions),
        "board": cards_to_text(spot.board),
        "spot": spot_to_json(spot),
        "spot_hash": spot_hash(spot),
        "tree_hash": solution.tree.hash(),
        "config": dict(config),
        "config_hash": config_hash(config),
        "exploitability": {"solver_pct": round(solver_pct, 5), "served_pct": round(solution.exploitability_pct, 5)},
        "iterations": solution.iterations,
        "nodes": sum(map(len, streets.values())),
    }
    return write_artefact(header, {root: encode_block(nodes) for root, nodes in streets.items()}), header


def solve_config(spot: Spot, target_pct: float, tremble: float) -> dict[str, Any]:
    """What ``config_hash`` covers."""
    return {
        "codec": 1,
        "precision": "auto",
        "purify_below": PURIFY_BELOW,
        "solver": solver_hash(),
        "street": spot.street,
        "target_pct": target_pct,
        "tremble": tremble,
    }
