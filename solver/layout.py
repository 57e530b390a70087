"""From a betting tree to the kernels' instructions.

The tree is cut at its deals into sections (``kernels.Betting``). A turn section has one root, except one section that
holds all flop all-ins as nothing but deals; the river subtrees below one turn section are put together, some eighty
nodes a section, so that showdowns fill all eight lanes. A runout is passed down as the root of a section per street
until it is a showdown on the river.

Values are counted in ``unit`` chips from half the starting pot: payoff - chips put in since the root - pot / 2. Winning
a showdown gives half the final pot less the rake, losing takes half, a split costs half the rake, a fold takes or gives
half the pot matched; so without rake the two players' values always add to zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.kernels import HAS_FOLD, HAS_SHOWDOWN, LANES, Betting
from solver.tree import BettingTree, Kind

MAX_SECTION_NODES = 80


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
    river_rows: NDArray[np.int64]
    rows: tuple[tuple[int, int], ...]
    unit: float


def find_sections(tree: BettingTree) -> list[Section]:
    """Sections in an order where each section's children are consecutive: root, turns, rivers."""
    start = int(tree.street[0])
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


def _filled(tree: BettingTree, section: Section) -> Section:
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
        kind = int(tree.kind[node])
        if kind == Kind.DEAL:
            deals.append(node)
        elif kind == Kind.RUNOUT and section.street < 2:
            runouts.append(node)
        else:
            stack.extend(int(child) for child in tree.children_of(node)[::-1])
    section.exits = deals + runouts
    return section


def _grouped(tree: BettingTree, parent: Section, street: int) -> list[list[int]]:
    """Roots of the sections below a section, in the order of its exits."""
    roots = [node if tree.kind[node] == Kind.RUNOUT else int(tree.children_of(node)[0]) for node in parent.exits]
    if street == 1:
        single = [[root] for root in roots if tree.kind[root] != Kind.RUNOUT]
        runouts = [root for root in roots if tree.kind[root] == Kind.RUNOUT]
        return single + ([runouts] if runouts else [])
    groups: list[list[int]] = []
    room = 0
    for root in roots:
        size = len(_filled(tree, Section(street, [root])).nodes)
        if not groups or size > room:
            groups.append([])
            room = MAX_SECTION_NODES
        groups[-1].append(root)
        room -= size
    return groups


class _Rows:
    """Collects flat rows and the range each (player, section) has in them."""

    def __init__(self, n_sections: int, columns: int) -> None:
        self.ranges = np.zeros((2, n_sections, 2), np.int32)
        self.items: list[Sequence[int]] = []
        self._columns = columns

    def array(self) -> NDArray[np.int32]:
        return np.array(self.items, np.int32).reshape(-1, self._columns)


def build_layout(
    tree: BettingTree, pot: int, effective_stack: int, rake_rate: float = 0, rake_cap: float = 0
) -> Layout:
    """Sections, rows and instructions of a betting tree."""
    sections = find_sections(tree)
    n_nodes, n_sections = len(tree), len(sections)
    unit = 8.0 * (pot / 2 + effective_stack)
    section_of = np.full(n_nodes, -1, np.int32)
    strategy_row = np.zeros(n_nodes, np.int32)
    strategy_rows = np.zeros((2, n_sections), np.int32)
    river_rows = np.zeros((2, n_sections), np.int64)
    parents = {child: s for s, section in enumerate(sections) for child in range(*section.children)}
    for s, section in enumerate(sections):
        shared = section.street == 2 and s in parents
        for node in section.nodes:
            player = int(tree.kind[node])
            if player <= Kind.IP:
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
    spreads, gathers = _Rows(n_sections, 5), _Rows(n_sections, 5)
    reaches = [
        [_assign_reach(tree, sections, s, player, strategy_row, spreads) for s in range(n_sections)]
        for player in range(2)
    ]
    actions: list[int] = []
    blocks = _Blocks(tree, pot, rake_rate, rake_cap, unit, n_sections)
    sizes = [[1, 1] for _ in range(3)]
    for player in range(2):
        for s, section in enumerate(sections):
            reach = reaches[player][s]
            value = np.full(n_nodes, -1, np.int32)
            for index, node in enumerate(section.exits):
                value[node] = index
                chance_reach[player, chance_at[s] + index] = reach[node]
            inner = [node for node in section.nodes if tree.kind[node] <= Kind.IP]
            for index, node in enumerate(inner, len(section.exits)):
                value[node] = index
            n_reach = 1 + max(reach.values())
            n_value = blocks.add(section, player, s, reach, value, len(section.exits) + len(inner), n_reach)
            zero_row[player, s], dump_row[player, s] = n_reach, n_value
            sizes[section.street][0] = max(sizes[section.street][0], n_reach + 1)
            sizes[section.street][1] = max(sizes[section.street][1], n_value + 1)
            gathers.ranges[player, s, 0] = len(gathers.items)
            for node in reversed(inner):
                own = int(tree.kind[node] == player)
                row = (own, value[node], tree.n_children[node], len(actions), strategy_row[node])
                gathers.items.append([int(entry) for entry in row])
                actions.extend(int(value[child]) for child in tree.children_of(node))
            gathers.ranges[player, s, 1] = len(gathers.items)
            for index, node in enumerate(section.roots):
                root_value[player, root_at[s] + index] = value[node]
            for node in section.nodes:
                # A runout keeps the rows of the section where it was called.
                if tree.kind[node] != Kind.RUNOUT or node not in section.roots:
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
        action_value=np.array(actions, np.int32),
        strategy_rows=strategy_rows,
        **blocks.arrays(),
    )
    rows = tuple((reach, value) for reach, value in sizes)
    return Layout(
        betting, tuple(sections), section_of, strategy_row, value_row, reach_row, river_rows, rows, unit
    )  # fmt: skip


def _assign_reach(
    tree: BettingTree, sections: Sequence[Section], s: int, player: int, strategy_row: NDArray[np.int32], spreads: _Rows
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
        children = [int(child) for child in tree.children_of(node)]
        if tree.kind[node] == 1 - player:
            row = (reach[node], following, len(children), int(strategy_row[node]), section.root_of[node])
            spreads.items.append(row)
            reach.update(zip(children, range(following, following + len(children)), strict=True))
            following += len(children)
        else:
            reach.update(dict.fromkeys(children, reach[node]))
    spreads.ranges[player, s, 1] = len(spreads.items)
    return reach


class _Blocks:
    """Packs terminals into blocks of eight lanes."""

    def __init__(
        self, tree: BettingTree, pot: int, rake_rate: float, rake_cap: float, unit: float, n_sections: int
    ) -> None:
        self._tree, self._pot, self._rate, self._cap, self._unit = tree, pot, rake_rate, rake_cap, unit
        self._ranges = np.zeros((2, n_sections, 2), np.int32)
        self._kinds: list[int] = []
        self._roots: list[tuple[int, int]] = []
        self._rows: list[tuple[list[int], list[int], list[int]]] = []
        self._scales: list[list[list[float]]] = []

    def add(
        self,
        section: Section,
        player: int,
        s: int,
        reach: dict[int, int],
        value: NDArray[np.int32],
        n_value: int,
        zero_row: int,
    ) -> int:
        """Gives every terminal its value row; returns the number of value rows."""
        showdowns: list[int] = []
        folds: dict[int, list[int]] = defaultdict(list)
        for node in section.nodes:
            kind = int(self._tree.kind[node])
            if kind == Kind.SHOWDOWN or (kind == Kind.RUNOUT and section.street == 2):
                showdowns.append(node)
            elif kind in (Kind.OOP_FOLDED, Kind.IP_FOLDED):
                folds[reach[node]].append(node)
        lanes: list[tuple[int, int]] = []
        for node in showdowns:
            same_reach = folds[reach[node]]
            lanes.append((node, same_reach.pop() if same_reach else -1))
        lanes += [(-1, node) for nodes in folds.values() for node in nodes]
        for lane in lanes:
            for node in lane:
                if node >= 0:
                    value[node] = n_value
                    n_value += 1
        self._ranges[player, s, 0] = len(self._kinds)
        for first in range(0, len(lanes), LANES):
            block = lanes[first : first + LANES]
            roots = [section.root_of[max(lane)] for lane in block]
            self._roots.append((min(roots), max(roots)))
            self._pack(block, player, reach, value, zero_row, n_value)
        self._ranges[player, s, 1] = len(self._kinds)
        return n_value

    def _pack(
        self,
        lanes: list[tuple[int, int]],
        player: int,
        reach: dict[int, int],
        value: NDArray[np.int32],
        zero_row: int,
        dump_row: int,
    ) -> None:
        rows = ([zero_row] * LANES, [dump_row] * LANES, [dump_row] * LANES)
        scales = [[0.0] * LANES for _ in range(3)]
        bits = 0
        for lane, (showdown, fold) in enumerate(lanes):
            rows[0][lane] = reach[max(showdown, fold)]
            if showdown >= 0:
                half, rake = self._money(showdown)
                rows[1][lane] = int(value[showdown])
                scales[0][lane], scales[1][lane] = (half - rake / 2) / self._unit, rake / 2 / self._unit
                bits |= HAS_SHOWDOWN
            if fold >= 0:
                half, rake = self._money(fold)
                folded = int(self._tree.kind[fold]) - Kind.OOP_FOLDED
                rows[2][lane] = int(value[fold])
                scales[2][lane] = (-half if folded == player else half - rake) / self._unit
                bits |= HAS_FOLD
        self._kinds.append(bits)
        self._rows.append(rows)
        self._scales.append(scales)

    def _money(self, node: int) -> tuple[float, float]:
        """Half the final pot, and its rake."""
        pot = self._pot + 2 * int(self._tree.put_in[node].min())
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
