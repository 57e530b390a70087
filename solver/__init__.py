"""The solver: heads-up postflop no-limit hold'em, all combos, no card abstraction; pure NumPy and Numba.

``parse_spot`` -> ``estimate`` / ``solve`` -> ``Solution.node(line)``. Submodules hold the rest: ``cards``, ``ranges``,
``equity``, ``pushfold``, ``tree``.
"""

from solver.bet_sizes import BetSize, parse_bet_sizes
from solver.errors import Cancelled, Problem, SolverError, SpotError, TooLarge
from solver.ranges import Range, format_range, parse_range
from solver.solution import NodeSolution, Solution
from solver.solve import Control, Estimate, Progress, estimate, solve, warm_up
from solver.spot import Spot, StreetSizes, parse_spot, spot_hash, spot_to_json
from solver.tree import BettingTree, LinePosition, build_tree, position

__all__ = [
    "BetSize",
    "BettingTree",
    "Cancelled",
    "Control",
    "Estimate",
    "LinePosition",
    "NodeSolution",
    "Problem",
    "Progress",
    "Range",
    "Solution",
    "SolverError",
    "Spot",
    "SpotError",
    "StreetSizes",
    "TooLarge",
    "build_tree",
    "estimate",
    "format_range",
    "parse_bet_sizes",
    "parse_range",
    "parse_spot",
    "position",
    "solve",
    "spot_hash",
    "spot_to_json",
    "warm_up",
]
