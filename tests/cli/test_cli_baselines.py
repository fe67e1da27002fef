"""Gates that compare with the result of an earlier run."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, refusal
from close_to import close_to
from gate_tools import ERROR, LOSS, WORSE_ERROR, WORSE_LOSS, gates, save_rows
from in_one_test import in_one_test


@pytest.fixture(autouse=True)
def _rows(tmp_path: Path) -> None:
    save_rows(tmp_path)


def save(run: Run, path: str, *words: str) -> None:
    outcome = run(*words, "--json")
    assert outcome.code == 0
    Path(path).write_bytes(outcome.stdout)


def test_two_standard_errors(run: Run) -> None:
    save(run, "last.json", "loss", "z.npy", "y.npy")
    error = float(np.hypot(ERROR, WORSE_ERROR))
    for k in (0.0, 0.25, 0.5, 1.0, 2.0):
        outcome = run(
            "loss", "worse.npy", "y.npy", "--baseline", "last.json",
            *gates(f"loss > baseline + {k} se"),
        )  # fmt: skip
        assert outcome.code == (3 if k * error < WORSE_LOSS - LOSS else 0)
    outcome = run(
        "loss", "worse.npy", "y.npy", "--baseline", "last.json", *gates("loss < baseline + 2se")
    )
    shown = outcome.err.removeprefix("fail: loss < baseline + 2 se: ").split()
    numbers = [float(word) for word in shown if word not in ("<", "+", "x")]
    assert outcome.code == 3
    assert numbers == close_to([WORSE_LOSS, LOSS, 2, error], rel=1e-13)


@in_one_test
@pytest.mark.parametrize(
    "line",
    [
        "loss z.npy y.npy",
        "loss z.npy y.npy --reduction sum",
        "loss z.npy y.npy --reduction none",
        "loss z.npy y.npy -q --fail-if loss>100",
    ],
)
def test_a_result_against_itself(run: Run, line: str) -> None:
    """Every measure, its error and the baseline's are the very same numbers."""
    save(run, "last.json", *line.split())
    names = ("loss", "perplexity", "bits", "accuracy")
    texts = [f"{name} {sign} baseline" for name in names for sign in (">", "<", ">=")]
    outcome = run("loss", "z.npy", "y.npy", "--baseline", "last.json", *gates(*texts))
    assert outcome.code == 3
    for name, failed in zip(names, outcome.err.splitlines(), strict=True):
        start = f"fail: {name} >= baseline: "
        assert failed.startswith(start)
        value, base = failed.removeprefix(start).split(" >= ")
        assert value == base


def test_the_output_may_take_the_place_of_the_baseline(run: Run) -> None:
    save(run, "last.json", "loss", "z.npy", "y.npy")
    line = ["loss", "worse.npy", "y.npy", "--baseline", "last.json", "-o", "last.json", "--force"]
    first, second = (run(*line, *gates("loss > baseline")) for _ in range(2))
    assert (first.code, second.code) == (3, 0)
    assert json.loads(Path("last.json").read_bytes())["gates"][0]["failed"] is False


def test_a_baseline_of_other_rows_is_noted(run: Run) -> None:
    save(run, "last.json", "loss", "z.npy", "y.npy", "--rows", "0:3")
    line = ["loss", "z.npy", "y.npy", "--baseline", "last.json"]
    note = "note: last.json: its loss is of n = 3, this one of n = 4\n"
    assert run(*line, *gates("loss > baseline + 1")).err == note
    assert run(*line, "-q", *gates("loss > baseline + 1")).err == ""
    unused = "note: last.json: no gate compares with the baseline\n"
    assert run(*line, *gates("loss > 1")).err == unused


def test_a_baseline_may_be_standard_input_or_compressed(run: Run) -> None:
    result = run("loss", "z.npy", "y.npy", "--json", "-o", "last.json.gz")
    assert result.code == 0
    assert Path("last.json.gz").read_bytes()[:2] == b"\x1f\x8b"
    line = ["loss", "worse.npy", "y.npy", *gates("loss > baseline")]
    assert run(*line, "--baseline", "last.json.gz").code == 3
    stdin = run("loss", "z.npy", "y.npy", "--json").stdout
    assert run(*line, "--baseline", "-", stdin=stdin).code == 3
    outcome = run("loss", "-", "y.npy", *gates("loss > baseline"), "--baseline", "-")
    assert (outcome.code, outcome.err) == (2, "error: only one input can be standard input\n")


def test_a_baseline_that_has_no_such_measure_fails(run: Run) -> None:
    measure = {"value": 1.0, "standard_error": None, "low": None, "high": None, "n": 4}
    result = {"command": "eval", "metrics": {"loss": measure}}
    Path("last.json").write_text(json.dumps(result))
    texts = ("accuracy < baseline", "loss > baseline + se", "loss > baseline")
    outcome = run("loss", "z.npy", "y.npy", "--baseline", "last.json", *gates(*texts))
    assert (outcome.code, outcome.err.splitlines()) == (3, [
        "fail: accuracy < baseline: the baseline has no accuracy",
        "fail: loss > baseline + se: the baseline's loss has no standard error",
    ])  # fmt: skip


@in_one_test
@pytest.mark.parametrize("content", [b"", b"{", b"\x93NUMPY", b"[1]", b'{"command": "softmax"}'])
def test_what_is_no_baseline_leaves_nothing_behind(run: Run, content: bytes) -> None:
    Path("last.json").write_bytes(content)
    line = ["loss", "z.npy", "y.npy", "-o", "out.json", *gates("loss > baseline")]
    outcome = run(*line, "--baseline", "last.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("error: last.json:")
    assert len(outcome.err.splitlines()) == 2
    assert not Path("out.json").exists()


def test_a_baseline_that_is_not_there(run: Run) -> None:
    outcome = run("loss", "z.npy", "y.npy", *gates("loss > baseline"), "--baseline", "missing.json")
    assert outcome.code == 1
    assert outcome.err.startswith("error: missing.json: cannot be read")


def test_a_state_is_no_baseline_and_its_result_is(run: Run) -> None:
    np.save("z.npy", np.eye(3))
    np.save("y.npy", np.array([0, 1, 1]))
    rows = ("loss", "z.npy", "y.npy")
    gates = ("--fail-if", "loss > baseline", "--fail-if", "loss < baseline", "--baseline")
    assert run(*rows, "--state", "s.json").code == 0
    refused = refusal(run(*rows, *gates, "s.json"))
    assert refused.error == "s.json: the state of a run, and no result"
    assert refused.hint == "xent merge STATE --json prints the result of a state"
    assert run("merge", "s.json", "--json", "-o", "r.json").code == 0
    assert run(*rows, *gates, "r.json").code == 0
