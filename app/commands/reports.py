"""What the solver's commands print: the JSON objects of the documented format, and tables for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from solver.equity import Equity
    from solver.pushfold import PushFold
    from solver.solution import NodeSolution, Solution
    from solver.solve import Estimate
    from solver.spot import Spot

PLAYERS = ("oop", "ip")


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    """Memory, tree and time before anything is allocated."""
    return {
        "memory_bytes": estimate.memory_bytes,
        "abstract_nodes": dict(estimate.abstract_nodes),
        "seconds": estimate.seconds,
    }


def estimate_text(shown: Mapping[str, Any]) -> str:
    """The same in words."""
    nodes = shown["abstract_nodes"]
    return "\n".join(
        [
            f"memory   {shown['memory_bytes'] / 2**20:.1f} MiB",
            f"tree     {nodes['decision']} decisions, {nodes['chance']} deals, {nodes['terminal']} ends",
            f"time     about {_seconds(shown['seconds'])} on one thread",
        ]
    )


def solution_json(solution: Solution, line: tuple[str, ...]) -> dict[str, Any]:
    """The result of a solve; ``root`` describes the node at ``line``."""
    return {
        "spot_hash": _spot_hash(solution),
        "iterations": solution.iterations,
        "seconds": dict(solution.seconds),
        "memory_bytes": solution.memory_bytes,
        "exploitability": {"chips": solution.exploitability_chips, "pct_pot": solution.exploitability_pct},
        "ev": dict(zip(PLAYERS, map(float, solution.ev), strict=True)),
        "equity": dict(zip(PLAYERS, map(float, solution.equity), strict=True)),
        "abstract_nodes": dict(solution.tree.counts()),
        "trace": [list(point) for point in solution.trace],
        "root": _node_json(solution.node(line)),
    }


def strategy_json(node: NodeSolution) -> dict[str, Any]:
    """One decision node as --strategy writes it."""
    from solver.cards import combo_to_text  # noqa: PLC0415

    return {
        "line": list(node.position.line),
        "player": PLAYERS[node.position.player],
        "actions": list(node.position.actions),
        "hands": [combo_to_text(int(combo)) for combo in node.combos],
        "strategy": [[round(float(f), 6) for f in row] for row in node.strategy],
    }


def solution_text(spot: Spot, result: Mapping[str, Any]) -> str:
    """A solve for people: how accurate, what it is worth, and what the node does."""
    from solver.cards import cards_to_text  # noqa: PLC0415

    solved, root = result["exploitability"], result["root"]
    seconds = sum(result["seconds"].values())
    effort = f"{_seconds(seconds)}, {result['iterations']} iterations, {result['memory_bytes'] / 2**20:.1f} MiB"
    lines = [
        f"Board {cards_to_text(spot.board)}, pot {spot.pot}, stack {spot.effective_stack} chips",
        f"Solved to {solved['pct_pot']:.3g}% of the pot ({solved['chips']:.3g} chips) in {effort}",
        "",
        *_table(
            ("", "EV, chips", "EV, % of pot", "equity, %"),
            [
                (
                    player.upper(),
                    f"{result['ev'][player]:.2f}",
                    f"{100 * result['ev'][player] / spot.pot:.2f}",
                    f"{100 * result['equity'][player]:.2f}",
                )
                for player in PLAYERS
            ],
        ),
        "",
        f"{root['player'].upper()} to act" + (f" after {'/'.join(root['line'])}" if root["line"] else ""),
        *_table(
            ("action", "of range, %"),
            [
                (action, "-" if frequency is None else f"{100 * frequency:.2f}")
                for action, frequency in zip(root["actions"], root["range_frequency"], strict=True)
            ],
        ),
        "",
        *_mix_by_class(root),
    ]
    return "\n".join(lines)


def equity_json(equity: Equity) -> dict[str, Any]:
    """Both sides' share of the pot; win and tie are the first one's."""
    return {"equity": [equity.share, 1 - equity.share], "win": equity.win, "tie": equity.tie, "exact": True}


def equity_text(shown: Mapping[str, Any], first: str, second: str, board: str) -> str:
    """The same as a table."""
    win, tie = shown["win"], shown["tie"]
    rows = [
        (_short(first), f"{100 * shown['equity'][0]:.3f}", f"{100 * win:.3f}", f"{100 * tie:.3f}"),
        (_short(second), f"{100 * shown['equity'][1]:.3f}", f"{100 * (1 - win - tie):.3f}", f"{100 * tie:.3f}"),
    ]
    where = f"on {board}" if board else "before the flop"
    return "\n".join([f"Exact equity {where}", "", *_table(("range", "equity, %", "win, %", "tie, %"), rows)])


def push_fold_json(solved: PushFold) -> dict[str, Any]:
    """Value in bb, frequencies and gains over folding by hand class."""
    return {
        "value_sb": solved.value_sb,
        "push": _by_class(solved.push),
        "call": _by_class(solved.call),
        "dev_push": _by_class(solved.push_gain),
        "dev_call": _by_class(solved.call_gain),
    }


def push_fold_text(solved: PushFold, stack: float) -> str:
    """The equilibrium as two grids."""
    value = f"the small blind wins {solved.value_sb:+.5f} bb a hand (exploitable by {solved.exploitability:.1g} bb)"
    lines = [f"Heads-up push or fold, {stack:g} bb: {value}"]
    for title, frequencies in (("Small blind pushes", solved.push), ("Big blind calls", solved.call)):
        lines += ["", f"{title} {_range_percent(frequencies):.2f}% of hands; % by hand class", *_grid(frequencies)]
    return "\n".join(lines)


def _spot_hash(solution: Solution) -> str:
    from solver.spot import spot_hash  # noqa: PLC0415

    return spot_hash(solution.spot)


def _node_json(node: NodeSolution) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415

    from solver.cards import combo_to_text  # noqa: PLC0415
    from solver.equity import compatible_weight  # noqa: PLC0415

    player = node.position.player
    own = node.reach[player][node.combos].astype(np.float64)
    weights = own * compatible_weight(node.reach[1 - player].astype(np.float64))[node.combos]
    total = float(weights.sum())
    ev = (node.strategy * node.action_ev).sum(axis=0)
    hands = {
        combo_to_text(int(combo)): {
            "weight": float(own[hand]),
            "equity": _number(np.clip(node.equity[hand], 0, 1)),
            "ev": _number(ev[hand]) if own[hand] > 0 else None,
            "strategy": [float(frequency) for frequency in node.strategy[:, hand]],
            "action_ev": [_number(value) for value in node.action_ev[:, hand]],
        }
        for hand, combo in enumerate(node.combos)
    }
    return {
        "player": PLAYERS[player],
        "line": list(node.position.line),
        "actions": list(node.position.actions),
        "range_frequency": [float(row @ weights) / total if total > 0 else None for row in node.strategy],
        "hands": hands,
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _by_class(values: NDArray[np.float64]) -> dict[str, float | None]:
    from solver.cards import HAND_CLASSES  # noqa: PLC0415

    return {name: _number(value) for name, value in zip(HAND_CLASSES, values, strict=True)}


def _range_percent(frequencies: Any) -> float:
    from solver.cards import COMBO_CLASS  # noqa: PLC0415

    return float(frequencies[COMBO_CLASS].mean() * 100)


def _mix_by_class(root: Mapping[str, Any]) -> list[str]:
    """One grid: how often each hand class does something else than the first (cheapest) action."""
    import numpy as np  # noqa: PLC0415

    from solver.cards import COMBO_CLASS, N_CLASSES, parse_combo  # noqa: PLC0415

    played, weights = np.zeros(N_CLASSES), np.zeros(N_CLASSES)
    for name, hand in root["hands"].items():
        hand_class = COMBO_CLASS[parse_combo(name)]
        played[hand_class] += hand["weight"] * (1 - hand["strategy"][0])
        weights[hand_class] += hand["weight"]
    frequencies = np.divide(played, weights, out=np.full(N_CLASSES, np.nan), where=weights > 0)
    title = "Bets" if root["actions"][0] == "check" else "Goes on"
    return [f"{title}, % by hand class", *_grid(frequencies)]


def _grid(frequencies: NDArray[np.float64]) -> list[str]:
    """The 13 x 13 grid, suited above the diagonal; a dot where the range holds nothing."""
    from solver.cards import RANKS  # noqa: PLC0415

    ranks = RANKS[::-1]
    cell: Callable[[float], str] = lambda value: "." if math.isnan(value) else f"{100 * value:.0f}"  # noqa: E731
    rows = [[cell(frequencies[13 * row + column]) for column in range(13)] for row in range(13)]
    header = "   " + "".join(f"{rank:>4}" for rank in ranks)
    return [
        header,
        *(f"  {rank}" + "".join(f"{text:>4}" for text in row) for rank, row in zip(ranks, rows, strict=True)),
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns aligned: the first to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        return "  ".join(cells).rstrip()

    return [line(header), *map(line, rows)]


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _seconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
