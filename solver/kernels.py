"""Every compiled function of the solving loop: regret updates, showdowns, deals, and one entry point, ``run``.

The betting tree is cut into *sections*: the nodes between two deals. A section is no tree here but three lists of
instructions per player whose values are computed (``Betting``):

1. *spreads*, top down: an opponent's decision multiplies his reach by his strategy, one row per action;
2. *terminal blocks*: eight opponent reach rows at a time become values of showdowns and folds, one row per SIMD lane;
3. *gathers*, bottom up: an opponent's decision adds its actions' rows; the player's own decision weighs them with his
   strategy and, while training, updates regrets and average strategy in the same pass.

Rows hold one number per hand. On flop and turn, hands stand in the order of their combo; on a river board only the
hands it leaves possible, weakest first, so that a showdown is one pass over groups of equal strength. Every row is
padded to a multiple of eight with at least one padding hand, whose reach and value are zero; maps between the orders
point to it for hands a card removes.

Kernels never raise; the callers validate. All of them share this file, because Numba's cache does not notice a change
in another module's callee.
"""

# Numba reads names and positions, not annotations.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.simd import (
    LANES,
    gather8,
    load8,
    max8,
    pack8,
    positive_bits8,
    prefetch,
    splat8,
    store8,
    store_columns8,
    store_share8,
    take_ticket,
    transpose_in8,
    where_positive8,
)

TRAIN, BEST_RESPONSE, AVERAGE = 0, 1, 2
"""What a pass does at the player's own decisions; the opponent plays his current strategy while training, else his
average."""

ITERATE, BEGIN, TASKS, FINISH, TURN, RIVER = range(6)
"""Commands of ``run``."""

TICKET, CANCEL, DONE, ITERATION = range(4)
"""Places in the control array."""

POSITIVE, NEGATIVE, SHARE, ROUNDING, KEEP, MIX = range(6)
"""Places in one iteration's parameters: regret factors, weight of the new strategy in the average, what uint16 rounding
adds, and the tremble (a decision is played as KEEP x strategy + MIX / actions)."""
N_PARAMETERS = 6

RIVERS_PER_TASK = 3

CACHE_LINE = 64
"""Bytes."""

NO_CARD = 52
"""Of padding hands, whose reach is always zero."""

HAS_SHOWDOWN, HAS_FOLD = 1, 2
"""Bits of ``Betting.block_kind``."""

PLACES = np.array([[*(k for k in range(8) if byte >> k & 1), *[0] * 8][:8] for byte in range(256)], np.int32).ravel()
"""[byte * 8] places of a byte's bits, lowest first."""
COUNTS = np.array([byte.bit_count() for byte in range(256)], np.uint8)
"""[byte] how many bits it has."""

TINY = np.float32(1e-30)
"""Regrets and shares up to this count as none, so that dividing by their sum cannot overflow."""

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"},
    "_nrt": False,
}
"""``_nrt``: no counting of references to arrays, which costs a fifth of an iteration; kernels allocate nothing."""

_INLINED: dict[str, Any] = _OPTIONS | {"forceinline": True}
"""For what is called for every section or decision: passing some seventy arrays costs a fifth of a flop's iteration."""

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Uint16 = NDArray[np.uint16]
Float32 = NDArray[np.float32]


class Betting(NamedTuple):
    """Instructions; the first axis ``p`` is the player whose values are computed, ``s`` the section.

    Attributes:
        n_chance: [s] deals that leave the section; they own value rows 0 .. n_chance - 1.
        n_roots: [s] places where it is entered; they own reach rows 0 .. n_roots - 1.
        chance_at: [s] first column in ``chance_reach``.
        chance_reach: [p, deal] opponent reach row of a deal.
        root_at: [s] first column in ``root_value``.
        root_value: [p, root] value row of a root.
        children: [s, 2] range of sections that its deals lead to; their roots are its deals in order.
        zero_row: [p, s] opponent reach row that stays zero, for idle lanes.
        dump_row: [p, s] value row that idle lanes write to.
        spread_at: [p, s, 2] range in ``spreads``.
        spreads: [i, 6] reach row, first new reach row, number of actions, first strategy row of the opponent, root,
            actions without a row (folds on the river, see ``layout``).
        block_at: [p, s, 2] range of terminal blocks.
        block_root: [block, 2] first and last root that its terminals lie below.
        block_kind: [block] HAS_SHOWDOWN if any lane has a showdown + HAS_FOLD if any has a fold.
        lane_reach, lane_showdown, lane_fold: [block, 8] rows; idle lanes and results point to zero and dump rows.
        lane_scale: [block * 24] eight factors each: of wins minus losses; of compatible reach at a showdown, which is
            half the rake and subtracted; of compatible reach at a fold.
        gather_at: [p, s, 2] range in ``gathers``.
        gathers: [i, 5] own decision (1) or not, value row, number of actions, first place in ``action_value``, first
            strategy row of the player; of an opponent's decision a row that is added ``gather_factor`` times, or -1.
        gather_factor: [i].
        action_value: [i] value rows of actions.
        strategy_rows: [p, s] strategy rows of a player in a section; river rows count per turn section.
    """

    n_chance: Int32
    n_roots: Int32
    chance_at: Int32
    chance_reach: Int32
    root_at: Int32
    root_value: Int32
    children: Int32
    zero_row: Int32
    dump_row: Int32
    spread_at: Int32
    spreads: Int32
    block_at: Int32
    block_root: Int32
    block_kind: Int32
    lane_reach: Int32
    lane_showdown: Int32
    lane_fold: Int32
    lane_scale: Float32
    gather_at: Int32
    gathers: Int32
    gather_factor: Float32
    action_value: Int32
    strategy_rows: Int32


class Cards(NamedTuple):
    """Hands and deals. Board 0 stands for flop and turn, boards from 1 on are river boards.

    Attributes:
        start: [1] street of the root, 0 to 2.
        root_reach: [p, width] weights of the hands at the root.
        n_hands, width: [p, board] hands and padded row length.
        hand_at: [p, board] start in the four arrays of hands that follow.
        place1, place2: [hand] uint16 where its cards' sums are: 8 x card, 8 x 52 for padding.
        same: [hand] uint16 the opponent's hand of the same two cards on that board, else one of his padding hands.
        root_hand: [hand] uint16 the hand's place in the root order, for padding the root's padding hand.
        group_at: [board, 2] range of strength groups.
        group_end: [p, group] int32 hands of a board up to and including the group.
        chance: [2] share of one turn card, of one river card.
        turn_take: [p, turn, width] uint16 the hand itself, or the padding hand when the turn card removes it.
        turn_images: [turn, 2] range in ``turn_give``; several where suits are interchangeable.
        turn_give: [p, image, width] uint16 from which hand of the dealt turn a hand takes its value.
        rivers: [turn, 2] range of river cards.
        river_board: [river] board.
        river_images: [river, 2] range in ``river_give``.
        river_give: [p, image, width] uint16 as ``turn_give``, into the order of the river board.
    """

    start: Int32
    root_reach: Float32
    n_hands: Int32
    width: Int32
    hand_at: Int64
    place1: Uint16
    place2: Uint16
    same: Uint16
    root_hand: Uint16
    group_at: Int32
    group_end: Int32
    chance: Float32
    turn_take: Uint16
    turn_images: Int32
    turn_give: Uint16
    rivers: Int32
    river_board: Int32
    river_images: Int32
    river_give: Uint16


class Store(NamedTuple):
    """What is learned. A decision's rows are stored in blocks of eight hands: [block][action][8].

    Attributes:
        regret: Float32, or int16 as half-precision bits.
        average: Shares in [0, 1], normalised per hand; float32, or uint16.
        root_at: [p] where the root section starts.
        turn_at: [p, task] where a turn section starts on a turn card; task = section x turns + turn.
        river_at: [p, task, river of the turn] where all river sections of a task start on a river card.
        locked: Sorted places of decisions whose strategy is fixed.
    """

    regret: Any
    average: Any
    root_at: Int64
    turn_at: Int64
    river_at: Int64
    locked: Int64


class Work(NamedTuple):
    """One thread's scratch rows.

    Attributes:
        reach0, value0: Rows of the flop section (or of whatever the root section is).
        reach1, value1: Rows of a turn section below a flop.
        reach2, value2: Rows of river sections.
        lanes: [hand * 8] eight rows interleaved.
        weaker: [2 * hand * 8] as ``compare_lanes`` leaves it.
        sums: [53 * 8] reach per card, interleaved.
        marks: [root][block of eight hands] a byte whose bits mark the opponent's hands with any reach there.
        union: [block] marks of some roots together.
        before: [block] how many listed hands precede a block.
        live, live_end: Marked hands; [group] end of each strength group among them.
        starts: [16] places of rows.
    """

    reach0: Float32
    value0: Float32
    reach1: Float32
    value1: Float32
    reach2: Float32
    value2: Float32
    lanes: Float32
    weaker: Float32
    sums: Float32
    marks: NDArray[np.uint8]
    union: NDArray[np.uint8]
    before: Int32
    live: Int32
    live_end: Int32
    starts: Int64


class Ahead(NamedTuple):
    """What a river section's showdowns fetch into the cache while they compute.

    Its own regrets and averages are read next, the opponent's regrets of the section behind it soon after. A line holds
    ``CACHE_LINE`` bytes; each step over eight hands asks for a few.

    Attributes:
        regret, average: The store's.
        own, own_lines: Where the player's rows of the section start, and lines a step.
        next, next_lines: The same of the opponent's rows behind the section.
        averaging: Whether averages are read at all.
    """

    regret: Any
    average: Any
    own: int | np.int64
    own_lines: int | np.int64
    next: int | np.int64
    next_lines: int | np.int64
    averaging: bool


@njit(**_INLINED)
def fetch(ahead, step):
    """Asks for the lines of a step."""
    line = CACHE_LINE // ahead.regret.itemsize
    at = ahead.own + step * ahead.own_lines * line
    for _ in range(ahead.own_lines):
        prefetch(ahead.regret, at)
        if ahead.averaging:
            prefetch(ahead.average, at)
        at += line
    at = ahead.next + step * ahead.next_lines * line
    for _ in range(ahead.next_lines):
        prefetch(ahead.regret, at)
        at += line


@njit(**_INLINED)
def spread(strategy, at, width, n_actions, reach, source, target, keep, mix, marks, marks_at, without):
    """Reach rows after a decision: its reach times what the stored regrets or shares give each action.

    Blocks of hands that are not marked have none.
    """
    if n_actions == 2:  # Of a count that it knows the compiler unrolls the loops.
        spread_among(2, strategy, at, width, reach, source, target, keep, mix, marks, marks_at, without)
    elif n_actions == 3:
        spread_among(3, strategy, at, width, reach, source, target, keep, mix, marks, marks_at, without)
    else:
        spread_among(n_actions, strategy, at, width, reach, source, target, keep, mix, marks, marks_at, without)


@njit(**_INLINED)
def spread_among(n_actions, strategy, at, width, reach, source, target, keep, mix, marks, marks_at, without):
    """``spread`` for a number of actions."""
    zero = splat8(np.float32(0.0))
    tiny = splat8(TINY)
    one = splat8(np.float32(1.0))
    even = splat8(np.float32(1.0) / np.float32(n_actions))
    kept = splat8(keep)
    mixed = splat8(mix / np.float32(n_actions))
    second = (target + 1 - without) * width
    for j in range(0, width, LANES):
        out = second + j
        if marks[np.uint64(marks_at + j // LANES)] == 0:
            if without == 0:
                store8(reach, out - width, zero)
            for _ in range(1, n_actions):
                store8(reach, out, zero)
                out += width
            continue
        # Most decisions have two actions or three: what the first two get stays in registers.
        first = at + j * n_actions
        gain = max8(load8(strategy, first) - tiny, zero)
        other = zero
        if n_actions > 1:
            other = max8(load8(strategy, first + LANES) - tiny, zero)
        total = gain + other
        for place in range(first + 2 * LANES, first + n_actions * LANES, LANES):
            total = total + max8(load8(strategy, place) - tiny, zero)
        arriving = load8(reach, source * width + j)
        scaled = where_positive8(total, one / total, zero) * arriving * kept
        rest = where_positive8(total, mixed, mixed + even * kept) * arriving
        if without == 0:
            store8(reach, out - width, gain * scaled + rest)
        if n_actions > 1:
            store8(reach, out, other * scaled + rest)
        for place in range(first + 2 * LANES, first + n_actions * LANES, LANES):
            out += width
            store8(reach, out, max8(load8(strategy, place) - tiny, zero) * scaled + rest)


@njit(**_INLINED)
def add_rows(value, width, out, rows, rows_at, n_actions, extra, factor):
    """An opponent's decision: his reach already holds his strategy, so the actions' values add up."""
    times = splat8(factor)
    for j in range(0, width, LANES):
        total = load8(value, rows[rows_at] * width + j)
        if extra >= 0:
            total = total + load8(value, extra * width + j) * times
        for a in range(1, n_actions):
            total = total + load8(value, rows[rows_at + a] * width + j)
        store8(value, out * width + j, total)


@njit(**_OPTIONS)
def best_rows(value, width, out, rows, rows_at, n_actions):
    """The player's decision when he plays his best action with every hand."""
    for j in range(0, width, LANES):
        best = load8(value, rows[rows_at] * width + j)
        for a in range(1, n_actions):
            best = max8(best, load8(value, rows[rows_at + a] * width + j))
        store8(value, out * width + j, best)


@njit(**_OPTIONS)
def mix_rows(strategy, at, value, width, out, rows, rows_at, n_actions, keep, mix):
    """The player's decision when he plays what the stored regrets or shares give."""
    zero = splat8(np.float32(0.0))
    tiny = splat8(TINY)
    one = splat8(np.float32(1.0))
    even = splat8(np.float32(1.0) / np.float32(n_actions))
    kept = splat8(keep)
    mixed = splat8(mix / np.float32(n_actions))
    for j in range(0, width, LANES):
        total = zero
        for a in range(n_actions):
            total = total + max8(load8(strategy, at + j * n_actions + a * LANES) - tiny, zero)
        inverse = one / total
        result = zero
        for a in range(n_actions):
            share = max8(load8(strategy, at + j * n_actions + a * LANES) - tiny, zero) * inverse
            share = where_positive8(total, share, even) * kept + mixed
            result = result + share * load8(value, rows[rows_at + a] * width + j)
        store8(value, out * width + j, result)


@njit(**_INLINED)
def learn(regret, average, at, value, width, out, rows, rows_at, n_actions, parameters):
    """The player's decision while training: value of the current strategy, then its regrets and the average strategy.

    Two and three actions, the most frequent, have kernels of their own that keep everything in registers. An average
    that gets nothing is not touched.
    """
    if n_actions == 2:
        learn_two(regret, average, at, value, width, out, rows, rows_at, parameters)
        return
    if n_actions == 3:
        learn_three(regret, average, at, value, width, out, rows, rows_at, parameters)
        return
    zero = splat8(np.float32(0.0))
    tiny = splat8(TINY)
    one = splat8(np.float32(1.0))
    even = splat8(np.float32(1.0) / np.float32(n_actions))
    new = splat8(parameters[SHARE])
    old = splat8(np.float32(1.0) - parameters[SHARE])
    rounding = splat8(parameters[ROUNDING])
    positive = splat8(parameters[POSITIVE])
    negative = splat8(parameters[NEGATIVE])
    averaging = parameters[SHARE] > 0
    for j in range(0, width, LANES):
        total = zero
        gained = zero
        plain = zero
        first = at + j * n_actions
        for a in range(n_actions):
            gain = max8(load8(regret, first + a * LANES) - tiny, zero)
            x = load8(value, np.int64(rows[np.uint64(rows_at + a)]) * width + j)
            total = total + gain
            gained = gained + gain * x
            plain = plain + x
        inverse = where_positive8(total, one / total, zero)
        base = where_positive8(total, zero, even)
        result = gained * inverse + plain * base
        store8(value, out * width + j, result)
        for a in range(n_actions):
            place = first + a * LANES
            before = load8(regret, place)
            if averaging:
                share = max8(before - tiny, zero) * inverse + base
                store_share8(average, place, load8(average, place) * old + share * new, rounding)
            change = load8(value, np.int64(rows[np.uint64(rows_at + a)]) * width + j) - result
            store8(regret, place, before * where_positive8(before, positive, negative) + change)


@njit(**_INLINED)
def learn_two(regret, average, at, value, width, out, rows, rows_at, parameters):
    """``learn`` for two actions."""
    zero = splat8(np.float32(0.0))
    tiny = splat8(TINY)
    one = splat8(np.float32(1.0))
    even = splat8(np.float32(0.5))
    new = splat8(parameters[SHARE])
    old = splat8(np.float32(1.0) - parameters[SHARE])
    rounding = splat8(parameters[ROUNDING])
    positive = splat8(parameters[POSITIVE])
    negative = splat8(parameters[NEGATIVE])
    value0 = np.int64(rows[rows_at]) * width
    value1 = np.int64(rows[rows_at + 1]) * width
    averaging = parameters[SHARE] > 0
    for j in range(0, width, LANES):
        at0 = at + 2 * j
        at1 = at0 + LANES
        regret0 = load8(regret, at0)
        regret1 = load8(regret, at1)
        gain0 = max8(regret0 - tiny, zero)
        gain1 = max8(regret1 - tiny, zero)
        total = gain0 + gain1
        inverse = one / total
        share0 = where_positive8(total, gain0 * inverse, even)
        share1 = where_positive8(total, gain1 * inverse, even)
        x0 = load8(value, value0 + j)
        x1 = load8(value, value1 + j)
        result = share0 * x0 + share1 * x1
        store8(value, out * width + j, result)
        if averaging:
            store_share8(average, at0, load8(average, at0) * old + share0 * new, rounding)
            store_share8(average, at1, load8(average, at1) * old + share1 * new, rounding)
        store8(regret, at0, regret0 * where_positive8(regret0, positive, negative) + (x0 - result))
        store8(regret, at1, regret1 * where_positive8(regret1, positive, negative) + (x1 - result))


@njit(**_INLINED)
def learn_three(regret, average, at, value, width, out, rows, rows_at, parameters):
    """``learn`` for three actions."""
    zero = splat8(np.float32(0.0))
    tiny = splat8(TINY)
    one = splat8(np.float32(1.0))
    even = splat8(np.float32(1.0 / 3.0))
    new = splat8(parameters[SHARE])
    old = splat8(np.float32(1.0) - parameters[SHARE])
    rounding = splat8(parameters[ROUNDING])
    positive = splat8(parameters[POSITIVE])
    negative = splat8(parameters[NEGATIVE])
    value0 = np.int64(rows[rows_at]) * width
    value1 = np.int64(rows[rows_at + 1]) * width
    value2 = np.int64(rows[rows_at + 2]) * width
    averaging = parameters[SHARE] > 0
    for j in range(0, width, LANES):
        at0 = at + 3 * j
        at1 = at0 + LANES
        at2 = at1 + LANES
        regret0 = load8(regret, at0)
        regret1 = load8(regret, at1)
        regret2 = load8(regret, at2)
        gain0 = max8(regret0 - tiny, zero)
        gain1 = max8(regret1 - tiny, zero)
        gain2 = max8(regret2 - tiny, zero)
        total = gain0 + gain1 + gain2
        inverse = one / total
        share0 = where_positive8(total, gain0 * inverse, even)
        share1 = where_positive8(total, gain1 * inverse, even)
        share2 = where_positive8(total, gain2 * inverse, even)
        x0 = load8(value, value0 + j)
        x1 = load8(value, value1 + j)
        x2 = load8(value, value2 + j)
        result = share0 * x0 + share1 * x1 + share2 * x2
        store8(value, out * width + j, result)
        if averaging:
            store_share8(average, at0, load8(average, at0) * old + share0 * new, rounding)
            store_share8(average, at1, load8(average, at1) * old + share1 * new, rounding)
            store_share8(average, at2, load8(average, at2) * old + share2 * new, rounding)
        store8(regret, at0, regret0 * where_positive8(regret0, positive, negative) + (x0 - result))
        store8(regret, at1, regret1 * where_positive8(regret1, positive, negative) + (x1 - result))
        store8(regret, at2, regret2 * where_positive8(regret2, positive, negative) + (x2 - result))


@njit(**_OPTIONS)
def add_reach(lanes, sums, running, live, first, last, opp1, opp2):
    """Adds live opponent hands to the sums per card; gives the new total."""
    for k in range(first, last):
        hand = np.int64(live[np.uint64(k)])
        x = load8(lanes, hand * LANES)
        a = np.int64(opp1[np.uint64(hand)])
        b = np.int64(opp2[np.uint64(hand)])
        running = running + x
        store8(sums, a, load8(sums, a) + x)
        store8(sums, b, load8(sums, b) + x)
    return running


@njit(**_OPTIONS)
def compare_lanes(lanes, weaker, sums, own_end, live, live_end, n_groups, n_own, own1, own2, opp1, opp2):
    """What of eight reach rows each own hand beats or ties; gives their totals.

    Groups of equal strength, weakest first. Each own hand is visited after the group below its own and after its own
    group: the two sums of weaker-or-equal reach, less the total, are wins minus losses. Sums per card remove opponents
    that share a card.

    Args:
        weaker: [2 * hand * 8] receives the two sums; one comes after an even group, the other after an odd one.
    """
    zero = splat8(np.float32(0.0))
    odd = n_own * LANES
    for i in range(np.int64(own_end[0])):  # nothing is weaker than the first group
        store8(weaker, odd + i * LANES, zero)
    running = zero
    own_from = np.int64(0)
    live_from = np.int64(0)
    for g in range(n_groups):
        live_to = np.int64(live_end[np.uint64(g)])
        running = add_reach(lanes, sums, running, live, live_from, live_to, opp1, opp2)
        live_from = live_to
        own_next = np.int64(own_end[np.uint64(min(g + 1, n_groups - 1))])
        half = odd * (g & 1)
        for i in range(own_from, own_next):
            store8(weaker, half + i * LANES, apart8(sums, running, own1, own2, i))
        own_from = np.int64(own_end[np.uint64(g)])
    return running


@njit(**_INLINED)
def apart8(sums, running, own1, own2, i):
    """Reach that shares no card with a hand, less that of the same two cards, which is removed twice."""
    return running - load8(sums, np.int64(own1[np.uint64(i)])) - load8(sums, np.int64(own2[np.uint64(i)]))


@njit(**_INLINED)
def met8(lanes, apart, same, i):
    """Reach that shares no card with a hand."""
    return apart + load8(lanes, np.int64(same[np.uint64(i)]) * LANES)


@njit(**_INLINED)
def won8(weaker, odd, apart, met, win, rake, i):
    """A showdown's value for a hand."""
    ahead = load8(weaker, i * LANES) + load8(weaker, odd + i * LANES)
    return (ahead - apart) * win - met * rake


@njit(**_INLINED)
def settle_lanes(
    kind, lanes, weaker, sums, running, n_own, width, own1, own2, same, scale, at, value, show_rows, fold_rows, starts,
    ahead, step,
):  # fmt: skip
    """Writes eight showdowns, folds against the same eight reach rows, or both, to their rows.

    A showdown is (wins - losses) x first factor - total x second factor, a fold total x third factor.

    Args:
        kind: HAS_SHOWDOWN and HAS_FOLD.
        scale, at: The 24 factors of the block.
        show_rows, fold_rows: [8] value rows.
        starts: [16] receives where they start.
    """
    win = load8(scale, at)
    rake = load8(scale, at + LANES)
    fold = load8(scale, at + 2 * LANES)
    odd = n_own * LANES
    folds = starts[LANES:]
    for k in range(LANES):
        starts[k] = np.int64(show_rows[k]) * width
        folds[k] = np.int64(fold_rows[k]) * width
    for i in range(0, width, LANES):
        fetch(ahead, step + i // LANES)
        apart0 = apart8(sums, running, own1, own2, i)
        apart1 = apart8(sums, running, own1, own2, i + 1)
        apart2 = apart8(sums, running, own1, own2, i + 2)
        apart3 = apart8(sums, running, own1, own2, i + 3)
        apart4 = apart8(sums, running, own1, own2, i + 4)
        apart5 = apart8(sums, running, own1, own2, i + 5)
        apart6 = apart8(sums, running, own1, own2, i + 6)
        apart7 = apart8(sums, running, own1, own2, i + 7)
        met0 = met8(lanes, apart0, same, i)
        met1 = met8(lanes, apart1, same, i + 1)
        met2 = met8(lanes, apart2, same, i + 2)
        met3 = met8(lanes, apart3, same, i + 3)
        met4 = met8(lanes, apart4, same, i + 4)
        met5 = met8(lanes, apart5, same, i + 5)
        met6 = met8(lanes, apart6, same, i + 6)
        met7 = met8(lanes, apart7, same, i + 7)
        if kind & HAS_FOLD:
            store_columns8(
                value, folds, i, met0 * fold, met1 * fold, met2 * fold, met3 * fold, met4 * fold, met5 * fold,
                met6 * fold, met7 * fold,
            )  # fmt: skip
        if kind & HAS_SHOWDOWN:
            store_columns8(
                value,
                starts,
                i,
                won8(weaker, odd, apart0, met0, win, rake, i),
                won8(weaker, odd, apart1, met1, win, rake, i + 1),
                won8(weaker, odd, apart2, met2, win, rake, i + 2),
                won8(weaker, odd, apart3, met3, win, rake, i + 3),
                won8(weaker, odd, apart4, met4, win, rake, i + 4),
                won8(weaker, odd, apart5, met5, win, rake, i + 5),
                won8(weaker, odd, apart6, met6, win, rake, i + 6),
                won8(weaker, odd, apart7, met7, win, rake, i + 7),
            )
    # Padding hands had their turn too; their values are zero.
    for k in range(LANES):
        for i in range(n_own, width):
            if kind & HAS_SHOWDOWN:
                value[starts[k] + i] = 0.0
            if kind & HAS_FOLD:
                value[folds[k] + i] = 0.0


@njit(**_OPTIONS)
def value_lanes(
    kind, lanes, weaker, sums, own_end, live, live_end, n_groups, n_live, n_own, width, own1, own2, opp1, opp2, same,
    scale, at, value, show_rows, fold_rows, starts, ahead, step,
):  # fmt: skip
    """Values of eight interleaved terminals, as ``settle_lanes`` writes them."""
    zero = splat8(np.float32(0.0))
    for c in range(NO_CARD + 1):
        store8(sums, c * LANES, zero)
    if kind & HAS_SHOWDOWN:
        running = compare_lanes(
            lanes, weaker, sums, own_end, live, live_end, n_groups, n_own, own1, own2, opp1, opp2
        )  # fmt: skip
    else:
        running = add_reach(lanes, sums, zero, live, np.int64(0), n_live, opp1, opp2)
    settle_lanes(
        kind, lanes, weaker, sums, running, n_own, width, own1, own2, same, scale, at, value, show_rows, fold_rows,
        starts, ahead, step,
    )  # fmt: skip


@njit(**_OPTIONS)
def read_lanes(reach, width, lane_rows, lanes, starts, marks):
    """Interleaves eight reach rows; blocks of hands that are not marked are zero."""
    zero = splat8(np.float32(0.0))
    for k in range(LANES):
        starts[k] = np.int64(lane_rows[k]) * width
    for j in range(0, width, LANES):
        if marks[np.uint64(j // LANES)] != 0:
            transpose_in8(reach, starts, j, lanes)
        else:
            for i in range(j * LANES, (j + LANES) * LANES, LANES):
                store8(lanes, i, zero)


@njit(**_OPTIONS)
def mark_reach(marks, reach, width, n_rows):
    """Marks the hands with reach, row by row."""
    for i in range(n_rows * width // LANES):
        marks[np.uint64(i)] = positive_bits8(load8(reach, i * LANES))


@njit(**_OPTIONS)
def join_marks(marks, rows, width, first_row, last_row):
    """Union of some rows of marks."""
    n_blocks = width // LANES
    for b in range(n_blocks):
        union = np.uint8(0)
        for r in range(first_row, last_row + 1):
            union |= rows[np.uint64(r * n_blocks + b)]
        marks[np.uint64(b)] = union


@njit(**_OPTIONS)
def list_marked(marks, n_hands, ends, n_groups, before, hands, hands_end):
    """Lists marked hands, group by group; gives their number.

    Args:
        before: [block] receives how many listed hands precede a block.
    """
    count = np.int64(0)
    for b in range(n_hands // LANES + 1):
        byte = np.int64(marks[np.uint64(b)])
        if b == n_hands // LANES:
            byte &= (1 << (n_hands & 7)) - 1
        before[np.uint64(b)] = count
        pack8(PLACES, byte * LANES, np.int64(b * LANES), hands, count)
        count += np.int64(COUNTS[np.uint64(byte)])
    for g in range(n_groups):
        end = np.int64(ends[np.uint64(g)])
        byte = np.int64(marks[np.uint64(end >> 3)]) & ((1 << (end & 7)) - 1)
        hands_end[np.uint64(g)] = before[np.uint64(end >> 3)] + np.int32(COUNTS[np.uint64(byte)])
    return count


@njit(**_INLINED)
def terminals(betting, cards, work, p, s, board, reach, value, ahead):
    """Values of all showdowns and folds of a section on a board."""
    first_block = betting.block_at[p, s, 0]
    last_block = betting.block_at[p, s, 1]
    if first_block == last_block:
        return
    o = 1 - p
    width_o = np.int64(cards.width[o, board])
    width_p = np.int64(cards.width[p, board])
    n_own = np.int64(cards.n_hands[p, board])
    n_opp = np.int64(cards.n_hands[o, board])
    at_o = cards.hand_at[o, board]
    at_p = cards.hand_at[p, board]
    opp1 = cards.place1[at_o : at_o + width_o]
    opp2 = cards.place2[at_o : at_o + width_o]
    own1 = cards.place1[at_p : at_p + width_p]
    own2 = cards.place2[at_p : at_p + width_p]
    same = cards.same[at_p : at_p + width_p]
    first_group = np.int64(cards.group_at[board, 0])
    n_groups = np.int64(cards.group_at[board, 1]) - first_group
    opp_ends = cards.group_end[o, first_group : first_group + n_groups]
    own_ends = cards.group_end[p, first_group : first_group + n_groups]
    zero_at = betting.zero_row[p, s] * width_o
    for j in range(width_o):
        reach[zero_at + j] = 0.0
    starts = work.starts
    first_root = last_root = np.int64(-1)
    n_live = np.int64(0)
    for block in range(first_block, last_block):
        kind = betting.block_kind[block]
        if betting.block_root[block, 0] != first_root or betting.block_root[block, 1] != last_root:
            first_root, last_root = np.int64(betting.block_root[block, 0]), np.int64(betting.block_root[block, 1])
            join_marks(work.union, work.marks, width_o, first_root, last_root)
            n_live = list_marked(work.union, n_opp, opp_ends, n_groups, work.before, work.live, work.live_end)
        read_lanes(reach, width_o, betting.lane_reach[block], work.lanes, starts, work.union)
        value_lanes(
            kind, work.lanes, work.weaker, work.sums, own_ends, work.live, work.live_end, n_groups, n_live, n_own,
            width_p, own1, own2, opp1, opp2, same, betting.lane_scale, np.int64(block) * (3 * LANES), value,
            betting.lane_showdown[block], betting.lane_fold[block], starts, ahead,
            np.int64(block - first_block) * (width_p // LANES),
        )  # fmt: skip


@njit(**_OPTIONS)
def is_locked(locked, at):
    """Whether a decision's strategy is fixed."""
    low = 0
    high = len(locked)
    while low < high:
        middle = (low + high) // 2
        if locked[middle] < at:
            low = middle + 1
        else:
            high = middle
    return low < len(locked) and locked[low] == at


@njit(**_INLINED)
def go_down(betting, store, p, s, width, at, reach, mode, parameters, marks):
    """Spreads the opponent's reach from the roots over the section; marks its hands."""
    mark_reach(marks, reach, width, np.int64(betting.n_roots[s]))
    keep, mix = parameters[KEEP], parameters[MIX]
    for i in range(betting.spread_at[p, s, 0], betting.spread_at[p, s, 1]):
        source = np.int64(betting.spreads[i, 0])
        target = np.int64(betting.spreads[i, 1])
        n_actions = np.int64(betting.spreads[i, 2])
        place = at + np.int64(betting.spreads[i, 3]) * width
        without = np.int64(betting.spreads[i, 5])
        marks_at = np.int64(betting.spreads[i, 4]) * (width // LANES)
        if mode == TRAIN:
            spread(store.regret, place, width, n_actions, reach, source, target, keep, mix, marks, marks_at, without)
        else:
            spread(store.average, place, width, n_actions, reach, source, target, keep, mix, marks, marks_at, without)


@njit(**_INLINED)
def go_up(betting, store, p, s, width, at, value, mode, parameters):
    """Gathers values from terminals and deals up to the roots."""
    rows = betting.action_value
    for i in range(betting.gather_at[p, s, 0], betting.gather_at[p, s, 1]):
        out = np.int64(betting.gathers[i, 1])
        n_actions = np.int64(betting.gathers[i, 2])
        rows_at = np.int64(betting.gathers[i, 3])
        if betting.gathers[i, 0] == 0:
            extra = np.int64(betting.gathers[i, 4])
            add_rows(value, width, out, rows, rows_at, n_actions, extra, betting.gather_factor[i])
            continue
        place = at + np.int64(betting.gathers[i, 4]) * width
        locked = is_locked(store.locked, place)
        if mode == TRAIN:
            if locked:
                keep = np.float32(1.0)
                mix_rows(store.regret, place, value, width, out, rows, rows_at, n_actions, keep, np.float32(0.0))
            else:
                learn(store.regret, store.average, place, value, width, out, rows, rows_at, n_actions, parameters)
        elif mode == BEST_RESPONSE and not locked:
            best_rows(value, width, out, rows, rows_at, n_actions)
        else:
            mix_rows(
                store.average, place, value, width, out, rows, rows_at, n_actions, parameters[KEEP], parameters[MIX]
            )


@njit(**_INLINED)
def play_river(betting, cards, store, work, p, s, board, at_o, at_p, first_p, next_o, next_length, mode, parameters):
    """One river section on one board, from reach rows of its roots to their value rows, in the board's order.

    Args:
        at_o, at_p: Where both players' rows of all river sections on the board start.
        first_p: Where the player's rows of this section start.
        next_o, next_length: The opponent's rows that are read after it.
    """
    o = 1 - p
    ahead = look_ahead(betting, cards, store, p, s, board, first_p, next_o, next_length, mode, parameters)
    go_down(betting, store, p, s, np.int64(cards.width[o, board]), at_o, work.reach2, mode, parameters, work.marks)
    terminals(betting, cards, work, p, s, board, work.reach2, work.value2, ahead)
    go_up(betting, store, p, s, np.int64(cards.width[p, board]), at_p, work.value2, mode, parameters)


@njit(**_INLINED)
def look_ahead(betting, cards, store, p, s, board, first_p, next_o, next_length, mode, parameters):
    """What the terminals of a river section fetch while training; a game of one river stays in the cache anyway."""
    if mode != TRAIN or cards.start[0] == 2 or betting.block_at[p, s, 0] == betting.block_at[p, s, 1]:
        return nothing_ahead(store)
    length_p = np.int64(betting.strategy_rows[p, s]) * np.int64(cards.width[p, board])
    steps = np.int64(betting.block_at[p, s, 1] - betting.block_at[p, s, 0]) * (cards.width[p, board] // LANES)
    stretch = steps * (CACHE_LINE // store.regret.itemsize)
    lines_o, lines_p = (next_length + stretch - 1) // stretch, (length_p + stretch - 1) // stretch
    return Ahead(store.regret, store.average, first_p, lines_p, next_o, lines_o, parameters[SHARE] > 0)


@njit(**_INLINED)
def nothing_ahead(store):
    """Fetches nothing."""
    zero = np.int64(0)
    return Ahead(store.regret, store.average, zero, zero, zero, zero, False)


@njit(**_INLINED)
def take_to_river(betting, cards, work, p, s, board, reach, rows_at):
    """Fills the roots of a river section from the reach rows of the deals that lead to it."""
    o = 1 - p
    width = np.int64(cards.width[o, board])
    width_before = np.int64(cards.width[o, 0])
    at = cards.hand_at[o, board]
    hands = cards.root_hand[at : at + width]
    for r in range(betting.n_roots[s]):
        source_at = np.int64(betting.chance_reach[p, rows_at + r]) * width_before
        for j in range(0, width, LANES):
            store8(work.reach2, r * width + j, gather8(reach, source_at, hands, j))


@njit(**_INLINED)
def play_river_card(betting, cards, store, work, p, s, task, river, first_river, reach, out, out_at, mode, parameters):
    """All river sections below a turn section on one river card; adds their values to the turn's deals.

    Args:
        reach: Rows of the turn section.
        out, out_at: The deals' value rows are ``out[out_at + deal * width : ...]``.
    """
    o = 1 - p
    board = np.int64(cards.river_board[river])
    at_o = store.river_at[o, task, river - first_river]
    at_p = store.river_at[p, task, river - first_river]
    width = np.int64(cards.width[p, 0])
    width_river = np.int64(cards.width[p, board])
    width_o = np.int64(cards.width[o, board])
    shares = splat8(cards.chance[1])
    first_o, first_p = at_o, at_p
    deal = 0
    first_child, last_child = np.int64(betting.children[s, 0]), np.int64(betting.children[s, 1])
    for child in range(first_child, last_child):
        take_to_river(betting, cards, work, p, child, board, reach, betting.chance_at[s] + deal)
        first_o += np.int64(betting.strategy_rows[o, child]) * width_o
        following, next_o = child + 1, first_o
        if following == last_child:  # the first section on the next river card, whose rows lie elsewhere
            following = first_child
            if river + 1 < cards.rivers[task % cards.rivers.shape[0], 1]:
                next_o = store.river_at[o, task, river + 1 - first_river]
        next_length = np.int64(betting.strategy_rows[o, following]) * width_o
        play_river(
            betting, cards, store, work, p, child, board, at_o, at_p, first_p, next_o, next_length, mode, parameters
        )
        first_p += np.int64(betting.strategy_rows[p, child]) * width_river
        for r in range(betting.n_roots[child]):
            row = np.int64(betting.root_value[p, betting.root_at[child] + r])
            values_at = row * width_river
            target_at = out_at + deal * width
            for image in range(cards.river_images[river, 0], cards.river_images[river, 1]):
                give = cards.river_give[p, image]
                for h in range(0, width, LANES):
                    given = gather8(work.value2, values_at, give, h)
                    store8(out, target_at + h, load8(out, target_at + h) + given * shares)
            deal += 1


@njit(**_OPTIONS)
def clear(rows, at, length):
    """Sets a stretch to zero."""
    for i in range(at, at + length):
        rows[i] = 0.0


@njit(**_OPTIONS)
def play_turn(betting, cards, store, work, p, s, task, turn, mode, parameters, control):
    """One turn section on one turn card, in ``reach1`` and ``value1``, whose root reach rows are filled."""
    o = 1 - p
    width_o = np.int64(cards.width[o, 0])
    width_p = np.int64(cards.width[p, 0])
    go_down(betting, store, p, s, width_o, store.turn_at[o, task], work.reach1, mode, parameters, work.marks)
    terminals(betting, cards, work, p, s, np.int64(0), work.reach1, work.value1, nothing_ahead(store))
    clear(work.value1, np.int64(0), np.int64(betting.n_chance[s]) * width_p)
    first_river = np.int64(cards.rivers[turn, 0])
    for river in range(first_river, np.int64(cards.rivers[turn, 1])):
        if control[CANCEL]:
            return
        play_river_card(
            betting,
            cards,
            store,
            work,
            p,
            s,
            task,
            river,
            first_river,
            work.reach1,
            work.value1,
            np.int64(0),
            mode,
            parameters,
        )
    go_up(betting, store, p, s, width_p, store.turn_at[p, task], work.value1, mode, parameters)


@njit(**_OPTIONS)
def turn_task(betting, cards, store, work, top, slots, task, p, mode, parameters, control):
    """A turn section on a turn card below the flop's reach rows ``top``; its values go to its own slots."""
    o = 1 - p
    n_turns = cards.rivers.shape[0]
    first_section = np.int64(betting.children[0, 0])
    section = first_section + task // n_turns
    turn = task % n_turns
    width_o = np.int64(cards.width[o, 0])
    width_p = np.int64(cards.width[p, 0])
    deal = 0
    for s in range(first_section, section):
        deal += np.int64(betting.n_roots[s])
    take = cards.turn_take[o, turn]
    for r in range(betting.n_roots[section]):
        source_at = np.int64(betting.chance_reach[p, betting.chance_at[0] + deal + r]) * width_o
        for h in range(width_o):
            work.reach1[r * width_o + h] = top[source_at + take[h]]
    play_turn(betting, cards, store, work, p, section, task, turn, mode, parameters, control)
    for r in range(betting.n_roots[section]):
        row = np.int64(betting.root_value[p, betting.root_at[section] + r])
        slot = (np.int64(turn) * betting.n_chance[0] + deal + r) * width_p
        for h in range(width_p):
            slots[slot + h] = work.value1[row * width_p + h]


@njit(**_OPTIONS)
def begin(betting, cards, store, work, p, mode, parameters):
    """The root section down to its deals; a river root is solved completely."""
    o = 1 - p
    # Typed, because Numba would compile a callee once more for a literal argument.
    root = np.int64(0)
    if cards.start[0] == 2:
        width = np.int64(cards.width[o, 1])
        at = cards.hand_at[o, 1]
        for j in range(width):
            work.reach2[j] = cards.root_reach[o, cards.root_hand[at + j]]
        at_o, at_p = store.root_at[o], store.root_at[p]
        play_river(betting, cards, store, work, p, root, np.int64(1), at_o, at_p, at_p, at_o, root, mode, parameters)
        return
    width = np.int64(cards.width[o, 0])
    for h in range(width):
        work.reach0[h] = cards.root_reach[o, h]
    go_down(betting, store, p, root, width, store.root_at[o], work.reach0, mode, parameters, work.marks)
    terminals(betting, cards, work, p, root, root, work.reach0, work.value0, nothing_ahead(store))


@njit(**_OPTIONS)
def run_tasks(betting, cards, store, work, top, slots, p, mode, parameters, control):
    """Takes tasks until none is left: (section, turn card) below a flop, a few river cards below a turn."""
    root = np.int64(0)
    n_rivers = np.int64(cards.rivers[0, 1])
    width = np.int64(cards.width[p, 0])
    stretch = np.int64(betting.n_chance[0]) * width
    if cards.start[0] == 0:
        n_tasks = np.int64(betting.children[0, 1] - betting.children[0, 0]) * cards.rivers.shape[0]
    else:
        n_tasks = (n_rivers + RIVERS_PER_TASK - 1) // RIVERS_PER_TASK
    while True:
        task = take_ticket(control, TICKET)
        if task >= n_tasks or control[CANCEL]:
            break
        if cards.start[0] == 0:
            turn_task(betting, cards, store, work, top, slots, task, p, mode, parameters, control)
        else:
            clear(slots, task * stretch, stretch)
            last = min(n_rivers, (task + 1) * RIVERS_PER_TASK)
            for river in range(task * RIVERS_PER_TASK, last):
                play_river_card(
                    betting, cards, store, work, p, root, root, np.int64(river), root, top, slots, task * stretch,
                    mode, parameters,
                )  # fmt: skip
        take_ticket(control, DONE)


@njit(**_OPTIONS)
def finish(betting, cards, store, work, slots, p, mode, parameters):
    """Adds up what the tasks found at the root section's deals and gathers it to the root."""
    width = np.int64(cards.width[p, 0])
    n_chance = np.int64(betting.n_chance[0])
    stretch = n_chance * width
    clear(work.value0, np.int64(0), stretch)
    if cards.start[0] == 0:
        share = cards.chance[0]
        for turn in range(cards.rivers.shape[0]):
            for deal in range(n_chance):
                at = turn * stretch + deal * width
                for image in range(cards.turn_images[turn, 0], cards.turn_images[turn, 1]):
                    give = cards.turn_give[p, image]
                    for h in range(width):
                        work.value0[deal * width + h] += share * slots[at + give[h]]
    else:
        n_tasks = (np.int64(cards.rivers[0, 1]) + RIVERS_PER_TASK - 1) // RIVERS_PER_TASK
        for task in range(n_tasks):
            for h in range(stretch):
                work.value0[h] += slots[task * stretch + h]
    go_up(betting, store, p, np.int64(0), width, store.root_at[p], work.value0, mode, parameters)


@njit(**_OPTIONS)
def weighed(betting, cards, work, p):
    """Sum of a player's root values times his reach."""
    board = np.int64(1) if cards.start[0] == 2 else np.int64(0)
    value = work.value2 if cards.start[0] == 2 else work.value0
    value_at = np.int64(betting.root_value[p, 0]) * np.int64(cards.width[p, board])
    at = cards.hand_at[p, board]
    total = 0.0
    for j in range(cards.n_hands[p, board]):
        total += np.float64(value[value_at + j]) * np.float64(cards.root_reach[p, cards.root_hand[at + j]])
    return total


@njit(**_OPTIONS)
def run(command, betting, cards, store, work, top, slots, parameters, control, p, mode, section, index, means):
    """The one compiled entry point; ``command`` chooses.

    ``ITERATE``: one training iteration (both players) for each row of ``parameters``, alone; in another mode a pass for
    each player, whose root values, weighed with his reach, add up to ``means``.
    ``BEGIN``, ``TASKS``, ``FINISH``: the parts of one pass for player ``p``; any number of threads run ``TASKS`` with
    their own ``work`` and the ``reach0`` of the thread that ran ``BEGIN`` as ``top``.
    ``TURN``: section ``section`` as task ``index``, from root reach rows in ``work.reach1``.
    ``RIVER``: river section ``section`` on the turn's river card ``index``, from root reach rows in ``work.reach2``;
    the task of the turn section above is in ``control[TICKET]``.
    """
    if command == TURN:
        turn = index % cards.rivers.shape[0]
        play_turn(betting, cards, store, work, p, section, index, turn, mode, parameters[0], control)
        return
    if command == RIVER:
        task = control[TICKET]
        below_turn = cards.start[0] < 2
        first_river = np.int64(cards.rivers[task % cards.rivers.shape[0], 0])
        board = np.int64(cards.river_board[first_river + index]) if below_turn else np.int64(1)
        at_o = store.river_at[1 - p, task, index] if below_turn else store.root_at[1 - p]
        at_p = store.river_at[p, task, index] if below_turn else store.root_at[p]
        play_river(
            betting, cards, store, work, p, section, board, at_o, at_p, at_p, at_o, np.int64(0), mode, parameters[0]
        )
        return
    alone = command == ITERATE
    for i in range(parameters.shape[0]):
        for turn_to_learn in range(2 if alone else 1):
            player = np.int64(turn_to_learn) if alone else np.int64(p)
            if alone:
                control[TICKET] = 0
            if alone or command == BEGIN:
                begin(betting, cards, store, work, player, mode, parameters[i])
            if cards.start[0] < 2 and (alone or command == TASKS):
                run_tasks(betting, cards, store, work, top, slots, player, mode, parameters[i], control)
            if control[CANCEL]:
                return
            if cards.start[0] < 2 and (alone or command == FINISH):
                finish(betting, cards, store, work, slots, player, mode, parameters[i])
            if alone and mode != TRAIN:
                means[player] = weighed(betting, cards, work, player)
        if alone and mode == TRAIN:
            control[ITERATION] += 1
