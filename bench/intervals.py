"""What the interval of "EV lost per 100 decisions" covers: a simulation, ``python -m bench.intervals``.

A player's hands have one to six decisions; most decisions cost nothing, the rest lose a log-normal amount, so that one
decision in some hundreds is a disaster. Players differ in skill, the population is the mixture of all of them. The true
loss is known, so one can count how often an interval holds it: the shipped one (whole hands, 30 of the population's
beside them), the same without the population, and the normal one.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from services.training.statistics import HandLoss, interval

SKILLS = (0.5, 1.0, 2.0)
"""Factors on the share of decisions that cost anything, of strong, average and weak players."""

COSTLY = 0.12
LOG_MEAN, LOG_SD = -1.6, 1.4
DECISIONS = (0.25, 0.3, 0.2, 0.13, 0.08, 0.04)


def hands(rng: np.random.Generator, skill: float, decisions: int) -> list[HandLoss]:
    """Whole hands of one player, until there are so many decisions."""
    found: list[HandLoss] = []
    done = 0
    while done < decisions:
        count = 1 + int(rng.choice(len(DECISIONS), p=DECISIONS))
        costs = np.exp(rng.normal(LOG_MEAN, LOG_SD, count)) * (rng.random(count) < COSTLY * skill)
        found.append(HandLoss(count, float(costs.sum())))
        done += count
    return found


def truth(skill: float) -> float:
    """The player's loss per 100 decisions."""
    return 100 * COSTLY * skill * float(np.exp(LOG_MEAN + LOG_SD**2 / 2))


def normal(sample: list[HandLoss]) -> tuple[float, float]:
    """The interval that a spreadsheet gives: mean and standard error of the hands."""
    rates: NDArray[np.float64] = np.array([hand.loss_bb for hand in sample])
    per_hand = len(sample) / sum(hand.decisions for hand in sample)
    middle, error = float(rates.mean()), float(rates.std(ddof=1) / np.sqrt(len(rates)))
    return 100 * per_hand * (middle - 1.96 * error), 100 * per_hand * (middle + 1.96 * error)


def coverage(rng: np.random.Generator, skill: float, decisions: int, runs: int) -> tuple[float, float, float, float]:
    """Shares of intervals that hold the truth (shipped, without population, normal) and the shipped one's width."""
    true, held, width = truth(skill), np.zeros(3), 0.0
    population = [hand for other in SKILLS for hand in hands(rng, other, 1500)]
    for _ in range(runs):
        sample = hands(rng, skill, decisions)
        shipped = interval(sample, population)
        assert shipped is not None
        alone = interval(sample, population, pseudo_hands=0)
        assert alone is not None
        for index, (low, high) in enumerate((shipped, alone, normal(sample))):
            held[index] += low <= true <= high
        width += shipped[1] - shipped[0]
    return (*(float(share) for share in held / runs), width / runs)


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    rng = np.random.default_rng(given.seed)
    print("skill  decisions  true/100  shipped  alone  normal  width/100")
    for skill in SKILLS:
        for decisions in (100, 200, 500):
            shipped, alone, simple, width = coverage(rng, skill, decisions, given.runs)
            shares = f"{shipped:7.1%}  {alone:5.1%}  {simple:6.1%}"
            print(f"{skill:5.1f}  {decisions:9d}  {truth(skill):8.2f}  {shares}  {width:9.2f}")


if __name__ == "__main__":
    main()
