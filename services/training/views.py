"""What training shows to a player: frozen values, chips as integers, nothing that must stay hidden.

A ``Table`` can be sent to a browser at any moment: villain's cards are in it only after the hand's end, the solver's
mix only inside an ``Answer``, the seed never (it has its own view, ``Fairness``).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.solutions.catalog import SolutionInfo
from services.training.plan import Plan

Mode = Literal["hands", "ranked", "daily"]
Status = Literal["decision", "advancing", "ended", "set_done"]
"""``decision``: hero is asked. ``advancing``: graded, villain and the cards are still to come. ``ended``: the hand is
over. ``set_done``: the hand is over and it was the last of the set."""

Word = Literal["best", "correct", "inaccuracy", "wrong", "blunder", "uncertain"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the line: an action of a player, or a card (``action`` is ``deal``, ``player`` -1)."""

    street: int
    player: int
    action: str
    card: int | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """The verdict on one action.

    Attributes:
        borderline: The interval [l - t, l + t] reaches into a harsher grade; the milder one was given.
        scored: Counts in the EV score (everything but ``uncertain``).
        loss: EV given up against the solver, chips.
        loss_pct: The same in % of the pot at the decision, the bet faced included.
        difficulty: What a plausible player loses here, chips.
    """

    word: Word
    borderline: bool
    scored: bool
    loss: float
    loss_bb: float
    loss_pct: float
    tolerance_pct: float
    difficulty: float
    difficulty_bb: float
    difficulty_pct: float

    @property
    def uncertain(self) -> bool:
        """Not graded: the tolerance is too wide."""
        return self.word == "uncertain"


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action of hero's hand: the solver's frequency, its EV (folding is 0) and what it gives up.

    EV and losses are None where villain can't be here against this hand.
    """

    action: str
    frequency: float
    ev: float | None
    ev_bb: float | None
    loss_bb: float | None
    loss_pct: float | None


@dataclass(frozen=True, slots=True)
class StrategyGrid:
    """The acting range of a node by hand class.

    ``data`` is base64 of bytes [169, 1 + actions]: the class's weight (255 = all its combos are here), then the
    frequency of each action (255 = always), in the order of the node's actions. A class of weight 0 is not here.
    """

    actions: tuple[str, ...]
    data: str

    def cells(self) -> NDArray[np.float32]:
        """[169, 1 + actions] in [0, 1]."""
        raw = np.frombuffer(base64.b64decode(self.data), dtype=np.uint8)
        return raw.reshape(169, 1 + len(self.actions)).astype(np.float32) / np.float32(255)


@dataclass(frozen=True, slots=True)
class Answer:
    """A graded decision with everything that may be shown after it; the same for ever once committed.

    Attributes:
        rows: In the order of the node's actions.
        die_pick: The action that the die names for this mix.
        solved_to_pct: Local exploitability of the subgame at the node, % of its pot; None where one of the players
            never gets, so that it has no meaning.
        reasons: Three lines of numbers: equity, price or EVs, blockers.
        in_range: False where the solver itself never gets here with this hand.
        timed_out: Nobody answered in time: checked or folded.
        withheld: Why rows, reasons, the die's pick and the grid are empty: a ranked set runs on this board.
        chose: The group of sizes that was named; ``action`` is its least costly member.
        villain: How villain departs from the solution; the loss then counts against exactly him.
        passed_solved_to_pct: Local exploitability of the worst solved decision on the way here, % of the pot there;
            None where all were solved well.
    """

    decision_id: UUID
    street: int
    line: tuple[str, ...]
    board: tuple[int, ...]
    action: str
    grade: Grade
    rows: tuple[ActionRow, ...]
    die: int
    die_pick: str
    solved_to_pct: float | None
    tolerance_pct: float
    tolerance_fitted: bool
    reasons: tuple[str, str, str]
    in_range: bool
    timed_out: bool
    tree_hash: str
    config_hash: str
    grid: StrategyGrid
    withheld: str = ""
    chose: str = ""
    villain: str = ""
    passed_solved_to_pct: float | None = None


@dataclass(frozen=True, slots=True)
class StreetLoss:
    """EV given up on one street of a hand or a set."""

    street: int
    decisions: int
    loss_bb: float


@dataclass(frozen=True, slots=True)
class HandResult:
    """How a hand ended.

    Attributes:
        kind: ``spot`` for a hand that was one decision and is not played out.
        net: Hero's chips taken from the pot minus those put in since the first decision of the spot; 0 for ``spot``.
        winner: Player, -1 for a split pot or a ``spot``.
        villain_cards: None for a ``spot``.
        rake: Chips taken by the house.
    """

    kind: Literal["fold", "showdown", "spot"]
    winner: int
    net: int
    rake: int
    villain_cards: tuple[int, int] | None
    losses: tuple[StreetLoss, ...]
    loss_bb: float


@dataclass(frozen=True, slots=True)
class Table:
    """A hand as its player sees it.

    Attributes:
        hand_number: From 1 within the session; in ranked play the item's number.
        set_size: Decisions of a set; in ranked play its spots, of which each may be a hand.
        decisions_done: Decisions of the set answered so far.
        drill: The session replays given spots.
        hero: 0 out of position, 1 in position.
        line: Every step since the root, cards included (the root's board is in ``board``).
        pot: Starting pot and everything put in so far, a bet faced included.
        stacks: Chips behind, by player.
        street_bets: Chips put in on this street, by player.
        die: 1 to 100, for mixed strategies; it stays that of the last decision until the next one.
        decision_id: None unless ``status`` is ``decision``; so are ``actions`` () and ``pot_at_decision`` None.
        deadline: When a ranked decision is answered by a check or a fold.
        commitment: SHA-256 of the hand's seed, hex; in a ranked set the set's fingerprint.
        kept_until: Until then nobody may open the solution, because a ranked set runs on its board.
        plan: The drill's, None in other sets.
    """

    session_id: UUID
    mode: Mode
    drill: bool
    hand_id: UUID
    hand_number: int
    set_size: int
    decisions_done: int
    solution: SolutionInfo
    family: str
    pot_type: str
    positions: tuple[str, str]
    big_blind: int
    street: int
    board: tuple[int, ...]
    hero: int
    hero_cards: tuple[int, int]
    line: tuple[Step, ...]
    pot: int
    stacks: tuple[int, int]
    street_bets: tuple[int, int]
    to_call: int
    die: int
    status: Status
    decision_id: UUID | None
    actions: tuple[str, ...]
    pot_at_decision: int | None
    deadline: datetime | None
    answers: tuple[Answer, ...]
    result: HandResult | None
    commitment: str
    kept_until: datetime | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class DrillSpec:
    """What to practise, unrated: decisions, hands of one solution, or what a plan asks for.

    Attributes:
        items: The player's own answered decisions to replay, one decision each, in order.
        solution_id: A solution to play hands of, which the player may see.
        plan: Filters and ways to play; with ``items`` only the ways to play count.
    """

    items: tuple[UUID, ...] = ()
    solution_id: UUID | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class WorstSpot:
    """A costly decision with enough to show it; ``decision_id`` goes into a ``DrillSpec``."""

    decision_id: UUID
    hand_id: UUID
    family: str
    pot_type: str
    positions: tuple[str, str]
    big_blind: int
    street: int
    board: tuple[int, ...]
    hero: int
    hero_cards: tuple[int, int]
    line: tuple[str, ...]
    pot: int
    action: str
    best_action: str
    word: Word
    loss_bb: float
    loss_pct: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A set in figures.

    Attributes:
        ev_score: 100 x 2^(-sum of losses / sum of difficulties); None before a scored decision.
        ev_loss_bb: Sum over all decisions.
        interval: 95% of ``ev_loss_per_100``; None under 100 decisions, where no interval is honest.
        most_errors_pct: With no wrong play or blunder, the most that their share may be; else None.
        mistakes: Decisions graded worse than correct.
        purpose: ``review`` or ``theme`` for a set that was drawn for one; else empty.
        counts: Every grade's word -> decisions.
        worst: At most three, the costliest first.
        die_followed: Decisions in which the die's pick was played.
    """

    session_id: UUID
    mode: Mode
    drill: bool
    set_size: int
    hands: int
    decisions: int
    scored: int
    ev_score: float | None
    ev_loss_bb: float
    ev_loss_per_100: float | None
    interval: tuple[float, float] | None
    most_errors_pct: float | None
    mistakes: int
    purpose: str
    counts: dict[Word, int]
    borderline: int
    die_followed: int
    worst: tuple[WorstSpot, ...]
    streets: tuple[StreetLoss, ...]


@dataclass(frozen=True, slots=True)
class RankedProgress:
    """How far a player is in the running ranked set of a week or a day.

    Attributes:
        items: Its spots: decisions of the week, hands of the day.
        answered: Decisions, of which a hand has several.
        ready: It is drawn and open.
        commitment: Its fingerprint; empty until it is drawn.
        streak: Days in a row whose hands were all played (weekly: 0).
    """

    set_id: str
    kind: Literal["weekly", "daily"]
    items: int
    dealt: int
    answered: int
    finished: bool
    ready: bool
    closes_at: datetime
    commitment: str
    streak: int


@dataclass(frozen=True, slots=True)
class Fairness:
    """The commitment of a hand and, once it may be known, the seed that it commits to."""

    hand_id: UUID
    commitment: str
    seed: str | None
