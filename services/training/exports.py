"""A player's hands for other programs: decisions as CSV, hands in the Poker Hand History format.

PHH (version 1.0, https://phh.readthedocs.io) is TOML that describes a hand from the blinds on. A solution begins on the
flop or later, so the pot it begins with stands as antes, half from each, and the streets before it are checked through;
amounts are chips. Grades are commentary behind hero's actions. The house's rake has no place in the format.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.training.history import PastDecision
from services.training.views import Answer, Table
from solver.cards import card_to_text, cards_to_text

COLUMNS = (
    "answered_at", "session_id", "hand_id", "decision_id", "mode", "family", "pot_type", "position", "street",
    "situation", "texture", "hand_class", "board", "hand", "line", "pot_bb", "action", "best_action", "grade",
    "borderline", "timed_out", "loss_bb", "loss_pct", "difficulty_bb",
)  # fmt: skip


def decisions_csv(decisions: Iterable[PastDecision]) -> str:
    """One row a decision, in the order given."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in decisions:
        spot = one.spot
        writer.writerow(
            (
                one.answered_at.isoformat(), one.session_id, spot.hand_id, spot.decision_id, one.mode, spot.family,
                spot.pot_type, spot.positions[spot.hero], ("flop", "turn", "river")[spot.street], one.situation,
                one.texture, one.hand_class, cards_to_text(spot.board), cards_to_text(spot.hero_cards),
                "/".join(spot.line), spot.pot / spot.big_blind, spot.action, spot.best_action, spot.word,
                int(one.borderline), int(one.timed_out), spot.loss_bb, spot.loss_pct, one.difficulty_bb,
            )
        )  # fmt: skip
    return out.getvalue()


def phh(table: Table, played: datetime | None = None) -> str:
    """A hand as a PHH file; what hero may not know is ``????``, and a hand without an end stops where it stopped."""
    hero, villain = table.hero, 1 - table.hero
    shown = None if table.result is None else table.result.villain_cards
    cards = {hero: cards_to_text(table.hero_cards), villain: cards_to_text(shown) if shown else "????"}
    ante = table.solution.pot / 2
    stack = table.solution.effective_stack + ante
    actions = [f"d dh p{player + 1} {cards[player]}" for player in (0, 1)]
    actions += ["p1 cc", "p2 cc", f"d db {cards_to_text(table.solution.board[:3])}"]
    for card in table.solution.board[3:]:
        actions += ["p1 cc", "p2 cc", f"d db {card_to_text(card)}"]
    answers = {len(answer.line): answer for answer in table.answers}
    for index, step in enumerate(table.line):
        if step.card is not None:
            actions.append(f"d db {card_to_text(step.card)}")
            continue
        kind, _, amount = step.action.partition(" ")
        done = "f" if kind == "fold" else "cc" if kind in ("check", "call") else f"cbr {amount}"
        graded = answers.get(index) if step.player == hero else None
        actions.append(f"p{step.player + 1} {done}{_commentary(graded)}")
    if table.result is not None and table.result.kind == "showdown":
        actions += [f"p{player + 1} sm {cards[player]}" for player in (0, 1)]
    lines = [
        'variant = "NT"',
        f"antes = [{ante}, {ante}]",
        "blinds_or_straddles = [0, 0]",
        f"min_bet = {table.big_blind}",
        f"starting_stacks = [{stack}, {stack}]",
        f"actions = {_texts(actions)}",
        f"players = {_texts(table.positions)}",
    ]
    if played is not None:
        lines += [f"day = {played.day}", f"month = {played.month}", f"year = {played.year}"]
    lines += [
        f"_hand_id = {_text(str(table.hand_id))}",
        f"_hero = {hero + 1}",
        f"_big_blind = {table.big_blind}",
        f"_spot = {_text(table.solution.name)}",
        f"_commitment = {_text(table.commitment)}",
    ]
    return "\n".join(lines) + "\n"


def phhs(tables: Sequence[tuple[Table, datetime | None]]) -> str:
    """Several hands in one file, each a numbered section."""
    return "\n".join(f"[{number}]\n{phh(*one)}" for number, one in enumerate(tables, start=1))


def _commentary(answer: Answer | None) -> str:
    if answer is None:
        return ""
    return f" # {answer.grade.word}, {answer.grade.loss_bb:.3f} bb ({answer.grade.loss_pct:.2f}% of pot)"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # a JSON string is a basic string of TOML


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"
