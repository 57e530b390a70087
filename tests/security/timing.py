"""Two kinds of calls, timed in pairs: whether one takes longer, on a machine that does other things as well.

Both calls of a pair meet the same load, so their difference holds little of it, and the median of the differences is
moved by no outlier. Its interval comes from the order of the differences alone (sign test), however they spread;
beside it stands the Mann-Whitney test of the two samples.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shift:
    """How much longer the first kind takes, in ms."""

    median: float
    low: float
    high: float
    p: float

    def __str__(self) -> str:
        interval = f"95% {self.low:+.2f} to {self.high:+.2f}"
        return f"{self.median:+.2f} ms ({interval}; median of pairs, Mann-Whitney p {self.p:.2f})"


def shift(first: Sequence[float], second: Sequence[float]) -> Shift:
    """Compare pairs of seconds."""
    differences = sorted(1000 * (a - b) for a, b in zip(first, second, strict=True))
    count = len(differences)
    reach = math.ceil(0.98 * math.sqrt(count))  # 1.96 standard deviations of the binomial's middle
    middle = count // 2
    low, high = differences[max(0, middle - reach)], differences[min(count - 1, middle + reach)]
    return Shift(statistics.median(differences), low, high, _mann_whitney(first, second))


def _mann_whitney(first: Sequence[float], second: Sequence[float]) -> float:
    """The two-sided p by the normal approximation; times hold next to no ties."""
    n, m = len(first), len(second)
    ranked = sorted([(value, True) for value in first] + [(value, False) for value in second])
    ranks = sum(rank for rank, (_, mine) in enumerate(ranked, 1) if mine)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))
