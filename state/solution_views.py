"""Solves and solutions in words: estimate, progress, outcome, and what a node shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.solutions.catalog import NodeStrategy
from services.solutions.jobs import MIB, SolveEstimate, SolveJob
from services.solutions.summary import NodeSummary
from services.training.judging import grid, present
from services.training.tolerance import worst_passed
from solver.cards import N_CARDS, card_to_text
from solver.tree import LinePosition
from state.amounts import bb, number
from state.combos import ComboView, combo_views
from state.views import ActionView, action_views

SUBGAME_TARGET_PCT: Final = 0.1
_CURVE_POINTS: Final = 120


@dataclass(frozen=True)
class SolvingView:
    """A solve under way: ``percent`` of the way to the target on a logarithmic scale, ``curve`` as an SVG path."""

    percent: int = 0
    text: str = ""
    detail: str = ""
    curve: str = ""


@dataclass(frozen=True)
class StrategyRow:
    """One action of the node: how often the range takes it."""

    index: int = 0
    label: str = ""
    tone: str = "pass"
    frequency: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class NodeView:
    """A place in the solved tree.

    ``deal`` lists the cards that may come; ``ended`` says how the hand ended here; ``subgame`` is what could be solved
    finer from here; ``combos`` are those of the player who acts, without what only the tremble brings along.
    """

    title: str = ""
    pot: str = ""
    crumbs: tuple[str, ...] = ()
    rows: tuple[StrategyRow, ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    grid: str = ""
    grid_actions: tuple[ActionView, ...] = ()
    combos: tuple[ComboView, ...] = ()
    deal: tuple[str, ...] = ()
    ended: str = ""
    subgame: str = ""


def estimate_text(needed: SolveEstimate) -> str:
    """What a solve would take, before anything is allocated."""
    memory = f"{needed.memory_bytes / MIB:,.0f} MiB" if needed.memory_bytes >= MIB else "less than 1 MiB"
    if not needed.allowed:
        return (
            f"Needs about {memory}, {needed.limit_bytes // MIB:,} MiB are allowed: "
            "use fewer sizes, narrower ranges or a later street."
        )
    seconds = "under 1 s" if needed.seconds < 1 else f"about {needed.seconds:,.0f} s"
    return f"Needs about {memory} and {seconds}."


def thinned(trace: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """At most ``_CURVE_POINTS`` points, the first and the last among them."""
    return trace if len(trace) <= _CURVE_POINTS else (*trace[:-1:2], trace[-1])


def solving_view(job: SolveJob, trace: Sequence[tuple[float, float]]) -> SolvingView:
    """Progress bar, words and curve of a running solve."""
    pct = job.progress.pct_pot
    if pct is None or not trace:
        return SolvingView(text="Solving", detail=f"{job.progress.iteration} iterations")
    way = math.log(max(trace[0][1], job.target_pct * 1.01) / job.target_pct)
    left = math.log(max(pct, job.target_pct) / job.target_pct)
    return SolvingView(
        percent=round(100 * max(0.0, min(1.0, 1 - left / way))),
        text=f"Exploitability {number(pct, 2)}% of pot",
        detail=f"{job.progress.iteration} iterations, {number(job.progress.seconds)} s, "
        f"goal {number(job.target_pct, 2)}%",
        curve=curve_path(trace, job.target_pct),
    )


def curve_path(trace: Sequence[tuple[float, float]], target: float) -> str:
    """An SVG path in a box of 100 x 32: seconds to the right, the logarithm of the exploitability upwards."""
    end = max(trace[-1][0], 1e-9)
    depths = [(seconds, -math.log(max(pct, 1e-6))) for seconds, pct in trace]
    top = min(depth for _, depth in depths)
    bottom = max(-math.log(target), *(depth for _, depth in depths))
    scale = bottom - top or 1e-9
    return "M" + " ".join(
        f"{100 * seconds / end:.1f},{2 + 28 * (depth - top) / scale:.1f}" for seconds, depth in depths
    )


def outcome_text(job: SolveJob) -> str:
    """How good the strategy is and what it took."""
    pct = job.progress.pct_pot
    accuracy = f"Solved to {number(pct, 2)}% of pot" if pct is not None else "Solved"
    late = " when its time was over" if pct is not None and pct > job.target_pct else ""
    return f"{accuracy}{late}: {job.progress.iteration} iterations, {number(job.progress.seconds)} s."


def node_view(
    position: LinePosition, node: NodeStrategy | None, found: NodeSummary | None, big_blind: int, names: tuple[str, str]
) -> NodeView:
    """What the page shows of a place in the tree."""
    crumbs = tuple(step_text(step, big_blind) for step in position.line)
    pot = f"Pot {bb(position.pot, big_blind)}"
    if node is None or found is None:
        if position.kind == "deal":
            deal = tuple(card_to_text(c) for c in reversed(range(N_CARDS)) if c not in position.board)
            return NodeView(title="Next card", pot=pot, crumbs=crumbs, deal=deal)
        match position.kind:
            case "fold":
                ended = f"{names[1 - position.player]} wins the pot."
            case "runout":
                ended = "All-in: the rest of the board is dealt, then showdown."
            case _:
                ended = "Showdown."
        return NodeView(title="The hand ends here", pot=pot, crumbs=crumbs, ended=ended)
    player = position.player
    actions = action_views(position.actions, position.pot, position.to_call, big_blind)
    first_of_turn = position.street == 1 and bool(position.line) and position.line[-1].startswith("deal ")
    rows = tuple(
        StrategyRow(index, action.label, action.tone, f"{number(100 * share)}%", round(100 * share, 2))
        for index, (action, share) in enumerate(zip(actions, found.frequency, strict=True))
    )
    earlier = worst_passed(node.passed, position.pot).solved_to_pct
    ev = f"{number(found.ev / big_blind, 2)} bb" if math.isfinite(found.ev) else "–"
    return NodeView(
        title=f"{names[player]} to act",
        pot=pot,
        crumbs=crumbs,
        rows=rows,
        figures=(
            (f"EV of {names[player]}", ev),
            (f"Equity of {names[player]}", f"{number(100 * found.equity)}%"),
            ("Combos", number(found.combos)),
            ("Solved to, here", f"{number(node.exploitability_pct, 2)}% of pot"),
            *([] if earlier is None else [("Solved to, earlier in the line", f"{number(earlier)}% of pot")]),
        ),
        grid=grid(node),
        grid_actions=actions,
        combos=_combos(node, found),
        subgame=f"Solve this turn alone to {SUBGAME_TARGET_PCT}%" if first_of_turn else "",
    )


def _combos(node: NodeStrategy, found: NodeSummary) -> tuple[ComboView, ...]:
    weights = present(node, node.position.player)[node.combos]
    here = weights > 0
    acting = (node.strategy[:, here], node.q[:, here])
    return combo_views(
        node.combos[here], weights[here], found.equities[here], acting, node.position.pot, node.big_blind
    )


def step_text(step: str, big_blind: int) -> str:
    """A step of the line as people write it: ``Check``, ``Bet 6.6 bb``, ``2c``."""
    kind, _, rest = step.partition(" ")
    if kind == "deal":
        return rest
    words = {"allin": "All-in", "raise": "Raise to"}.get(kind, kind.capitalize())
    return f"{words} {bb(int(rest), big_blind)}" if rest else words
