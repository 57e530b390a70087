"""A hand step by step: what lay on the table after each of them. Pure, from a ``Table``."""

from __future__ import annotations

from dataclasses import dataclass

from services.training.views import Answer, Step, Table


@dataclass(frozen=True, slots=True)
class Frame:
    """The table after a step.

    Attributes:
        step: None for the first frame, before anything happened.
        pot: Everything put in so far, chips.
        answer: The grade of the step, where it was one of hero's decisions.
    """

    step: Step | None
    board: tuple[int, ...]
    pot: int
    stacks: tuple[int, int]
    street_bets: tuple[int, int]
    answer: Answer | None


def frames(table: Table) -> tuple[Frame, ...]:
    """Every step of a hand, from the root of its solution on."""
    board, pot = table.solution.board, table.solution.pot
    stacks = [table.solution.effective_stack] * 2
    bets = [0, 0]
    waiting = {len(answer.line): answer for answer in table.answers}
    found = [Frame(None, board, pot, (stacks[0], stacks[1]), (0, 0), None)]
    for index, step in enumerate(table.line):
        answer: Answer | None = None
        if step.card is not None:
            board, bets = (*board, step.card), [0, 0]
        else:
            kind, _, amount = step.action.partition(" ")
            total = bets[step.player]
            if kind == "call":
                total = min(max(bets), bets[step.player] + stacks[step.player])
            elif amount:
                total = int(amount)
            added = total - bets[step.player]
            bets[step.player] = total
            stacks[step.player] -= added
            pot += added
            answer = waiting.get(index) if step.player == table.hero else None
        found.append(Frame(step, board, pot, (stacks[0], stacks[1]), (bets[0], bets[1]), answer))
    return tuple(found)
