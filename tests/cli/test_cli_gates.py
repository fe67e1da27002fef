"""Gates of loss and nll: the exit code, the lines on standard error, and what JSON says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, Terminal
from in_one_test import in_one_test

LOGITS = np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [1.0, 0.0, 0.5], [0.0, 0.0, 1.0]])
LABELS = np.array([0, 1, 2, 2])  # three of four are right
WORSE = LOGITS / 8


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """Write logits, worse ones, log-probabilities, probabilities, and labels."""
    probs = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    arrays = {"z": LOGITS, "worse": WORSE, "lp": np.log(probs), "p": probs, "y": LABELS}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)


def mean_and_error(logits: Any) -> tuple[float, float]:
    """Return the mean loss and its standard error by the textbook."""
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(4), LABELS]
    return float(losses.mean()), float(losses.std(ddof=1) / 2)


LOSS, ERROR = mean_and_error(LOGITS)
WORSE_LOSS, WORSE_ERROR = mean_and_error(WORSE)


def gates(*texts: str) -> list[str]:
    return [word for text in texts for word in ("--fail-if", text)]


COMMANDS = [
    "loss z.npy y.npy",
    "nll lp.npy y.npy",
    "nll --probs p.npy y.npy",
    "loss z.npy y.npy --reduction sum",
    "loss z.npy y.npy --reduction none",
    "loss z.npy y.npy --json",
    "loss z.npy y.npy -o loss.txt",
]


def test_every_command_judges_how_much_a_result_is_over(run: Run, tmp_path: Path) -> None:
    echoed = Path(__file__).parents[2] / "sample_data" / "answers" / "openai_echo.jsonl"
    answers = [json.loads(line)["choices"] for line in echoed.read_text().splitlines()]
    text = {"doc_id": 0, "doc": {}, "target": "x", "arguments": [["x"]], "resps": [[-9.0]]}
    text |= {"filtered_resps": [-9.0], "filter": "none", "bits_per_byte": [-9.0, 7]}
    (tmp_path / "samples_t.jsonl").write_text(json.dumps(text))
    for line, counted, count in [
        ("loss z.npy y.npy --ignore-index 0", "rows", 4),
        ("eval z.npy y.npy --rows 1:", "rows", 3),
        ("compare z.npy worse.npy", "rows", 4),
        ("calibrate z.npy y.npy", "rows", 4),
        (f"nll {echoed}", "sequences", sum(map(len, answers))),
        ("nll samples_t.jsonl", "documents", 1),
    ]:
        done = run(*line.split(), *gates(f"{counted} < {count}", f"{counted} < {count + 1}"))
        said = f"fail: {counted} < {count + 1}: {counted} is {count}"
        assert (done.code, done.err.splitlines()[-1:]) == (3, [said]), (line, done)


@in_one_test
@pytest.mark.parametrize("line", COMMANDS)
def test_a_gate_judges_the_mean_whatever_is_written(run: Run, tmp_path: Path, line: str) -> None:
    plain = run(*line.split())
    (tmp_path / "loss.txt").unlink(missing_ok=True)
    passed = run(*line.split(), *gates(f"loss > {LOSS + 1e-9}", f"loss < {LOSS - 1e-9}"))
    assert (passed.code, passed.err) == (0, plain.err)
    (tmp_path / "loss.txt").unlink(missing_ok=True)
    failed = run(*line.split(), *gates(f"loss > {LOSS - 1e-9}"))
    assert failed.code == 3
    assert failed.err.startswith(f"{plain.err}fail: loss > {LOSS - 1e-9}: loss is 0.")
    assert float(failed.err.split()[-1]) == pytest.approx(LOSS, rel=1e-14)
    if "--json" in line:
        for outcome in (passed, failed):
            assert outcome.json.pop("gates")
            assert {k: v for k, v in outcome.json.items() if k != "gates"} == plain.json
    else:
        assert passed.out == failed.out == plain.out
    if "-o" in line:
        assert float((tmp_path / "loss.txt").read_text()) == pytest.approx(LOSS, rel=1e-14)


def test_every_gate_that_fails_is_said_even_if_quiet(run: Run) -> None:
    texts = ("accuracy < 0.8", "loss > 100", "accuracy >= 0.75", "bits>0", "accuracy < 0.75")
    outcome = run("loss", "z.npy", "y.npy", "-q", *gates(*texts))
    assert outcome.code == 3
    first, second, third = outcome.err.splitlines()
    assert first == "fail: accuracy < 0.8: accuracy is 0.75"
    assert second == "fail: accuracy >= 0.75: accuracy is 0.75"
    assert third.startswith("fail: bits > 0: bits is ")
    assert float(third.split()[-1]) == pytest.approx(LOSS / np.log(2))


def test_json_holds_the_verdicts(run: Run) -> None:
    for more in ([], ["--reduction", "none"]):
        line = ["loss", "z.npy", "y.npy", "--json", *more]
        assert "gates" not in run(*line).json
        assert run(*line, *gates("accuracy<0.8", "accuracy < 0.7")).json["gates"] == [
            {"gate": "accuracy < 0.8", "failed": True, "message": "accuracy is 0.75"},
            {"gate": "accuracy < 0.7", "failed": False, "message": "accuracy is 0.75"},
        ]


def test_a_terminal_shows_the_table_and_then_the_lines(terminal: Terminal) -> None:
    plain = terminal("loss", "z.npy", "y.npy")
    judged = terminal("loss", "z.npy", "y.npy", *gates("accuracy < 0.8"))
    assert judged.code == 3
    assert judged.lines == [*plain.lines, "fail: accuracy < 0.8: accuracy is 0.75"]
    colored = terminal("loss", "z.npy", "y.npy", *gates("accuracy < 0.8"), env={})
    assert "\x1b[1;31mfail:\x1b[0m accuracy < 0.8" in colored.text


def test_accuracy_is_computed_only_if_a_gate_names_it(run: Run) -> None:
    """With class probabilities for labels there is none: a gate fails, a command does not."""
    np.save("q.npy", np.full((4, 3), 1 / 3))
    assert run("loss", "z.npy", "q.npy", *gates("loss > 100")).code == 0
    outcome = run("loss", "z.npy", "q.npy", *gates("accuracy < 0.5"))
    assert (outcome.code, outcome.err) == (3, "fail: accuracy < 0.5: accuracy has no value\n")


def test_binary(run: Run) -> None:
    np.save("b.npy", [0.5, -1.25, 2.5, 1.0])
    np.save("by.npy", [1, 0, 1, 0])
    outcome = run("loss", "b.npy", "by.npy", "--binary", *gates("accuracy < 0.8"))
    assert (outcome.code, outcome.err) == (3, "fail: accuracy < 0.8: accuracy is 0.75\n")
    np.save("by.npy", [1, 0.5, 1, 0])
    outcome = run("loss", "b.npy", "by.npy", "--binary", "-q", *gates("accuracy < 0.8"))
    assert (outcome.code, outcome.err) == (3, "fail: accuracy < 0.8: accuracy has no value\n")


def test_what_is_no_number_fails(run: Run) -> None:
    np.save("nan.npy", np.where(LOGITS == 3, np.nan, LOGITS))
    line = ["loss", "nan.npy", "y.npy", "-q", "--non-finite", "propagate"]
    outcome = run(*line, *gates("loss > 1", "loss < 1", "perplexity < 1", "accuracy > 0.9"))
    assert outcome.err.splitlines() == [
        "fail: loss > 1: loss is nan",
        "fail: loss < 1: loss is nan",
        "fail: perplexity < 1: perplexity is nan",
    ]
    assert (outcome.code, outcome.out) == (3, "nan\n")
    line = ["loss", "z.npy", "-100,-100,-100,-100", "-q"]
    outcome = run(*line, *gates("loss > 1", "accuracy < 1", "loss > 1 + se"))
    assert outcome.code == 3
    assert {text.split(": ")[-1] for text in outcome.err.splitlines()} == {
        "loss has no value", "accuracy has no value"
    }  # fmt: skip
    outcome = run("loss", "1,2,3", "0", *gates("loss > 9 + se"))
    assert (outcome.code, outcome.err) == (
        3, "fail: loss > 9 + se: loss has no standard error\n",
    )  # fmt: skip


# A baseline


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
    assert numbers == pytest.approx([WORSE_LOSS, LOSS, 2, error], rel=1e-13)


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
    for name in ("loss", "perplexity", "bits", "accuracy"):
        texts = [f"{name} > baseline", f"{name} < baseline", f"{name} >= baseline"]
        outcome = run("loss", "z.npy", "y.npy", "--baseline", "last.json", *gates(*texts))
        assert outcome.code == 3
        start = f"fail: {name} >= baseline: "
        assert outcome.err.startswith(start)
        value, base = outcome.err.removeprefix(start).rstrip("\n").split(" >= ")
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


# Before any work


@in_one_test
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("--fail-if loss>baseline", "--fail-if 'loss > baseline': there is no baseline"),
        ("--baseline last.json", "--baseline is for gates, and there is none"),
        ("--fail-if loss>5%", "--fail-if 'loss>5%': a gate takes no percents"),
        ("--fail-if brier>1", "--fail-if 'brier>1': there is no measure 'brier' here"),
        ("--fail-if loss>1 --fail-if los>1", "--fail-if 'los>1': there is no measure 'los'"),
    ],
)
@pytest.mark.parametrize("name", ["loss", "nll"])
def test_a_usage_error_comes_before_any_work(run: Run, name: str, more: str, said: str) -> None:
    outcome = run(name, "missing.npy", "y.npy", *more.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {said}\nhint: ")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("loss z.npy y.npy", "xent eval LOGITS LABELS has ece"),
        ("nll lp.npy y.npy", "xent eval --log-probs LOG_PROBS LABELS has ece"),
        ("nll --probs p.npy y.npy", "xent eval --probs PROBS LABELS has ece"),
    ],
)
def test_which_command_has_the_measure(run: Run, line: str, hint: str) -> None:
    outcome = run(*line.split(), *gates("ece > 0.1"))
    assert (outcome.code, outcome.err.splitlines()[-1]) == (2, f"hint: {hint}")


def test_picked_log_probabilities_tell_no_accuracy(run: Run) -> None:
    line = ["nll", "--picked", "-1,-2"]
    outcome = run(*line, *gates("accuracy < 1"))
    assert outcome.code == 2
    assert outcome.err.startswith("error: --fail-if 'accuracy < 1': there is no measure 'accuracy'")
    outcome = run(*line, *gates("loss >= 1.5"))
    assert (outcome.code, outcome.err) == (3, "fail: loss >= 1.5: loss is 1.5\n")


@pytest.mark.parametrize("content", [b"", b"{", b"\x93NUMPY", b"[1]", b'{"command": "softmax"}'])
def test_what_is_no_baseline_leaves_nothing_behind(run: Run, content: bytes) -> None:
    Path("last.json").write_bytes(content)
    line = ["loss", "z.npy", "y.npy", "-o", "out.json", *gates("loss > baseline")]
    outcome = run(*line, "--baseline", "last.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("error: last.json:")
    assert len(outcome.err.splitlines()) == 2
    assert not Path("out.json").exists()
    outcome = run(*line, "--baseline", "missing.json")
    assert outcome.code == 1
    assert outcome.err.startswith("error: missing.json: cannot be read")


def test_an_error_of_the_input_comes_before_any_verdict(run: Run) -> None:
    outcome = run("loss", "z.npy", "0,1,2,9", *gates("loss > 0"))
    assert outcome.code == 1
    assert "fail:" not in outcome.err


def test_debug_shows_no_traceback_of_a_gate(run: Run) -> None:
    outcome = run("loss", "z.npy", "y.npy", "--debug", *gates("accuracy < 0.8"))
    assert (outcome.code, outcome.err) == (3, "fail: accuracy < 0.8: accuracy is 0.75\n")
