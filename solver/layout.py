"""From a betting tree to the kernels' instructions.

The tree is cut at its deals into sections (``kernels.Betting``). Small subtrees share a section, so that showdowns fill
all eight lanes: turns until their rivers have some 240 nodes together, the rivers below one turn section by some eighty
nodes; flop all-ins are a section of their own as nothing but deals. A runout is passed down as the root of a section
per street until it is a showdown on the river.

Values are counted in ``unit`` chips from half the starting pot: payoff - chips put in since the root - pot / 2. Winning
a showdown gives half the final pot less the rake, losing takes half, a split costs half the rake, a fold takes or gives
half the pot matched; so without rake the two players' values always add to zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.kernels import HAS_FOLD, HAS_SHOWDOWN, LANES, Betting
from solver.tree import BettingTree, Kind

IP, DEAL, RUNOUT, SHOWDOWN = int(Kind.IP), int(Kind.DEAL), int(Kind.RUNOUT), int(Kind.SHOWDOWN)
OOP_FOLDED = int(Kind.OOP_FOLDED)
"""Members of an enumeration are looked up slowly."""

RIVER = 2


class _Plain:
    """A betting tree as lists, which Python reads five times faster than arrays."""

    def __init__(self, tree: BettingTree) -> None:
        self.kind: list[int] = tree.kind.tolist()
        self.street: list[int] = tree.street.tolist()
        first, n, children = tree.first_child.tolist(), tree.n_children.tolist(), tree.children.tolist()
        self.n_children: list[int] = n
        self._children: list[list[int]] = [children[a : a + b] for a, b in zip(first, n, strict=True)]
        self.least_put_in: list[int] = tree.put_in.min(axis=1).tolist()

    def __len__(self) -> int:
        return len(self.kind)

    def children_of(self, node: int) -> list[int]:
        return self._children[node]


MAX_SECTION_NODES = 80
"""Of a river section."""
MAX_RIVER_NODES = 240
"""Below one turn section."""


@dataclass
class Section:
    """Nodes between two deals.

    Attributes:
        street: 0 to 2.
        roots: Nodes where it is entered; a runout is entered as itself.
        nodes: All nodes in preorder, roots and exits included.
        exits: Deals and runouts that leave it, deals first.
        root_of: Node -> index of the root it lies below.
        children: Range of sections below.
    """

    street: int
    roots: list[int]
    nodes: list[int] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    root_of: dict[int, int] = field(default_factory=dict)
    children: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class Layout:
    """Instructions and where each node's rows are.

    Attributes:
        betting: The kernels' arrays.
        sections: [section].
        section: [node] section of a decision.
        strategy_row: [node] first strategy row of a decision, counted inside its section (rivers: inside all river
            sections below the same turn section).
        value_row: [player, node] value row in the section; -1 for an exit's child.
        reach_row: [player, node] opponent's reach row in the section.
        shift: [player, node] value rows hold the value less this times the opponent's compatible reach.
        river_rows: [player, turn section] strategy rows of all river sections below.
        rows: [street] (reach rows, value rows) a work space needs.
        unit: Chips per unit of value.
    """

    betting: Betting
    sections: tuple[Section, ...]
    section: NDArray[np.int32]
    strategy_row: NDArray[np.int32]
    value_row: NDArray[np.int32]
    reach_row: NDArray[np.int32]
    shift: NDArray[np.float64]
    river_rows: NDArray[np.int64]
    rows: tuple[tuple[int, int], ...]
    unit: float


def find_sections(tree: _Plain) -> list[Section]:
    """Sections in an order where each section's children are consecutive: root, turns, rivers."""
    start = tree.street[0]
    sections = [_filled(tree, Section(start, [0]))]
    first = 0
    for street in range(start + 1, 3):
        last = len(sections)
        for parent in range(first, last):
            below = len(sections)
            groups = _grouped(tree, sections[parent], street)
            sections.extend(_filled(tree, Section(street, roots)) for roots in groups)
            sections[parent].children = (below, len(sections))
        first = last
    return sections


def _filled(tree: _Plain, section: Section) -> Section:
    deals: list[int] = []
    runouts: list[int] = []
    stack = section.roots[::-1]
    roots = {root: index for index, root in enumerate(section.roots)}
    below = 0
    while stack:
        node = stack.pop()
        below = roots.get(node, below)
        section.root_of[node] = below
        section.nodes.append(node)
        kind = tree.kind[node]
        if kind == DEAL:
            deals.append(node)
        elif kind == RUNOUT and section.street < 2:
            runouts.append(node)
        else:
            stack.extend(tree.children_of(node)[::-1])
    section.exits = deals + runouts
    return section


def _grouped(tree: _Plain, parent: Section, street: int) -> list[list[int]]:
    """Roots of the sections below a section, in the order of its exits."""
    roots = [node if tree.kind[node] == RUNOUT else tree.children_of(node)[0] for node in parent.exits]
    if street == RIVER:
        return _packed(roots, [len(_filled(tree, Section(street, [root])).nodes) for root in roots], MAX_SECTION_NODES)
    deals = [root for root in roots if tree.kind[root] != RUNOUT]
    runouts = [root for root in roots if tree.kind[root] == RUNOUT]
    groups = _packed(deals, [_rivers_below(tree, root) for root in deals], MAX_RIVER_NODES)
    return [*groups, runouts] if runouts else groups


def _packed(roots: list[int], sizes: list[int], limit: int) -> list[list[int]]:
    """Roots put together in their order, as many as fit; one that is larger than the limit stays alone."""
    groups: list[list[int]] = []
    room = 0
    for root, size in zip(roots, sizes, strict=True):
        if not groups or size > room:
            groups.append([])
            room = limit
        groups[-1].append(root)
        room -= size
    return groups


def _rivers_below(tree: _Plain, root: int) -> int:
    """River nodes of a subtree."""
    count, stack = 0, [root]
    while stack:
        node = stack.pop()
        count += tree.street[node] == RIVER
        stack.extend(tree.children_of(node))
    return count


class _Rows:
    """Collects flat rows and the range each (player, section) has in them."""

    def __init__(self, n_sections: int, columns: int) -> None:
        self.ranges = np.zeros((2, n_sections, 2), np.int32)
        self.items: list[Sequence[int]] = []
        self._columns = columns

    def array(self) -> NDArray[np.int32]:
        return np.array(self.items, np.int32).reshape(-1, self._columns)


def build_layout(
    betting_tree: BettingTree, pot: int, effective_stack: int, rake_rate: float = 0, rake_cap: float = 0
) -> Layout:
    """Sections, rows and instructions of a betting tree."""
    tree = _Plain(betting_tree)
    sections = find_sections(tree)
    n_nodes, n_sections = len(tree), len(sections)
    unit = 8.0 * (pot / 2 + effective_stack)
    section_of = np.full(n_nodes, -1, np.int32)
    strategy_row = [0] * n_nodes
    strategy_rows = np.zeros((2, n_sections), np.int32)
    river_rows = np.zeros((2, n_sections), np.int64)
    parents = {child: s for s, section in enumerate(sections) for child in range(*section.children)}
    for s, section in enumerate(sections):
        shared = section.street == RIVER and s in parents
        for node in section.nodes:
            player = tree.kind[node]
            if player <= IP:
                section_of[node] = s
                base = river_rows[player, parents[s]] if shared else strategy_rows[player, s]
                strategy_row[node] = base
                strategy_rows[player, s] += tree.n_children[node]
                if shared:
                    river_rows[player, parents[s]] += tree.n_children[node]
    exit_counts = [len(section.exits) for section in sections]
    root_counts = [len(section.roots) for section in sections]
    chance_at = np.cumsum([0, *exit_counts])[:-1]
    root_at = np.cumsum([0, *root_counts])[:-1]
    value_row = np.full((2, n_nodes), -1, np.int32)
    reach_row = np.full((2, n_nodes), -1, np.int32)
    chance_reach = np.zeros((2, max(1, sum(exit_counts))), np.int32)
    root_value = np.zeros((2, sum(root_counts)), np.int32)
    zero_row = np.zeros((2, n_sections), np.int32)
    dump_row = np.zeros((2, n_sections), np.int32)
    spreads, gathers = _Rows(n_sections, 6), _Rows(n_sections, 5)
    reaches = [
        [_assign_reach(tree, sections, s, player, strategy_row, spreads) for s in range(n_sections)]
        for player in range(2)
    ]
    actions: list[int] = []
    factors: list[float] = []
    shift = [[0.0] * n_nodes, [0.0] * n_nodes]
    blocks = _Blocks(tree, pot, rake_rate, rake_cap, unit, n_sections)
    sizes = [[1, 1] for _ in range(3)]
    for player in range(2):
        for s, section in enumerate(sections):
            reach = reaches[player][s]
            value = [-1] * n_nodes
            for index, node in enumerate(section.exits):
                value[node] = index
                chance_reach[player, chance_at[s] + index] = reach[node]
            inner = [node for node in section.nodes if tree.kind[node] <= IP]
            for index, node in enumerate(inner, len(section.exits)):
                value[node] = index
            n_reach = 1 + max(reach.values())
            n_value, extras = blocks.add(
                section, player, s, reach, value, len(section.exits) + len(inner), n_reach, shift[player]
            )
            zero_row[player, s], dump_row[player, s] = n_reach, n_value
            sizes[section.street][0] = max(sizes[section.street][0], n_reach + 1)
            sizes[section.street][1] = max(sizes[section.street][1], n_value + 1)
            gathers.ranges[player, s, 0] = len(gathers.items)
            for node in reversed(inner):
                own = int(tree.kind[node] == player)
                children = tree.children_of(node)[_without_row(tree, section, node, player) :]
                fourth, factor = (strategy_row[node], 0.0) if own else extras.get(node, (-1, 0.0))
                row = (own, value[node], len(children), len(actions), fourth)
                gathers.items.append(row)
                factors.append(factor)
                actions.extend(value[child] for child in children)
            gathers.ranges[player, s, 1] = len(gathers.items)
            for index, node in enumerate(section.roots):
                root_value[player, root_at[s] + index] = value[node]
            for node in section.nodes:
                # A runout keeps the rows of the section where it was called.
                if tree.kind[node] != RUNOUT or node not in section.roots:
                    reach_row[player, node], value_row[player, node] = reach[node], value[node]
    betting = Betting(
        n_chance=np.array(exit_counts, np.int32),
        n_roots=np.array(root_counts, np.int32),
        chance_at=chance_at.astype(np.int32),
        chance_reach=chance_reach,
        root_at=root_at.astype(np.int32),
        root_value=root_value,
        children=np.array([section.children for section in sections], np.int32),
        zero_row=zero_row,
        dump_row=dump_row,
        spread_at=spreads.ranges,
        spreads=spreads.array(),
        gather_at=gathers.ranges,
        gathers=gathers.array(),
        gather_factor=np.array(factors, np.float32),
        action_value=np.array(actions, np.int32),
        strategy_rows=strategy_rows,
        **blocks.arrays(),
    )
    rows = tuple((reach, value) for reach, value in sizes)
    return Layout(
        betting,
        tuple(sections),
        section_of,
        np.array(strategy_row, np.int32),
        value_row,
        reach_row,
        np.array(shift),
        river_rows,
        rows,
        unit,
    )


def _assign_reach(
    tree: _Plain, sections: Sequence[Section], s: int, player: int, strategy_row: list[int], spreads: _Rows
) -> dict[int, int]:
    """Node -> opponent reach row in a section: a new one for each of the opponent's actions, else the parent's."""
    section = sections[s]
    spreads.ranges[player, s, 0] = len(spreads.items)
    reach = {node: index for index, node in enumerate(section.roots)}
    following = len(section.roots)
    exits = set(section.exits)
    for node in section.nodes:
        if node in exits:
            continue
        children = tree.children_of(node)
        if tree.kind[node] == 1 - player:
            without = _without_row(tree, section, node, player)
            row = (reach[node], following, len(children), strategy_row[node], section.root_of[node], without)
            spreads.items.append(row)
            reach.update((child, 0) for child in children[:without])
            children = children[without:]
            reach.update(zip(children, range(following, following + len(children)), strict=True))
            following += len(children)
        else:
            reach.update(dict.fromkeys(children, reach[node]))
    spreads.ranges[player, s, 1] = len(spreads.items)
    return reach


def _folds(tree: _Plain, node: int, player: int) -> bool:
    return tree.kind[node] == OOP_FOLDED + player


def _without_row(tree: _Plain, section: Section, node: int, player: int) -> int:
    """How many of a decision's first actions have no rows: 1 for an opponent's fold on the river, else 0."""
    return int(
        section.street == RIVER and tree.n_children[node] > 0 and _folds(tree, tree.children_of(node)[0], 1 - player)
    )


class _Lane(NamedTuple):
    """A lane of a terminal block: a reach row, the showdown and what is worth a share of compatible reach against it.

    Attributes:
        root: Index of the root that it lies below.
        showdown, met: Value rows, -1 for none.
        win, less, share: Its factors (``Betting.lane_scale``).
    """

    reach: int
    root: int
    showdown: int = -1
    win: float = 0.0
    less: float = 0.0
    met: int = -1
    share: float = 0.0


class _Blocks:
    """Packs terminals into blocks of eight lanes."""

    def __init__(self, tree: _Plain, pot: int, rake_rate: float, rake_cap: float, unit: float, n_sections: int) -> None:
        self._tree, self._pot, self._rate, self._cap, self._unit = tree, pot, rake_rate, rake_cap, unit
        self._ranges = np.zeros((2, n_sections, 2), np.int32)
        self._rows: list[tuple[list[int], list[int], list[int]]] = []
        self._scales: list[list[float]] = []
        self._kinds: list[int] = []
        self._roots: list[tuple[int, int]] = []

    def add(
        self,
        section: Section,
        player: int,
        s: int,
        reach: dict[int, int],
        value: list[int],
        n_value: int,
        zero_row: int,
        shift: list[float],
    ) -> tuple[int, dict[int, tuple[int, float]]]:
        """Gives every terminal its value row.

        Returns:
            The number of value rows; and of opponent's decisions what to add, as (value row, factor).
        """
        tree = self._tree
        lacking = self._count_without_folds(section, player, shift) if section.street == RIVER else {}
        met: dict[int, tuple[int, float]] = {}
        waiting: dict[int, list[_Lane]] = defaultdict(list)
        showdowns: list[int] = []
        for node in section.nodes:
            kind = tree.kind[node]
            if kind == SHOWDOWN or (kind == RUNOUT and section.street == RIVER):
                showdowns.append(node)
            elif _folds(tree, node, player) or (_folds(tree, node, 1 - player) and section.street != RIVER):
                value[node], n_value = n_value, n_value + 1
                share = self._fold(node, player) - shift[node]
                met.setdefault(reach[node], (value[node], share))
                waiting[reach[node]].append(_Lane(reach[node], section.root_of[node], met=value[node], share=share))
        extras: dict[int, tuple[int, float]] = {}
        for node, amount in lacking.items():
            at = reach[node]
            if at not in met:
                met[at], n_value = (n_value, amount), n_value + 1
                waiting[at].append(_Lane(at, section.root_of[node], met=met[at][0], share=amount))
            row, share = met[at]
            extras[node] = row, amount / share
        lanes: list[_Lane] = []
        for node in showdowns:
            beside = waiting[reach[node]].pop() if waiting[reach[node]] else _Lane(reach[node], section.root_of[node])
            half, rake = self._money(node)
            lanes.append(
                beside._replace(
                    showdown=n_value,
                    win=(half - rake / 2) / self._unit,
                    less=rake / 2 / self._unit + shift[node],
                )
            )
            value[node], n_value = n_value, n_value + 1
        lanes += [lane for same_reach in waiting.values() for lane in same_reach]
        self._ranges[player, s, 0] = len(self._kinds)
        for first in range(0, len(lanes), LANES):
            self._pack(lanes[first : first + LANES], zero_row, n_value)
        self._ranges[player, s, 1] = len(self._kinds)
        return n_value, extras

    def _count_without_folds(self, section: Section, player: int, shift: list[float]) -> dict[int, float]:
        """Fills in ``shift``, so that an opponent's fold needs neither reach row nor lane nor value row.

        It is worth c times the reach that folds: what arrives less what does anything else. So all that follows his
        other actions is counted less c times its own reach, which costs nothing at terminals.

        Returns:
            Opponent's decisions at which what arrives is counted with another shift -> how much of it is lacking.
        """
        tree = self._tree
        lacking: dict[int, float] = {}
        for node in section.nodes:  # the roots' stays zero
            children = tree.children_of(node) if tree.kind[node] <= IP else []
            below = shift[node]
            if _without_row(tree, section, node, player):
                below = self._fold(children[0], player)
                if below != shift[node]:
                    lacking[node] = below - shift[node]
            for child in children:
                shift[child] = below
        return lacking

    def _fold(self, node: int, player: int) -> float:
        """What a fold is worth to the player, per compatible reach."""
        half, rake = self._money(node)
        return (-half if _folds(self._tree, node, player) else half - rake) / self._unit

    def _pack(self, lanes: list[_Lane], zero_row: int, dump_row: int) -> None:
        self._roots.append((min(lane.root for lane in lanes), max(lane.root for lane in lanes)))
        idle = LANES - len(lanes)
        self._rows.append(
            (
                [lane.reach for lane in lanes] + [zero_row] * idle,
                [lane.showdown if lane.showdown >= 0 else dump_row for lane in lanes] + [dump_row] * idle,
                [lane.met if lane.met >= 0 else dump_row for lane in lanes] + [dump_row] * idle,
            )
        )
        scales = ([lane.win for lane in lanes], [lane.less for lane in lanes], [lane.share for lane in lanes])
        self._scales.append([factor for scale in scales for factor in (*scale, *[0.0] * idle)])
        self._kinds.append(
            HAS_SHOWDOWN * any(lane.showdown >= 0 for lane in lanes) | HAS_FOLD * any(lane.met >= 0 for lane in lanes)
        )

    def _money(self, node: int) -> tuple[float, float]:
        """Half the final pot, and its rake."""
        pot = self._pot + 2 * self._tree.least_put_in[node]
        return pot / 2, min(pot * self._rate, self._cap)

    def arrays(self) -> dict[str, NDArray[Any]]:
        rows = np.array(self._rows, np.int32).reshape(-1, 3, LANES)
        scales = np.array(self._scales, np.float32).ravel()
        return {
            "block_at": self._ranges,
            "block_root": np.array(self._roots, np.int32).reshape(-1, 2),
            "block_kind": np.array(self._kinds, np.int32),
            "lane_reach": np.ascontiguousarray(rows[:, 0]),
            "lane_showdown": np.ascontiguousarray(rows[:, 1]),
            "lane_fold": np.ascontiguousarray(rows[:, 2]),
            "lane_scale": scales,
        }
