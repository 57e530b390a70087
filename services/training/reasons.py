"""Why, in numbers: three lines about one hand at one decision, no prose.

Facing a bet that ends the betting: the equity that a call needs, the equity against the betting range, the blockers.
Earlier: the equity, with what a bet's price alone asks for, every action's EQR (EV over equity times pot; the EVs stand
beside it), the blockers. EQR is told of EVs above 0 and of hands with at least 1% equity: of others it says nothing,
and where no action has a positive EV it is 0%.
Blockers are the combos, weighted by villain's reach, that hero's two cards take out of those that are ahead of hero's
hand (more than half the equity against it) and of those that are behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from services.training.deals import combo_cards, without_cards
from solver.cards import COMBO_CARDS, N_CARDS
from solver.hand_rank import rank_boards
from solver.tree import LinePosition

Reasons = tuple[str, str, str]

_LEAST_EQUITY = 0.01


def reasons(
    position: LinePosition, hero_combo: int, villain_reach: NDArray[np.float32], q: Sequence[float], big_blind: int
) -> Reasons:
    """The three lines.

    Args:
        position: A decision of hero's.
        hero_combo: Hero's two cards.
        villain_reach: [combo] villain's weights at the node.
        q: [action] Q* of hero's hand, chips; NaN where unknown.
        big_blind: Chips per bb.
    """
    weights = without_cards(villain_reach, position.board)
    combos = np.flatnonzero(weights)
    weights = weights[combos]
    facing = hero_equities(hero_combo, position.board, combos)
    shares_card = np.isin(COMBO_CARDS[combos], combo_cards(hero_combo)).any(axis=1)
    possible = weights * ~shares_card
    total = float(possible.sum())
    equity = float((possible * facing).sum() / total) if total > 0 else float("nan")

    opponent = 1 - position.player
    ends_betting = position.street == 2 or position.stacks[opponent] == 0
    if position.to_call > 0 and ends_betting:
        needed = position.to_call / (position.pot + position.to_call)
        price = f"{_bb(position.to_call, big_blind)} to win {_bb(position.pot, big_blind)}"
        first = f"A call needs {needed:.1%} equity: {price}"
        second = f"Your hand has {equity:.1%} against the betting range of {total:.1f} combos"
    else:
        first = f"Your hand has {equity:.1%} equity against {total:.1f} combos"
        if position.to_call > 0:
            first += f"; the price alone asks for {position.to_call / (position.pot + position.to_call):.1%}"
        second = _eqr(position, equity, q, big_blind)
    ahead, behind = facing < 0.5, facing > 0.5
    parts = [
        f"{(weights * side * shares_card).sum():.1f} of {(weights * side).sum():.1f} combos that are {name}"
        for side, name in ((ahead, "ahead"), (behind, "behind"))
    ]
    return first, second, f"Your cards remove {parts[0]}, {parts[1]}"


def _eqr(position: LinePosition, equity: float, q: Sequence[float], big_blind: int) -> str:
    """What each action realises of the hand's equity, or why there is no such figure."""
    if not (np.isfinite(q).all() and np.isfinite(equity)):
        return "EQR: unknown here"
    if equity < _LEAST_EQUITY:
        return "EQR: says nothing of a hand with under 1% equity"
    realised = [
        f"{_label(action, big_blind)} {round(100 * value / (equity * position.pot))}%"
        for action, value in zip(position.actions, q, strict=True)
        if action != "fold" and value > 0
    ]
    if realised:
        return f"EQR: {', '.join(realised)}"
    return f"EQR 0%: no action is worth more than {'folding' if 'fold' in position.actions else '0 bb'}"


def load_kernels() -> None:
    """Load (or compile) what the first answer of a process needs, so that no player waits for it."""
    hero_equities(0, (50, 40, 30), np.array([500]))


def hero_equities(hero_combo: int, board: Sequence[int], combos: NDArray[np.integer]) -> NDArray[np.float64]:
    """[combo] hero's equity against each, over every board that can still come; card sharing with hero is ignored."""
    cards = combo_cards(hero_combo)
    left = [card for card in range(N_CARDS) if card not in board and card not in cards]
    drawn = list(combinations(left, 5 - len(board)))
    runouts = np.array(drawn, dtype=np.uint8).reshape(len(drawn), 5 - len(board))
    boards = np.hstack([np.tile(np.array(board, dtype=np.uint8), (len(runouts), 1)), runouts])
    hero_ranks, ranks = _ranks(boards, np.array([hero_combo])), _ranks(boards, combos)
    blocked = np.count_nonzero(ranks == 0, axis=0)  # the combo touches the board; hero's rank is larger there
    won = np.count_nonzero(hero_ranks > ranks, axis=0) - blocked
    split = np.count_nonzero(hero_ranks == ranks, axis=0)
    return (won + 0.5 * split) / np.maximum(len(boards) - blocked, 1)


def _ranks(boards: NDArray[np.uint8], combos: NDArray[np.integer]) -> NDArray[np.uint16]:
    high, low = (np.ascontiguousarray(COMBO_CARDS[combos, side]) for side in (0, 1))
    out = np.empty((len(boards), len(combos)), dtype=np.uint16)
    rank_boards(np.ascontiguousarray(boards), high, low, out)
    return out


def _label(action: str, big_blind: int) -> str:
    name, _, amount = action.partition(" ")
    return {"allin": "all-in"}.get(name, name) + (f" {_bb(int(amount), big_blind)}" if amount else "")


def _bb(chips: int, big_blind: int) -> str:
    return f"{chips / big_blind:.1f}".removesuffix(".0") + " bb"
