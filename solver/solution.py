"""A solved spot: its figures, and every decision node on request.

Strategies are kept for one card of each orbit of interchangeable suits; a node on another card is that one with its
suits renamed. Reaches are multiplied along the line, values come from ``best_response``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.best_response import NodeValues, Place, compatible, root_place
from solver.cards import COMBO_CARDS, N_COMBOS, card_to_text
from solver.cfr import Game, from_blocks, to_blocks
from solver.errors import Problem, SpotError
from solver.isomorphism import IDENTITY, DealtCard, SuitMap, combo_map, compose, inverse, map_card
from solver.kernels import AVERAGE, BEST_RESPONSE
from solver.simd import SHARE_STEPS
from solver.spot import Spot
from solver.tree import BettingTree, Kind, LinePosition, position

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Line = tuple[str, ...]

KEPT_STRATEGIES = 64


@dataclass(frozen=True)
class NodeSolution:
    """One decision.

    Attributes:
        combos: [h] the acting player's combos that do not touch the board (his whole root range, also at zero reach).
        reach: [2, 1326] range weight x own strategy so far, zero on the board's cards.
        strategy: [a, h] average strategy.
        action_ev: [a, h] chips counted from this node (fold = 0) when both follow the average strategy; NaN where the
            opponent has no reach.
        best_response: [a, h] chips: each action against the opponent's average strategy, own best response afterwards.
        equity: [h] share of the pot won when the rest of the board is dealt without betting; NaN as in ``action_ev``.
        local_exploitability_pct: Half the sum of both players' gains by a best response from here on, in % of the pot
            at the node; NaN when the node is never reached.
    """

    position: LinePosition
    combos: NDArray[np.int16]
    reach: Float32
    strategy: Float32
    action_ev: Float64
    best_response: Float64
    equity: Float64
    local_exploitability_pct: float


@dataclass(frozen=True)
class _Path:
    """A line translated to the cards that were solved.

    Attributes:
        suits: Maps solved cards to the line's cards.
        reach: [player][root hand] weight x own strategy.
        root_reach: [player][root hand] the same at the root of the node's section.
        root: Which root of the section the line came through.
        dead: Cards dealt below the root of the spot, as solved.
        met: Player -> [root hand] the opponent's compatible reach, as far as it was asked for.
    """

    place: Place
    suits: SuitMap
    reach: tuple[Float64, Float64]
    root_reach: tuple[Float64, Float64]
    root: int
    dead: tuple[int, ...]
    met: dict[int, Float64] = field(default_factory=dict[int, Float64])


@dataclass(eq=False)
class Solution:
    """The result of ``solve``.

    Attributes:
        seconds: ``build``, ``solve``, ``exploitability``.
        exploitability_chips: Half the sum of both players' gains by a best response.
        exploitability_pct: The same in % of the starting pot.
        ev: Chips per player, from the pot and less what is put in from the root on.
        equity: Share of the pot per player.
        trace: (iteration, seconds, % of pot) at every check.
    """

    spot: Spot
    tree: BettingTree
    game: Game
    iterations: int = 0
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    trace: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])
    exploitability_chips: float = float("nan")
    ev: tuple[float, float] = (float("nan"), float("nan"))
    equity: tuple[float, float] = (float("nan"), float("nan"))

    def __post_init__(self) -> None:
        self._values = NodeValues(self.game)
        self._strategies: OrderedDict[tuple[Place, int], Float64] = OrderedDict()

    @property
    def exploitability_pct(self) -> float:
        """In % of the starting pot."""
        return 100 * self.exploitability_chips / self.spot.pot

    @property
    def memory_bytes(self) -> int:
        """Of all arrays."""
        return self.game.memory_bytes

    def measure(self) -> None:
        """Computes exploitability, EVs and equities anew from the stored strategy."""
        game, spot = self.game, self.spot
        self._values.clear()
        self._strategies.clear()
        first, second = (game.mean(p, self._values.root(p, AVERAGE)) for p in range(2))
        best = sum(game.mean(p, self._values.root(p, BEST_RESPONSE)) for p in range(2))
        # Without rake, half-pot values of a strategy against itself cancel out; only rounding would stay.
        self.exploitability_chips = (best - (first + second if spot.rake_rate > 0 else 0.0)) / 2
        self.ev = (first + spot.pot / 2, second + spot.pot / 2)
        wins: list[float] = []
        for p in range(2):
            difference, total = self._values.equity(root_place(game), p, self._root_reach(1 - p).astype(np.float32))
            weight = self._root_reach(p)
            wins.append(0.5 + 0.5 * float(weight @ difference) / float(weight @ total))
        self.equity = (wins[0], wins[1])

    def position(self, line: Line) -> LinePosition:
        """Where a line leads; raises SpotError like ``tree.position``."""
        return position(self.tree, self.spot, line)

    def node(self, line: Line, *, equity: bool = True) -> NodeSolution:
        """Everything about a decision; equities are NaN where they are not wanted.

        Raises:
            SpotError: The line leads to no decision.
        """
        at = position(self.tree, self.spot, line)
        if at.kind != "decision":
            raise SpotError([Problem("line", f"the line ends at a {at.kind}, not at a decision")])
        path = self._path(at)
        player, opponent = at.player, 1 - at.player
        game = self.game
        hands = game.boards.hands[player]
        solved_combos = combo_map(path.suits)[hands.combo]
        free = ~_touching(COMBO_CARDS[solved_combos], at.board)
        order = np.flatnonzero(free)[np.argsort(solved_combos[free])]
        met = self._met(path, player)
        evs = self._action_values(at, path, AVERAGE, met)
        best = self._action_values(at, path, BEST_RESPONSE, met)
        opponent_reach = (path.reach[opponent] * game.boards.scale[opponent]).astype(np.float32)
        equities = np.full(len(hands), np.nan)
        if equity:
            difference, total = self._values.equity(path.place, player, opponent_reach)
            with np.errstate(divide="ignore", invalid="ignore"):
                equities = np.where(total > 0, np.clip(0.5 + 0.5 * difference / total, 0, 1), np.nan)
        return NodeSolution(
            position=at,
            combos=solved_combos[order],
            reach=self._reach_by_combo(path, at.board),
            strategy=self._strategy(path.place, at.node)[:, order].astype(np.float32),
            action_ev=evs[:, order],
            best_response=best[:, order],
            equity=equities[order],
            local_exploitability_pct=self._local_exploitability(at, path),
        )

    def decision_lines(self, streets: tuple[int, ...] = (0, 1, 2), *, canonical: bool = True) -> Iterator[Line]:
        """Lines of all decisions on these streets in preorder; all cards, or one of each orbit when ``canonical``."""
        dealt = self.game.boards.deals
        last = max(streets)
        stack: list[tuple[int, Line, int, SuitMap]] = [(0, (), -1 if self.game.start == 0 else 0, IDENTITY)]
        while stack:
            node, line, turn, suits = stack.pop()
            kind, street = int(self.tree.kind[node]), int(self.tree.street[node])
            if kind <= Kind.IP:
                if street in streets:
                    yield line
                children = zip(self.tree.actions_of(node), self.tree.children_of(node), strict=True)
                stack.extend((int(child), (*line, name), turn, suits) for name, child in reversed(list(children)))
            elif kind == Kind.DEAL and street < last:
                child = int(self.tree.children_of(node)[0])
                cards = dealt.turns if turn < 0 else dealt.rivers[turn]
                for index in reversed(range(len(cards))):
                    images = cards[index].images[:1] if canonical else cards[index].images
                    for card, image in reversed(images):
                        name = f"deal {card_to_text(map_card(suits, card))}"
                        below = index if turn < 0 else turn
                        stack.append((child, (*line, name), below, compose(suits, image)))

    def replace_strategies(self, change: Callable[[Line, Float32], Float32], streets: tuple[int, ...] = (0, 1)) -> None:
        """Replaces the average strategy of decisions and measures the result.

        Args:
            change: From a line and its strategy [a, h] (h as in ``NodeSolution.combos``) to the new one.
        """
        for line in self.decision_lines(streets):
            at = position(self.tree, self.spot, line)
            place = self._path(at, reaches=False).place
            hands = self.game.boards.hands[at.player]
            free = np.flatnonzero(~_touching(COMBO_CARDS[hands.combo], at.board))
            strategy = self._strategy(place, at.node).copy()
            new = np.asarray(change(line, strategy[:, free].astype(np.float32)), np.float64)
            strategy[:, free] = np.maximum(new, 0) / np.maximum(new, 0).sum(axis=0)
            self._write(self.game.store.average, place, at.node, strategy)
        self.measure()

    def lock(self, strategies: Mapping[Line, NDArray[np.floating[Any]]]) -> None:
        """Fixes decisions before training; the game must have been built without interchangeable suits.

        Args:
            strategies: From lines to [a, 1326] shares that add up to one for each hand of the range.

        Raises:
            SpotError: A line is no decision, or its strategy has another shape or sum.
        """
        places: list[int] = []
        for line, shares in strategies.items():
            path = f"locks[{'/'.join(line)}]"
            at = position(self.tree, self.spot, line)
            if at.kind != "decision":
                raise SpotError([Problem(path, f"the line ends at a {at.kind}, not at a decision")])
            if shares.shape != (len(at.actions), N_COMBOS):
                raise SpotError([Problem(path, f"a strategy here has {len(at.actions)} rows of {N_COMBOS} combos")])
            combos = self.game.boards.hands[at.player].combo
            rows = shares[:, combos].astype(np.float64)
            free = ~_touching(COMBO_CARDS[combos], at.board)
            if (rows < 0).any() or not np.allclose(rows[:, free].sum(axis=0), 1, atol=1e-3):
                raise SpotError([Problem(path, "shares are not negative and add up to one for each hand of the range")])
            place = self._path(at, reaches=False).place
            self._write(self.game.store.average, place, at.node, rows)
            self._write(self.game.store.regret, place, at.node, rows)
            places.append(self._rows_at(place, at.node)[0])
        self.game.lock(places)

    def set_tremble(self, tremble: float) -> None:
        """Counts every decision as played at random with this probability in reaches and values from now on."""
        self.game.set_reading_tremble(tremble)
        self._values.clear()

    def _write(self, array: NDArray[Any], place: Place, node: int, strategy: Float64) -> None:
        """Writes rows [action, root hand] in the array's own format."""
        self._strategies.pop((place, node), None)
        cards, player = self.game.boards.cards, int(self.tree.kind[node])
        first, width = self._rows_at(place, node)
        rows = np.zeros((len(strategy), width))
        at, n_hands = int(cards.hand_at[player, place.board]), int(cards.n_hands[player, place.board])
        rows[:, :n_hands] = strategy[:, cards.root_hand[at : at + n_hands]]
        if array.dtype == np.uint16:
            rows = np.rint(rows * SHARE_STEPS)
        elif array.dtype == np.int16:
            rows = rows.astype(np.float16).view(np.int16)
        array[first : first + rows.size] = to_blocks(rows)

    def _root_reach(self, p: int) -> Float64:
        return self.game.boards.hands[p].weight.astype(np.float64) * self.game.boards.scale[p]

    def _path(self, at: LinePosition, *, reaches: bool = True) -> _Path:
        """Walks a line from the root, dealing the solved cards in place of the line's; without reaches only there."""
        game, tree = self.game, self.tree
        boards, layout = game.boards, game.layout
        suits: SuitMap = IDENTITY
        place = root_place(game)
        turn = -1 if game.start == 0 else 0
        reach = [boards.hands[p].weight.astype(np.float64) for p in range(2)]
        root_reach = (reach[0].copy(), reach[1].copy())
        root, node = 0, 0
        dead: tuple[int, ...] = ()
        for step, card in zip(at.line, self._line_cards(at), strict=True):
            if card < 0:
                player = int(tree.kind[node])
                names = tree.actions_of(node)
                if reaches:
                    share = self._strategy(place, node)[names.index(step)]
                    tremble = game.reading_tremble
                    reach[player] = reach[player] * ((1 - tremble) * share + tremble / len(names))
                node = int(tree.children_of(node)[names.index(step)])
                continue
            exit_index = layout.sections[place.section].exits.index(node)
            wanted = map_card(inverse(suits), card)
            choices = boards.deals.turns if turn < 0 else boards.deals.rivers[turn]
            index, image = _find(choices, wanted)
            suits = compose(suits, image)
            dead = (*dead, choices[index].card)
            node = int(tree.children_of(node)[0])
            child, root = self._child(place.section, exit_index)
            if turn < 0:
                turn = index
                first = layout.sections[0].children[0]
                place = Place(child, (child - first) * len(boards.deals.turns) + turn, -1, 0)
            else:
                river = int(boards.cards.rivers[turn, 0]) + index
                place = Place(child, place.task, index, int(boards.cards.river_board[river]))
            for p in range(2):
                hands = boards.hands[p]
                # The image's permutation also renames the reach so far: hands were tracked on the cards before it.
                reach[p] = _permuted(hands.combo, reach[p], image)
                touching = (hands.card1 == dead[-1]) | (hands.card2 == dead[-1])
                reach[p] = np.where(touching, 0.0, reach[p])
            root_reach = (reach[0].copy(), reach[1].copy())
        return _Path(place, suits, (reach[0], reach[1]), root_reach, root, dead)

    @staticmethod
    def _line_cards(at: LinePosition) -> list[int]:
        """[step] the card dealt, -1 for an action."""
        deals = sum(step.startswith("deal ") for step in at.line)
        cards = iter(at.board[len(at.board) - deals :])
        return [next(cards) if step.startswith("deal ") else -1 for step in at.line]

    def _child(self, section: int, exit_index: int) -> tuple[int, int]:
        """The section that an exit leads to, and which of its roots."""
        for child in range(*self.game.layout.sections[section].children):
            n_roots = len(self.game.layout.sections[child].roots)
            if exit_index < n_roots:
                return child, exit_index
            exit_index -= n_roots
        raise AssertionError("every exit has a section below it")

    def _rows_at(self, place: Place, node: int) -> tuple[int, int]:
        """Where a decision's rows start, and their width."""
        game = self.game
        player = int(self.tree.kind[node])
        width = int(game.boards.cards.width[player, place.board])
        if place.section == 0:
            first = int(game.store.root_at[player])
        elif place.river < 0:
            first = int(game.store.turn_at[player, place.task])
        else:
            first = int(game.store.river_at[player, place.task, place.river])
        return first + int(game.layout.strategy_row[node]) * width, width

    def _strategy(self, place: Place, node: int) -> Float64:
        """[action, root hand] average strategy; even for hands that the board removes."""
        if (known := self._strategies.get((place, node))) is not None:
            self._strategies.move_to_end((place, node))
            return known
        game, cards = self.game, self.game.boards.cards
        player, n_actions = int(self.tree.kind[node]), int(self.tree.n_children[node])
        first, width = self._rows_at(place, node)
        rows = from_blocks(game.store.average[first : first + n_actions * width], n_actions).astype(np.float64)
        n_hands = int(cards.n_hands[player, place.board])
        at = int(cards.hand_at[player, place.board])
        strategy = np.zeros((n_actions, int(cards.n_hands[player, 0])))
        strategy[:, cards.root_hand[at : at + n_hands]] = np.maximum(rows[:, :n_hands], 0)
        total = strategy.sum(axis=0)
        shares = np.where(total > 0, strategy / np.where(total > 0, total, 1), 1 / n_actions)
        self._strategies[place, node] = shares
        if len(self._strategies) > KEPT_STRATEGIES:
            self._strategies.popitem(last=False)
        return shares

    def _met(self, path: _Path, p: int) -> Float64:
        if p not in path.met:
            path.met[p] = compatible(self.game.boards, p, path.reach[1 - p])
        return path.met[p]

    def _value_rows(self, path: _Path, p: int, mode: int) -> Float32:
        scaled = (path.root_reach[1 - p] * self.game.boards.scale[1 - p]).astype(np.float32)
        return self._values.rows(path.place, p, mode, path.root, scaled)

    def _node_values(self, path: _Path, p: int, mode: int, node: int) -> Float64:
        """[root hand] chips x the opponent's weights, counted from half the starting pot."""
        cards, game = self.game.boards.cards, self.game
        row = self._value_rows(path, p, mode)[int(game.layout.value_row[p, node])].astype(np.float64)
        at, n_hands = int(cards.hand_at[p, path.place.board]), int(cards.n_hands[p, path.place.board])
        values = np.zeros(int(cards.n_hands[p, 0]))
        values[cards.root_hand[at : at + n_hands]] = row[:n_hands]
        values *= game.layout.unit / game.boards.scale[1 - p]
        if shift := float(game.layout.shift[p, node]):
            values += shift * game.layout.unit * self._met(path, p)
        return values

    def _action_values(self, at: LinePosition, path: _Path, mode: int, met: Float64) -> Float64:
        """[action, root hand] chips counted from the node."""
        offset = self.spot.pot / 2 + at.put_in[at.player]
        rows = [self._node_values(path, at.player, mode, int(child)) for child in self.tree.children_of(at.node)]
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(met > 0, np.array(rows) / met + offset, np.nan)
        if at.actions[0] == "fold":
            values[0] = np.where(met > 0, 0.0, np.nan)
        return values

    def _local_exploitability(self, at: LinePosition, path: _Path) -> float:
        pairs = float(path.reach[0] @ self._met(path, 0))
        if pairs <= 0:
            return float("nan")
        gain = sum(
            float(
                path.reach[p]
                @ (self._node_values(path, p, BEST_RESPONSE, at.node) - self._node_values(path, p, AVERAGE, at.node))
            )
            for p in range(2)
        )
        return max(0.0, 50 * gain / pairs / at.pot)

    def _reach_by_combo(self, path: _Path, board: tuple[int, ...]) -> Float32:
        reach = np.zeros((2, N_COMBOS), np.float32)
        for p in range(2):
            reach[p, combo_map(path.suits)[self.game.boards.hands[p].combo]] = path.reach[p]
        reach[:, _touching(COMBO_CARDS, board)] = 0
        return reach


def _touching(cards: NDArray[np.uint8], board: tuple[int, ...]) -> NDArray[np.bool_]:
    on_board = np.zeros(52, np.bool_)
    on_board[list(board)] = True
    return np.any(on_board[cards], axis=1)


def _find(choices: Sequence[DealtCard], card: int) -> tuple[int, SuitMap]:
    """Which dealt card stands for a card, and the permutation from the one to the other."""
    return next(
        (index, suits) for index, choice in enumerate(choices) for image, suits in choice.images if image == card
    )


def _permuted(combo: NDArray[np.int16], reach: Float64, suits: SuitMap) -> Float64:
    """Reach of the hands whose image under the permutation had it."""
    if suits == IDENTITY:
        return reach
    by_combo = np.zeros(N_COMBOS)
    by_combo[combo] = reach
    return by_combo[combo_map(suits)[combo]]
