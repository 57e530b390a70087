"""The solver from the command line: output, refusals, cancelling."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import MODULES, build

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests" / "reference"
# The first solve of a process may have to compile its kernels.
pytestmark = pytest.mark.timeout(600)

TOY = json.loads((REFERENCE / "spots" / "r2_toy_polar_vs_catcher.json").read_text())
SHALLOW = json.loads((REFERENCE / "spots" / "r6_shallow_weighted.json").read_text())


def run(*arguments: str, given: str | None = None):
    return CliRunner().invoke(build(MODULES[arguments[0]]), list(arguments), input=given)


def errors_of(result) -> list[dict]:
    assert result.exit_code == 2
    assert not result.stdout
    # What earlier tests of this process left behind may be logged before.
    return json.loads(result.stderr.splitlines()[-1])["errors"]


@pytest.fixture(scope="module")
def toy_file(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("spots") / "toy.json"
    path.write_text(json.dumps(TOY["spot"]))
    return str(path)


@pytest.fixture(scope="module")
def solved(toy_file, tmp_path_factory) -> tuple[dict, str, list[dict]]:
    """JSON, standard error and strategy lines of one solve."""
    strategy = tmp_path_factory.mktemp("out") / "strategy.jsonl"
    result = run("solve", toy_file, "--target", "0.05", "--threads", "1", "--json", "--strategy", str(strategy))
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout), result.stderr, [json.loads(line) for line in strategy.read_text().splitlines()]


def test_a_solve_prints_the_documented_object(solved):
    result, _, _ = solved
    assert set(result) == {
        "spot_hash", "iterations", "seconds", "memory_bytes", "exploitability", "ev", "equity", "abstract_nodes",
        "trace", "root",
    }  # fmt: skip
    assert set(result["seconds"]) == {"build", "solve", "exploitability"}
    assert set(result["exploitability"]) == {"chips", "pct_pot"}
    assert result["abstract_nodes"] == TOY["expected"]["abstract_nodes"]
    assert result["root"]["actions"] == TOY["expected"]["root"]["actions"]
    assert {"weight", "equity", "ev", "strategy", "action_ev"} == set(result["root"]["hands"]["KsKh"])


def test_a_solve_reaches_its_target_and_the_reference_values(solved):
    result, _, _ = solved
    assert result["exploitability"]["pct_pot"] <= 0.05
    assert result["trace"][-1][2] <= 0.05
    tolerance = 2 * (result["exploitability"]["chips"] + TOY["expected"]["exploitability_pct_pot"])
    for player in ("oop", "ip"):
        assert result["ev"][player] == pytest.approx(TOY["expected"]["ev"][player], abs=tolerance)
        assert result["equity"][player] == pytest.approx(TOY["expected"]["equity"][player], abs=1e-5)


def test_progress_goes_to_standard_error(solved):
    _, stderr, _ = solved
    assert "% of pot" in stderr


def test_range_frequencies_and_strategies_add_up(solved):
    root = solved[0]["root"]
    assert sum(root["range_frequency"]) == pytest.approx(1, abs=1e-6)
    assert all(sum(hand["strategy"]) == pytest.approx(1, abs=1e-5) for hand in root["hands"].values())


def test_the_strategy_file_holds_every_decision(solved):
    result, _, lines = solved
    assert len(lines) == result["abstract_nodes"]["decision"]
    for node in lines:
        assert set(node) == {"line", "player", "actions", "hands", "strategy"}
        assert len(node["strategy"]) == len(node["actions"])
        assert all(len(row) == len(node["hands"]) for row in node["strategy"])


def test_a_node_of_the_line_is_described_instead_of_the_root(toy_file):
    result = run("solve", toy_file, "--max-iterations", "20", "--threads", "1", "--json", "--node", "check")
    root = json.loads(result.stdout)["root"]
    assert (root["player"], root["actions"]) == ("ip", ["check", "allin 100"])


def test_hands_that_never_get_there_have_no_value(toy_file):
    result = run("solve", toy_file, "--max-iterations", "20", "--threads", "1", "--json", "--node", "check/allin 100")
    hands = json.loads(result.stdout)["root"]["hands"]
    assert all(hand["ev"] is None for hand in hands.values() if hand["weight"] == 0)
    assert all(0 <= hand["equity"] <= 1 for hand in hands.values() if hand["equity"] is not None)


def test_a_spot_can_come_from_standard_input():
    result = run("solve", "-", "--max-iterations", "10", "--threads", "1", "--json", given=json.dumps(SHALLOW["spot"]))
    assert json.loads(result.stdout)["abstract_nodes"] == SHALLOW["expected"]["abstract_nodes"]


def test_without_json_people_get_tables(toy_file):
    result = run("solve", toy_file, "--max-iterations", "100", "--threads", "1")
    assert "% of the pot" in result.stdout
    assert "OOP to act" in result.stdout
    assert "allin 100" in result.stdout


def test_an_estimate_says_what_a_solve_would_take(toy_file):
    result = json.loads(run("solve", toy_file, "--estimate", "--json").stdout)
    assert set(result) == {"memory_bytes", "abstract_nodes", "seconds"}
    assert result["abstract_nodes"] == TOY["expected"]["abstract_nodes"]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["--target", "0"], "--target"),
        (["--target", "nan"], "--target"),
        (["--threads", "0"], "--threads"),
        (["--precision", "f64"], "--precision"),
        (["--max-iterations", "0"], "--max-iterations"),
        (["--time-limit", "-1"], "--time-limit"),
        (["--streets", "preflop"], "--streets"),
        (["--node", "check/bet 7"], "line[1]"),
        (["--node", "check/check"], "--node"),
    ],
)
def test_an_option_outside_its_domain_is_refused(toy_file, arguments, path):
    assert [error["path"] for error in errors_of(run("solve", toy_file, *arguments))] == [path]


@pytest.mark.parametrize(
    ("text", "position"),
    [("", 0), ("{", 1), ('{"pot": NaN}', 8), ("[" * 100_000, None), ('{"pot": 1' + "0" * 5000 + "}", None)],
    ids=["empty", "half", "NaN", "deep", "long"],
)
def test_what_is_no_json_is_refused(text, position):
    [error] = errors_of(run("solve", "-", given=text))
    assert (error["path"], error["position"]) == ("SPOT", position)


def test_a_missing_file_is_refused():
    [error] = errors_of(run("solve", "/nowhere/spot.json"))
    assert "No such file" in error["message"]


def test_every_problem_of_a_spot_is_printed():
    spot = {**TOY["spot"], "board": "Kc8d4h3sXx", "pot": 0}
    errors = errors_of(run("solve", "-", given=json.dumps(spot)))
    assert [(error["path"], error["position"]) for error in errors] == [("board", 8), ("pot", None)]


def test_a_spot_too_large_for_the_machine_is_refused_before_it_is_built():
    sizes = {"bet": "20%,35%,50%,75%,100%,150%,200%,a", "raise": "2x,3x,4x,a"}
    streets = {street: {"oop": sizes, "ip": sizes} for street in ("flop", "turn", "river")}
    spot = {
        "board": "2c7dTh",
        "ranges": {"oop": "22+,A2+,K2+", "ip": "22+,A2+,K2+"},
        "pot": 10,
        "effective_stack": 10_000,
    }
    started = time.monotonic()
    assert errors_of(run("solve", "-", given=json.dumps({**spot, "sizes": streets})))
    assert time.monotonic() - started < 60


def test_ctrl_c_cancels_a_solve():
    spot = json.loads((REFERENCE / "spots" / "t1_crate_basic_donk.json").read_text())["spot"]
    command = [sys.executable, "-m", "app.cli", "solve", "-", "--target", "0.000001", "--max-iterations", "100000"]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(json.dumps(spot).encode())
        process.stdin.close()
        assert b"% of pot" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        assert process.wait(30) == 130
        assert time.monotonic() - started < 5
        assert process.stdout
        assert not process.stdout.read()


def test_equity_prints_both_shares_exactly():
    result = json.loads(run("equity", "AA", "KK", "--json").stdout)
    assert result["equity"] == pytest.approx([0.8194605, 0.1805395], abs=6e-8)
    assert result["equity"][0] == pytest.approx(result["win"] + result["tie"] / 2, abs=1e-12)
    assert result["exact"] is True


def test_equity_on_a_board_has_a_table_for_people():
    result = run("equity", "AsAh", "KK", "--board", "Kc8d4h")
    assert "on Kc8d4h" in result.stdout
    assert "equity, %" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "path", "position"),
    [
        (["AA,KX", "KK"], "ranges[0]", 3),
        (["AA", ""], "ranges[1]", 0),
        (["AA", "KK", "--board", "2c3x"], "board", 3),
        (["AA", "KK", "--board", "2c3d"], "board", 4),
        (["AA", "AA", "--board", "AcAdAh"], "", None),
    ],
)
def test_equity_refuses_what_it_cannot_read(arguments, path, position):
    [error] = errors_of(run("equity", *arguments))
    assert (error["path"], error["position"]) == (path, position)


def test_push_or_fold_prints_the_documented_object():
    reference = json.loads((REFERENCE / "pushfold_heads_up.json").read_text())
    result = json.loads(run("pushfold", "--stack", "10", "--json").stdout)
    assert set(result) == {"value_sb", "push", "call", "dev_push", "dev_call"}
    column = reference["stacks"].index(10)
    assert result["value_sb"] == pytest.approx(reference["value_sb"][column], abs=6e-9)
    assert result["dev_push"]["72o"] == pytest.approx(reference["dEV_push"]["72o"][column], abs=6e-7)


def test_push_or_fold_shows_two_grids_to_people():
    assert run("pushfold", "--stack", "10").stdout.count("% by hand class") == 2


def test_push_or_fold_refuses_a_stack_outside_its_domain():
    assert [error["path"] for error in errors_of(run("pushfold", "--stack", "0.5"))] == ["stack"]


def test_a_locked_decision_keeps_its_strategy(solved, toy_file, tmp_path):
    facing_the_bet = next(line for line in solved[2] if line["line"] == ["allin 100"])
    always_folds = [[1.0] * len(facing_the_bet["hands"]), [0.0] * len(facing_the_bet["hands"])]
    lock = tmp_path / "lock.jsonl"
    lock.write_text(json.dumps(facing_the_bet | {"strategy": always_folds}))
    result = run("solve", toy_file, "--target", "0.05", "--json", "--lock", str(lock))
    assert result.exit_code == 0, result.stderr
    # Whoever bets wins the pot of 100 against it.
    assert json.loads(result.stdout)["ev"]["oop"] == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{oops", "--lock[1]"),
        ("[]", "--lock[1]"),
        ('{"line": "check", "hands": [], "strategy": [[]]}', "--lock[1].line"),
        ('{"line": [], "hands": ["AsA"], "strategy": [[1]]}', "--lock[1].hands[0]"),
        ('{"line": [], "hands": ["AsAh"], "strategy": [[1, 0]]}', "--lock[1].strategy"),
        ('{"line": [], "hands": ["AsAh"], "strategy": [[2]]}', "--lock[1].strategy"),
        ('{"line": ["bet 7"], "hands": [], "strategy": [[], []]}', "line[0]"),
        ("", "--lock"),
    ],
)
def test_a_bad_lock_is_refused_with_its_place(toy_file, tmp_path, text, path):
    lock = tmp_path / "lock.jsonl"
    lock.write_text(text)
    assert path in errors_of(run("solve", toy_file, "--lock", str(lock)))[0]["path"]
