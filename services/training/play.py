"""Playing a hand on: what villain does and which cards come, from the hand's seed and the stored strategies alone.

Nothing here reads or writes the database, so the same code plays a hand, prepares the next one ahead of time and deals
the week's ranked items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.events import Event
from services.solutions.catalog import NodeStrategy, SolutionInfo
from services.solutions.river_game import RiverGame
from services.training.deals import Draw, combo_cards, draw_card, draw_combos
from services.training.events import CardDealt, HeroForced, VillainActed
from solver.cards import card_to_text
from solver.hand_rank import rank_board
from solver.spot import Spot
from solver.tree import LinePosition

Line = tuple[str, ...]

_RIVER_CARDS = 5

STREET_WEIGHTS = {0: 3.0, 1: 1.0, 2: 1.0}
"""How often hands begin on each street, among those that the library has."""

ENOUGH_FLOPS = 20
"""With this many flops to deal from, whole hands begin on the flop: on a later street one has not played up to it."""


class Strategies(Protocol):
    """What training asks of ``services.solutions.service.StrategyService``."""

    async def list(self) -> list[SolutionInfo]:
        """The library."""
        ...

    async def info(self, solution_id: UUID) -> SolutionInfo:
        """The description of a solution."""
        ...

    async def visible(self, db: AsyncSession, solution_id: UUID, user_id: UUID | None) -> SolutionInfo:
        """The description of a solution that this user may see."""
        ...

    async def spot(self, solution_id: UUID) -> Spot:
        """The game that was solved."""
        ...

    async def ranges(self, solution_id: UUID) -> NDArray[np.float32]:
        """[player, combo] weights at the root."""
        ...

    async def position(self, solution_id: UUID, line: Line) -> LinePosition:
        """Where a line leads."""
        ...

    async def node(self, solution_id: UUID, line: Line) -> NodeStrategy:
        """The strategy at a decision."""
        ...

    async def river(self, solution_id: UUID, line: Line) -> RiverGame:
        """The river that a line lies in."""
        ...


@dataclass(frozen=True, slots=True)
class Deal:
    """Everything that decides how a hand goes, apart from hero; a single decision needs no villain's combo."""

    solution_id: UUID
    hero: int
    hero_combo: int
    villain_combo: int | None
    seed: bytes

    @property
    def villain(self) -> int:
        """Villain's combo in a hand that is played on."""
        if self.villain_combo is None:
            raise ValueError("a single decision is not played on")
        return self.villain_combo

    def dead(self, board: Sequence[int]) -> set[int]:
        """Cards that can't come any more."""
        return {*board, *combo_cards(self.hero_combo), *combo_cards(self.villain)}


@dataclass(frozen=True, slots=True)
class Continuation:
    """What happened up to hero's next decision or the end, and where that is."""

    events: tuple[Event, ...]
    position: LinePosition
    board: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who won a hand that was played to its end."""

    result: Literal["fold", "showdown"]
    winner: int
    net: int
    rake: int


def choose_solution(draw: Draw, library: Sequence[SolutionInfo]) -> SolutionInfo:
    """A spot of the library: first its street, then its pot type and family, then the board."""
    streets = sorted({info.street for info in library})
    street = streets[draw.choice([STREET_WEIGHTS[one] for one in streets])]
    kinds = sorted({(info.pot_type, info.family) for info in library if info.street == street})
    kind = kinds[draw.below(len(kinds))]
    spots = [info for info in library if info.street == street and (info.pot_type, info.family) == kind]
    return sorted(spots, key=lambda info: info.id)[draw.below(len(spots))]


async def deal_hand(strategies: Strategies, seed: bytes, library: Sequence[SolutionInfo]) -> Deal:
    """Deal a whole hand: the spot, hero's seat and both combos."""
    flops = [info for info in library if info.street == 0]
    info = choose_solution(Draw(seed, "spot"), flops if len(flops) >= ENOUGH_FLOPS else library)
    hero = Draw(seed, "seat").below(2)
    ranges = await strategies.ranges(info.id)
    hero_combo, villain_combo = draw_combos(Draw(seed, "deal"), ranges[hero], ranges[1 - hero], info.board)
    return Deal(info.id, hero, hero_combo, villain_combo, seed)


async def play_on(strategies: Strategies, deal: Deal, line: Line, last_street: int = 2) -> Continuation:
    """Play villain, the cards and whatever hero is forced to, up to hero's next decision or the end.

    Args:
        strategies: Where villain's frequencies come from.
        deal: The hand.
        line: From the root; hero's last action is its end.
        last_street: Stop where a card of a later street would be dealt before further action.
    """
    events: list[Event] = []
    while True:
        position = await strategies.position(deal.solution_id, line)
        if position.kind == "deal":
            if position.street >= last_street:
                return Continuation(tuple(events), position, position.board)
            card = _next_card(deal, position.board)
            events.append(CardDealt(street=position.street + 1, card=card, runout=False))
            line = (*line, f"deal {card_to_text(card)}")
        elif position.kind == "decision":
            hero_acts = position.player == deal.hero
            if len(position.actions) == 1:
                action = position.actions[0]
            elif not hero_acts:
                node = await strategies.node(deal.solution_id, line)
                action = drawn_action(node, deal.villain, Draw(deal.seed, f"villain {len(line)}"))
            else:
                return Continuation(tuple(events), position, position.board)
            moved = HeroForced if hero_acts else VillainActed
            events.append(moved(street=position.street, action=action))
            line = (*line, action)
        else:
            board = position.board
            if position.kind == "runout":
                while len(board) < _RIVER_CARDS:
                    card = _next_card(deal, board)
                    board = (*board, card)
                    events.append(CardDealt(street=len(board) - 3, card=card, runout=True))
            return Continuation(tuple(events), position, board)


def _next_card(deal: Deal, board: Sequence[int]) -> int:
    return draw_card(Draw(deal.seed, f"card {len(board)}"), deal.dead(board))


def drawn_action(node: NodeStrategy, combo: int, draw: Draw) -> str:
    """An action at the solver's frequencies for one combo."""
    return node.position.actions[draw.choice(node.strategy[:, node.row(combo)])]


async def outcome(strategies: Strategies, deal: Deal, end: Continuation) -> Outcome:
    """Who won, and hero's chips: taken from the pot minus put in since the root.

    An unmatched bet goes back and is not raked; a split leaves each the half of what was put in and of the rake.
    """
    spot = await strategies.spot(deal.solution_id)
    position = end.position
    matched = min(position.put_in)
    rake = min((spot.pot + 2 * matched) * spot.rake_rate, spot.rake_cap)
    whole_rake = round(rake)
    if position.kind == "fold":
        winner = 1 - position.player
    else:
        combos = np.array([deal.hero_combo, deal.villain])
        mine, his = (int(rank) for rank in rank_board(end.board, combos))
        winner = -1 if mine == his else deal.hero if mine > his else 1 - deal.hero
    if winner == -1:
        net = (spot.pot - whole_rake) // 2
    elif winner == deal.hero:
        net = spot.pot + matched - whole_rake
    else:
        net = -matched
    return Outcome("fold" if position.kind == "fold" else "showdown", winner, net, whole_rake)


def is_over(position: LinePosition) -> bool:
    """Whether nobody decides any more."""
    return position.kind in ("fold", "showdown", "runout")
