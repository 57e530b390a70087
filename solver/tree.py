"""The betting tree of a spot, cards apart: which actions follow which, and what they cost.

A deal is one chance node whatever the card, so the tree is small (tens to a few thousand nodes) and is walked by the
layout that solves it on every board. Amounts, thresholds and merging follow postflop-solver
(b-inary/postflop-solver, ``action_tree.rs``) to the chip, so that results can be compared one to one. It is built
without recursion, in preorder, and refuses to grow beyond a number of nodes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.bet_sizes import BetSize, SizeKind
from solver.cards import card_to_text, parse_cards
from solver.errors import Problem, SpotError
from solver.spot import Spot

MAX_NODES = 50_000
"""About a second of building; trees in use have a few thousand."""

STREET_CARDS = (3, 4, 5)


class Kind(IntEnum):
    """What happens at a node; a decision's kind is the player who decides."""

    OOP = 0
    IP = 1
    OOP_FOLDED = 2
    IP_FOLDED = 3
    SHOWDOWN = 4
    DEAL = 5
    RUNOUT = 6
    """All-in and called before the river: the rest of the board is dealt without actions."""


@dataclass(frozen=True, eq=False)
class BettingTree:
    """Nodes in preorder; node 0 is the root. Chips count from the root of the spot.

    Attributes:
        kind: [node] int8, see ``Kind``.
        street: [node] int8, 0 flop, 1 turn, 2 river.
        parent: [node] int32, -1 for the root.
        first_child: [node] int32 into ``children``.
        n_children: [node] int32; a deal has one child, a terminal none.
        children: [edge] int32 nodes, in the order of the actions.
        put_in: [node, player] int64 chips put in since the root, an unmatched bet included.
        street_bets: [node, player] int64 the part of it put in on this street.
        actions: [node] the action that led here, ``"deal"`` after a deal, ``""`` for the root.
    """

    kind: NDArray[np.int8]
    street: NDArray[np.int8]
    parent: NDArray[np.int32]
    first_child: NDArray[np.int32]
    n_children: NDArray[np.int32]
    children: NDArray[np.int32]
    put_in: NDArray[np.int64]
    street_bets: NDArray[np.int64]
    actions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.kind)

    def children_of(self, node: int) -> NDArray[np.int32]:
        """Child nodes in the order of the actions."""
        first = int(self.first_child[node])
        return self.children[first : first + int(self.n_children[node])]

    def actions_of(self, node: int) -> tuple[str, ...]:
        """Names of a decision's actions."""
        return tuple(self.actions[child] for child in self.children_of(node))

    def walk(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Every node with its line in preorder; a deal appears in lines as ``"deal"`` without a card."""
        lines: list[tuple[str, ...]] = []
        for node in range(len(self)):
            parent = int(self.parent[node])
            lines.append(() if parent < 0 else (*lines[parent], self.actions[node]))
            yield node, lines[node]

    def counts(self) -> dict[str, int]:
        """Nodes as the reference solver counts them: a runout is one terminal, ``chance`` a deal before a decision."""
        decisions = int(np.count_nonzero(self.kind <= Kind.IP))
        chance = int(np.count_nonzero(self.kind == Kind.DEAL))
        return {"decision": decisions, "chance": chance, "terminal": len(self) - decisions - chance}

    def hash(self) -> str:
        """SHA-256 of kinds, streets, children and amounts, in hex."""
        digest = hashlib.sha256()
        for array in (self.kind, self.street, self.n_children, self.put_in):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update("\n".join(self.actions).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class LinePosition:
    """Where a line leads.

    Attributes:
        kind: ``deal``: a card must be dealt and a decision follows. ``runout``: all-in and called, the rest of the
            board is dealt without actions.
        player: Who decides (decision) or who folded (fold); -1 otherwise.
        pot: Starting pot and everything put in so far, the bet faced included.
        put_in: Chips put in since the root, per player.
        street_bets: The part of it put in on this street.
        to_call: Chips the player to decide has to add to call.
        stacks: Chips behind, per player.
        actions: ``fold``, ``check``, ``call``, ``bet N``, ``raise N``, ``allin N`` with totals on this street.
    """

    kind: Literal["decision", "deal", "runout", "fold", "showdown"]
    player: int
    street: int
    board: tuple[int, ...]
    line: tuple[str, ...]
    pot: int
    put_in: tuple[int, int]
    street_bets: tuple[int, int]
    to_call: int
    stacks: tuple[int, int]
    actions: tuple[str, ...]
    node: int = 0


def build_tree(spot: Spot, max_nodes: int = MAX_NODES) -> BettingTree:
    """The tree of a spot.

    Raises:
        SpotError: The sizes give more than ``max_nodes`` nodes.
    """
    rows: list[tuple[Kind, int, int, tuple[int, int], tuple[int, int], str]] = []
    child_lists: list[list[int]] = []
    stack = [(-1, "", _State.start(spot))]
    while stack:
        parent, action, state = stack.pop()
        node = len(rows)
        if node + len(stack) >= max_nodes:
            message = f"these sizes give a tree of more than {max_nodes} nodes; use fewer or larger sizes"
            raise SpotError([Problem("sizes", message)])
        rows.append((state.kind, state.street, parent, state.put_in, state.street_bets, action))
        child_lists.append([])
        if parent >= 0:
            child_lists[parent].append(node)
        stack.extend((node, name, child) for name, child in reversed(state.children(spot)))
    counts = np.array([len(children) for children in child_lists], np.int32)
    return BettingTree(
        kind=np.array([row[0] for row in rows], np.int8),
        street=np.array([row[1] for row in rows], np.int8),
        parent=np.array([row[2] for row in rows], np.int32),
        first_child=(np.cumsum(counts) - counts).astype(np.int32),
        n_children=counts,
        children=np.array([child for children in child_lists for child in children], np.int32),
        put_in=np.array([row[3] for row in rows], np.int64),
        street_bets=np.array([row[4] for row in rows], np.int64),
        actions=tuple(row[5] for row in rows),
    )


class _Action(NamedTuple):
    """Orders as fold, check, call, bets ascending, raises ascending, all-in."""

    rank: int
    amount: int

    @property
    def name(self) -> str:
        word = ("fold", "check", "call", "bet", "raise", "allin")[self.rank]
        return f"{word} {self.amount}" if self.rank >= _BET else word


_FOLD, _CHECK, _CALL, _BET, _RAISE, _ALLIN = range(6)


class _State(NamedTuple):
    """A node while the tree is being built.

    Attributes:
        behind: Chips behind as the sizing rules see them: a bettor's chips are gone, a bet faced is not called yet.
        matched: Chips per player matched since the root, the bet faced taken as called by whoever raised it.
        previous: The amount of the last bet on this street.
        n_bets: Bets and raises on this street.
        opening: True when nobody has bet on this street.
        dealt: True right after a deal.
        oop_called: OOP called the last bet of the street before (or of this one).
    """

    kind: Kind
    street: int
    behind: tuple[int, int]
    put_in: tuple[int, int]
    street_bets: tuple[int, int]
    matched: int
    previous: int
    n_bets: int
    opening: bool
    dealt: bool
    all_in: bool
    oop_called: bool

    @classmethod
    def start(cls, spot: Spot) -> _State:
        behind = (spot.effective_stack, spot.effective_stack)
        return cls(Kind.OOP, spot.street, behind, (0, 0), (0, 0), 0, 0, 0, True, False, False, False)

    def children(self, spot: Spot) -> list[tuple[str, _State]]:
        if self.kind == Kind.DEAL:
            return [("deal", self._replace(kind=Kind.OOP, street=self.street + 1, street_bets=(0, 0), dealt=True))]
        if self.kind > Kind.IP:
            return []
        return [(action.name, self._after(action)) for action in self._actions(spot)]

    def _after(self, action: _Action) -> _State:
        player, opponent = int(self.kind), 1 - self.kind
        to_call = self.behind[player] - self.behind[opponent]
        if action.rank == _FOLD:
            return self._replace(kind=Kind(Kind.OOP_FOLDED + player))
        if action.rank == _CHECK:
            kind = Kind.IP if player == 0 else self._street_end(all_in=False)
            return self._replace(kind=kind, dealt=False, oop_called=False)
        if action.rank == _CALL:
            behind = (self.behind[opponent], self.behind[opponent])
            put_in, street_bets = self.put_in[opponent], self.street_bets[opponent]
            return self._replace(
                kind=self._street_end(all_in=self.all_in), behind=behind, put_in=(put_in, put_in),
                street_bets=(street_bets, street_bets), matched=self.matched + to_call, previous=0, n_bets=0,
                opening=True, dealt=False, oop_called=player == 0,
            )  # fmt: skip
        added = action.amount - self.street_bets[player]
        return self._replace(
            kind=Kind(opponent),
            behind=_replaced(self.behind, player, self.behind[player] - (action.amount - self.previous + to_call)),
            put_in=_replaced(self.put_in, player, self.put_in[player] + added),
            street_bets=_replaced(self.street_bets, player, action.amount),
            matched=self.matched + to_call, previous=action.amount, n_bets=self.n_bets + 1, opening=False,
            dealt=False, all_in=action.rank == _ALLIN,
        )  # fmt: skip

    def _street_end(self, *, all_in: bool) -> Kind:
        if self.street == 2:
            return Kind.SHOWDOWN
        return Kind.RUNOUT if all_in else Kind.DEAL

    def _actions(self, spot: Spot) -> list[_Action]:
        player, opponent = int(self.kind), 1 - self.kind
        to_call = self.behind[player] - self.behind[opponent]
        pot = spot.pot + 2 * (self.matched + to_call)
        largest = self.behind[opponent] + self.previous
        smallest = min(max(self.previous + to_call, 1), largest)
        sizes = spot.sizes[self.street][player]
        if self.opening:
            actions = [_Action(_CHECK, 0)]
            options = sizes.donk if self.dealt and self.oop_called and sizes.donk is not None else sizes.bet
            word = _BET
        else:
            actions = [_Action(_FOLD, 0), _Action(_CALL, 0)]
            options = () if self.all_in else sizes.raise_
            word = _RAISE
        for size in options:
            amount = self._amount(size, pot, self.behind[opponent])
            actions.append(_Action(_ALLIN, largest) if amount is None else _Action(word, amount))
        if not self.all_in and largest <= self.previous + _round(pot * spot.add_allin_threshold):
            actions.append(_Action(_ALLIN, largest))

        def adjusted(action: _Action) -> _Action:
            if action.rank not in (_BET, _RAISE):
                return action
            amount = min(max(action.amount, smallest), largest)
            grown_pot = pot + 2 * (amount - self.previous)
            if largest <= amount + _round(grown_pot * spot.force_allin_threshold):
                return _Action(_ALLIN, largest)
            return _Action(action.rank, amount)

        return _merged(sorted({adjusted(action) for action in actions}), pot, self.previous, spot.merging_threshold)

    def _amount(self, size: BetSize, pot: int, stack_after_call: int) -> int | None:
        """Total on this street; None for all-in."""
        if size.kind is SizeKind.ALLIN:
            return None
        if size.kind is SizeKind.PREVIOUS:
            return _round(self.previous * size.value)
        if size.kind is SizeKind.POT:
            return self.previous + _round(pot * size.value)
        if size.kind is SizeKind.CHIPS:
            return self.previous + int(size.value)
        streets = 3 - self.street if self.opening else max(3 - self.street - self.n_bets + 1, 1)
        ratio = ((2 * (stack_after_call / pot) + 1) ** (1 / streets) - 1) / 2
        return self.previous + _round(pot * ratio)


def _merged(actions: list[_Action], pot: int, previous: int, threshold: float) -> list[_Action]:
    """Drops sizes too close below the last one kept, from the largest down."""
    kept: list[_Action] = []
    last = math.inf
    for action in reversed(actions):
        if action.amount > 0:
            ratio = (action.amount - previous) / pot
            if ratio >= (last - threshold) / (1 + threshold) * (1 - 1e-12):
                continue
            last = ratio
        kept.append(action)
    return kept[::-1]


def _replaced(pair: tuple[int, int], index: int, value: int) -> tuple[int, int]:
    return (value, pair[1]) if index == 0 else (pair[0], value)


def _round(value: float) -> int:
    """Half away from zero (values are not negative)."""
    whole = math.floor(value)
    return whole + (value - whole >= 0.5)


def position(tree: BettingTree, spot: Spot, line: tuple[str, ...]) -> LinePosition:
    """Where a line leads.

    Raises:
        SpotError: A step is not in the tree; ``path`` is ``line[i]``, and for an impossible card its position.
    """
    node = 0
    board = spot.board
    for index, step in enumerate(line):
        path = f"line[{index}]"
        kind = Kind(int(tree.kind[node]))
        if kind == Kind.DEAL:
            board = (*board, _dealt_card(step, board, path))
            node = int(tree.children_of(node)[0])
        elif kind <= Kind.IP:
            names = tree.actions_of(node)
            if step not in names:
                message = f"'{step[:40]}' is no action here; actions are {', '.join(names)}"
                raise SpotError([Problem(path, message)])
            node = int(tree.children_of(node)[names.index(step)])
        else:
            raise SpotError([Problem(path, f"'{step[:40]}' follows the end of the hand")])
    kind = Kind(int(tree.kind[node]))
    put_in = (int(tree.put_in[node, 0]), int(tree.put_in[node, 1]))
    bets = (int(tree.street_bets[node, 0]), int(tree.street_bets[node, 1]))
    decides = kind <= Kind.IP
    return LinePosition(
        kind=_KIND_NAMES[kind],
        player=int(kind) if decides else int(kind) - Kind.OOP_FOLDED if kind <= Kind.IP_FOLDED else -1,
        street=int(tree.street[node]),
        board=board,
        line=line,
        pot=spot.pot + sum(put_in),
        put_in=put_in,
        street_bets=bets,
        to_call=put_in[1 - kind] - put_in[kind] if decides else 0,
        stacks=(spot.effective_stack - put_in[0], spot.effective_stack - put_in[1]),
        actions=tree.actions_of(node) if decides else (),
        node=node,
    )


_KIND_NAMES: dict[Kind, Literal["decision", "deal", "runout", "fold", "showdown"]] = {
    Kind.OOP: "decision",
    Kind.IP: "decision",
    Kind.OOP_FOLDED: "fold",
    Kind.IP_FOLDED: "fold",
    Kind.SHOWDOWN: "showdown",
    Kind.DEAL: "deal",
    Kind.RUNOUT: "runout",
}


def _dealt_card(step: str, board: tuple[int, ...], path: str) -> int:
    if not step.startswith("deal "):
        raise SpotError([Problem(path, f"'{step[:40]}' is no deal; a card comes next, e.g. 'deal 2c'")])
    cards = parse_cards(step[5:9], path)
    if len(cards) != 1 or len(step) != 7:
        raise SpotError([Problem(path, f"'{step[:40]}' does not deal exactly one card", 5)])
    if cards[0] in board:
        raise SpotError([Problem(path, f"card '{card_to_text(cards[0])}' is on the board already", 5)])
    return cards[0]
