"""Gates of loss and nll: the exit code, the lines on standard error, and what JSON says."""

import json
import shlex
from pathlib import Path
from shlex import quote

import numpy as np
import pytest
from cli_tools import Run, Terminal
from close_to import close_to
from gate_tools import LOGITS, LOSS, gates, save_rows
from in_one_test import in_one_folder, in_one_test


@pytest.fixture(autouse=True)
def _rows(tmp_path: Path) -> None:
    save_rows(tmp_path)


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
        (f"nll {quote(str(echoed))}", "sequences", sum(map(len, answers))),
        ("nll samples_t.jsonl", "documents", 1),
    ]:
        done = run(*shlex.split(line), *gates(f"{counted} < {count}", f"{counted} < {count + 1}"))
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
    assert float(failed.err.split()[-1]) == close_to(LOSS, rel=1e-14)
    if "--json" in line:
        for outcome in (passed, failed):
            assert outcome.json.pop("gates")
            assert {k: v for k, v in outcome.json.items() if k != "gates"} == plain.json
    else:
        assert passed.out == failed.out == plain.out
    if "-o" in line:
        assert float((tmp_path / "loss.txt").read_text()) == close_to(LOSS, rel=1e-14)


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


@in_one_folder
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


@pytest.mark.parametrize(("name", "loss"), [("compare", "loss_new"), ("calibrate", "loss_after")])
def test_a_hint_and_the_help_name_measures_of_the_command(run: Run, name: str, loss: str) -> None:
    outcome = run(name, "z.npy", "y.npy", "--baseline", "last.json")
    assert outcome.err.endswith(f"\nhint: --fail-if '{loss} > baseline + 2 se'\n")
    assert "'loss > " not in run(name, "--help").out


@in_one_folder
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


def test_an_error_of_the_input_comes_before_any_verdict(run: Run) -> None:
    outcome = run("loss", "z.npy", "0,1,2,9", *gates("loss > 0"))
    assert outcome.code == 1
    assert "fail:" not in outcome.err


def test_debug_shows_no_traceback_of_a_gate(run: Run) -> None:
    outcome = run("loss", "z.npy", "y.npy", "--debug", *gates("accuracy < 0.8"))
    assert (outcome.code, outcome.err) == (3, "fail: accuracy < 0.8: accuracy is 0.75\n")


def test_each_model_is_judged_by_its_own_baseline(run: Run) -> None:
    rng = np.random.default_rng(3)
    for name, scale in (("near", 0.1), ("far", 2.0), ("other", 0.1), ("another", 2.0)):
        np.save(f"{name}.npy", LOGITS + rng.normal(size=LOGITS.shape) * scale)

    def judged(*names: str, gate: str = "kl > baseline") -> tuple[int, str]:
        files = [f"{name}.npy" for name in names]
        options = ("--fail-if", gate, "--baseline", "last.json", "--quiet")
        outcome = run("compare", "z.npy", *files, *options)
        return outcome.code, outcome.err

    assert run("compare", "z.npy", "near.npy", "far.npy", "--json", "-o", "last.json").code == 0
    for line in ("far near", "near"):
        assert judged(*line.split()) == (0, "")
        assert judged(*line.split(), gate="kl >= baseline")[0] == 3
    last = json.loads(Path("last.json").read_text())
    near, far = (each["metrics"]["kl"]["value"] for each in last["comparisons"])
    code, said = judged("other", "another", gate="kl < baseline + 100")
    assert code == 3
    assert f" < {near!r} + 100" in said.splitlines()[0]
    assert f" < {far!r} + 100" in said.splitlines()[1]
    for line in ("far other", "other"):
        code, said = judged(*line.split())
        assert (code, "last.json: it is about near.npy, far.npy, not other.npy" in said) == (
            1,
            True,
        )
    assert run("compare", "z.npy", "far.npy", "--json", "-o", "last.json", "--force").code == 0
    assert judged("near", "other")[0] == 0  # a single model is the baseline of all
