"""The file of ``solve --lock``: JSON lines as ``--strategy`` writes them, one for each decision that is fixed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.cards import N_COMBOS, parse_combo
from solver.errors import Problem, SpotError


def parse_locks(text: str, path: str = "--lock") -> dict[tuple[str, ...], NDArray[np.float64]]:
    """Strategies [a, 1326] by line; whether they fit the spot's tree is for the solver to say.

    Raises:
        SpotError: Each bad line of the file with its number and what is wrong.
    """
    locks: dict[tuple[str, ...], NDArray[np.float64]] = {}
    problems: list[Problem] = []
    for number, one in enumerate(text.splitlines(), start=1):
        if not one.strip():
            continue
        where = f"{path}[{number}]"
        try:
            line, strategy = _parse_line(json.loads(one), where)
            if line in locks:
                problems.append(Problem(f"{where}.line", f"'{'/'.join(line)}' is locked twice"))
            locks[line] = strategy
        except json.JSONDecodeError as error:
            problems.append(Problem(where, f"no JSON: {error.msg}", error.pos))
        except SpotError as error:
            problems.extend(error.problems)
    if not locks and not problems:
        problems.append(Problem(path, "the file locks no decision"))
    if problems:
        raise SpotError(problems)
    return locks


def _parse_line(data: Any, where: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    if not isinstance(data, dict):
        raise _wrong(where, "each line is an object with line, hands and strategy")
    line, hands, rows = data.get("line"), data.get("hands"), data.get("strategy")
    if not isinstance(line, list) or not all(isinstance(step, str) for step in line):
        raise _wrong(f"{where}.line", "a list of actions such as 'check' or 'bet 120'")
    if not isinstance(hands, list) or not all(isinstance(hand, str) for hand in hands):
        raise _wrong(f"{where}.hands", "a list of combos such as 'AsKs'")
    if not isinstance(rows, list) or not rows or not all(_is_row(row, len(hands)) for row in rows):
        raise _wrong(f"{where}.strategy", f"a list of rows, one an action, each of {len(hands)} shares in [0, 1]")
    combos = [parse_combo(hand, f"{where}.hands[{index}]") for index, hand in enumerate(hands)]
    strategy = np.zeros((len(rows), N_COMBOS))
    strategy[:, combos] = rows
    return tuple(line), strategy


def _is_row(row: Any, length: int) -> bool:
    return (
        isinstance(row, list)
        and len(row) == length
        and all(isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1 for share in row)
    )


def _wrong(path: str, message: str) -> SpotError:
    return SpotError([Problem(path, message)])
