"""`mixline solve`, `equity`, `pushfold` and `library ranges`: the solver from the shell.

Results go to standard output (tables, or one JSON object with ``--json``), progress to standard error. A refused input
prints ``{"errors": [{"path", "message", "position"}]}`` on standard error and exits with 2; Ctrl-C cancels and exits
with 130. The solver is imported inside the commands, so that ``--help`` does not wait for it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands import reports
from app.commands.library import library

if TYPE_CHECKING:
    from solver.solution import Solution
    from solver.solve import Progress
    from solver.spot import Spot

REFUSED = 2
CANCELLED = 130
MAX_FILE_BYTES = 4_000_000
GRACE_S = 1.0
"""After Ctrl-C the solve has this long to stop by itself."""
PROGRESS_S = 0.25
MEMORY_SHARE = 0.8
"""Of the machine's memory that a solve may take; more is refused before anything is allocated."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: ./mixline solve spot.json --target 0.1 --threads 2 --node 'check/bet 120'")(solve)
    app.command(epilog="Example: ./mixline equity 'QQ+,AKs' '22+,A2s+:0.5' --board Td9d6h")(equity)
    app.command(epilog="Example: ./mixline pushfold --stack 10")(pushfold)
    library.command(epilog="Example: ./mixline library ranges --write services/solutions/library/ranges-v0.json")(
        ranges
    )
    library.command(hidden=True, epilog="Example: ./mixline library matchups --check")(matchups)


def solve(
    spot: Annotated[str, typer.Argument(help="A spot as JSON: a file, or - for standard input.")],
    target: Annotated[float, typer.Option(help="Exploitability to solve to, % of the pot.")] = 0.1,
    threads: Annotated[int, typer.Option(help="Threads to solve with.")] = os.cpu_count() or 1,
    as_json: AsJson = False,
    node: Annotated[str, typer.Option(help="The node to report, e.g. 'check/bet 120/call/deal 2c'.")] = "",
    strategy: Annotated[
        Path | None, typer.Option(help="Write every decision node to this file, one JSON a line.")
    ] = None,
    streets: Annotated[str, typer.Option(help="Streets that --strategy writes, e.g. flop,turn; all by default.")] = "",
    precision: Annotated[str, typer.Option(help="auto, f32 or i16 (half the memory).")] = "auto",
    max_iterations: Annotated[int, typer.Option(help="Stop after so many iterations.")] = 2000,
    time_limit: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    lock: Annotated[
        Path | None, typer.Option(help="Fix the decisions in this file, one JSON a line as --strategy writes them.")
    ] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it would need, and stop.")] = False,
) -> None:
    """Solve a spot to a stated accuracy."""
    with _refusals():
        import solver as solving  # noqa: PLC0415

        game = _read_spot(spot)
        options = _solve_options(target, threads, precision, max_iterations, time_limit)
        wanted = _streets(streets, game)
        if lock:
            from app.commands.locks import parse_locks  # noqa: PLC0415

            options["locks"] = parse_locks(_read_text(str(lock), "--lock"))
        if estimate:
            needed = solving.estimate(game, options["precision"], threads, locked="locks" in options)
            _print(reports.estimate_json(needed), as_json, reports.estimate_text)
            return
        line = tuple(step for step in node.split("/") if step)
        solution = _solve(game, line, options)
        if strategy:
            _write_strategy(strategy, solution, wanted)
        _print(reports.solution_json(solution, line), as_json, lambda result: reports.solution_text(game, result))


def equity(
    first: Annotated[str, typer.Argument(metavar="RANGE", help="E.g. 'QQ+,AKs:0.5' or 'AsAh'.")],
    second: Annotated[str, typer.Argument(metavar="RANGE", help="The range it meets.")],
    board: Annotated[str, typer.Option(help="3 to 5 cards; before the flop without.")] = "",
    as_json: AsJson = False,
) -> None:
    """Exact equity of one range against another."""
    with _refusals():
        from solver.equity import range_equity  # noqa: PLC0415

        ours, theirs = _range(first, "ranges[0]"), _range(second, "ranges[1]")
        result = range_equity(ours, theirs, _board(board))
        _print(reports.equity_json(result), as_json, lambda shown: reports.equity_text(shown, first, second, board))


def pushfold(
    stack: Annotated[float, typer.Option(help="Effective stack in big blinds, blinds included.")],
    as_json: AsJson = False,
) -> None:
    """The heads-up push-or-fold equilibrium (blinds 0.5 and 1, no ante)."""
    with _refusals():
        from solver.pushfold import solve_push_fold  # noqa: PLC0415

        solved = solve_push_fold(stack)
        _print(reports.push_fold_json(solved), as_json, lambda _: reports.push_fold_text(solved, stack))


def ranges(
    write: Annotated[Path | None, typer.Option(help="Write the JSON to this file instead.")] = None,
    depth: Annotated[int, typer.Option(help="Stacks in bb: 50, 100 or 200.")] = 100,
) -> None:
    """Derive the starter spots' preflop ranges from the declared model, as JSON."""
    _use_kernel_cache()
    from services.solutions.starter import GAMES  # noqa: PLC0415
    from solver.preflop import derive_ranges  # noqa: PLC0415

    if depth not in GAMES:
        raise typer.BadParameter(f"{depth} bb is no declared depth; there are {', '.join(map(str, GAMES))}")
    text = json.dumps(derive_ranges(GAMES[depth]), indent=2) + "\n"
    if write:
        write.write_text(text)
    else:
        typer.echo(text, nl=False)


def matchups(
    check: Annotated[bool, typer.Option("--check", help="Compare with the stored file instead of writing it.")] = False,
) -> None:
    """Compute the exact preflop matchups anew (about a minute) and write or check ``solver/preflop_equity.xz``."""
    _use_kernel_cache()
    from solver import preflop_equity  # noqa: PLC0415

    stored = Path(preflop_equity.__file__).with_name(preflop_equity.RESOURCE)
    computed = preflop_equity.compute_matchups()
    if not check:
        stored.write_bytes(computed)
    elif not preflop_equity.same_matchups(stored.read_bytes(), computed):
        typer.echo(f"{stored.name} differs from what the hand ranks give.", err=True)
        raise typer.Exit(1)


def _use_kernel_cache() -> None:
    from services.infra import kernel_cache  # noqa: PLC0415

    kernel_cache.configure()


@contextmanager
def _refusals() -> Iterator[None]:
    """Point Numba at its cache, and turn the solver's errors into exit codes."""
    _use_kernel_cache()
    from solver.errors import Cancelled, SpotError, TooLarge  # noqa: PLC0415

    try:
        yield
    except SpotError as error:
        _print_errors([{"path": p.path, "message": p.message, "position": p.position} for p in error.problems])
        raise typer.Exit(REFUSED) from None
    except TooLarge as error:
        _print_errors([{"path": "", "message": str(error), "position": None}])
        raise typer.Exit(REFUSED) from None
    except Cancelled:
        typer.echo("Cancelled.", err=True)
        raise typer.Exit(CANCELLED) from None


def _print_errors(errors: list[dict[str, Any]]) -> None:
    typer.echo(json.dumps({"errors": errors}), err=True)


def _print(result: dict[str, Any], as_json: bool, to_text: Any) -> None:
    typer.echo(json.dumps(result, allow_nan=False) if as_json else to_text(result))


def _refuse(path: str, message: str, position: int | None = None) -> Exception:
    from solver.errors import Problem, SpotError  # noqa: PLC0415

    return SpotError([Problem(path, message, position)])


def _read_text(source: str, option: str) -> str:
    try:
        raw = sys.stdin.buffer.read(MAX_FILE_BYTES + 1) if source == "-" else _read_file(Path(source))
    except OSError as error:
        raise _refuse(option, f"{source}: {error.strerror}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise _refuse(option, f"{source} is larger than {MAX_FILE_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(option, f"{source} is no UTF-8 text: byte {error.start}", error.start) from None


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _parse_json(text: str, option: str) -> Any:
    def no_number(name: str) -> float:
        raise _refuse(option, f"{name} is no JSON number", text.find(name))

    try:
        return json.loads(text, parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise _refuse(option, f"no JSON: {error.msg}, line {error.lineno} column {error.colno}", error.pos) from None
    except (ValueError, RecursionError):
        raise _refuse(option, "a number or a nesting in this JSON is too large to read") from None


def _read_spot(source: str) -> Spot:
    from solver.spot import parse_spot  # noqa: PLC0415

    return parse_spot(_parse_json(_read_text(source, "SPOT"), "SPOT"))


def _range(text: str, path: str) -> Any:
    from solver.ranges import parse_range  # noqa: PLC0415

    weights = parse_range(text, path)
    if not weights.any():
        raise _refuse(path, "holds no hand", 0)
    return weights


def _board(text: str) -> tuple[int, ...]:
    from solver.cards import parse_cards  # noqa: PLC0415

    return parse_cards(text, "board")


def _solve_options(
    target: float, threads: int, precision: str, max_iterations: int, time_limit: float | None
) -> dict[str, Any]:
    """The options of a solve, each inside its domain; every one that is not is reported."""
    from solver.errors import Problem, SpotError  # noqa: PLC0415

    domains = (
        ("--target", 0 < target <= 100, "a number above 0, at most 100 (% of the pot)", target),
        ("--threads", 1 <= threads <= 256, "a whole number from 1 to 256", threads),
        ("--precision", precision in ("auto", "f32", "i16"), "auto, f32 or i16", precision),
        ("--max-iterations", 1 <= max_iterations <= 1_000_000, "a whole number from 1 to 1000000", max_iterations),
        ("--time-limit", time_limit is None or 0 < time_limit <= 1e6, "seconds above 0, at most 1000000", time_limit),
    )
    problems = [
        Problem(name, f"{value!r} is out of the domain: {domain}") for name, good, domain, value in domains if not good
    ]
    if problems:
        raise SpotError(problems)
    return {
        "memory_limit": int(MEMORY_SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")),
        "target_pct": target,
        "threads": threads,
        "precision": precision,
        "max_iterations": max_iterations,
        "time_limit": time_limit,
    }


def _streets(text: str, game: Spot) -> tuple[int, ...]:
    from solver.spot import STREETS  # noqa: PLC0415

    if not text:
        return tuple(range(game.street, 3))
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in STREETS:
            raise _refuse("--streets", f"{name!r} is no street; streets are {', '.join(STREETS)}", text.find(name))
    return tuple(street for street, name in enumerate(STREETS) if name in names)


def _solve(game: Spot, line: tuple[str, ...], options: dict[str, Any]) -> Solution:
    """Solve in a thread of its own, so that Ctrl-C is heard at once."""
    import solver as solving  # noqa: PLC0415

    if line and solving.position(solving.build_tree(game), game, line).kind != "decision":
        raise _refuse("--node", f"nobody decides after '{'/'.join(line)}'")
    control = solving.Control()
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append(solving.solve(game, on_progress=_progress_printer(), control=control, **options))
        except BaseException as error:  # noqa: BLE001 carried to the main thread
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    before = signal.signal(signal.SIGINT, lambda *_: control.cancel())
    try:
        thread.start()
        while thread.is_alive() and not control.cancelled:
            thread.join(0.05)
        thread.join(GRACE_S if control.cancelled else None)
    finally:
        signal.signal(signal.SIGINT, before)
    if not outcome:
        # Still compiling kernels, which cannot be stopped; the thread ends with the process.
        raise solving.Cancelled("the solve was cancelled")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _progress_printer() -> Callable[[Progress], None]:
    """Print the first progress and then at most one line every PROGRESS_S: a small river reports thousands."""
    due = 0.0

    def show(progress: Progress) -> None:
        nonlocal due
        if progress.seconds < due:
            return
        due = progress.seconds + PROGRESS_S
        line = f"iteration {progress.iteration}, {progress.seconds:.1f} s, {progress.pct_pot:.4g}% of pot"
        typer.echo(line, err=True)

    return show


def _write_strategy(path: Path, solution: Solution, streets: tuple[int, ...]) -> None:
    with path.open("w") as file:
        for line in solution.decision_lines(streets, canonical=False):
            file.write(json.dumps(reports.strategy_json(solution.node(line))) + "\n")
