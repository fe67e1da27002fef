"""Numbers that are printed with a warning: infinite, not a number, of nothing, of another kind."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import log_probs
from cli_tools import Run, refusal
from close_to import close_to
from formulas import cross_entropies
from in_one_test import in_one_test

LOSS = ["loss", "z.npy", "y.npy"]


def test_a_probability_of_zero_gives_infinity(run: Run, folder: Path) -> None:
    (folder / "p.csv").write_text("0.5,0.5\n1,0\n")
    (folder / "one.csv").write_text("0\n1\n")
    command = ["nll", "--probs", "p.csv", "--labels", "one.csv"]
    outcome = run(*command)
    assert (outcome.code, float(outcome.out)) == (0, math.inf)
    assert outcome.err == (
        "warning: the loss is infinite: a label has probability 0; "
        "if it was rounded to 0: --clip EPS\n"
    )
    rows = run(*command, "--reduction", "none").out.splitlines()
    assert [float(row) for row in rows] == [pytest.approx(math.log(2)), math.inf]
    assert run(*command, "--json").json["loss"] is None


def test_a_masked_label_gives_infinity(run: Run, folder: Path) -> None:
    (folder / "masked.csv").write_text("0,-inf\n0,1\n")
    (folder / "one.csv").write_text("1\n1\n")
    outcome = run("loss", "masked.csv", "one.csv")
    assert (outcome.code, outcome.out) == (0, "inf\n")
    assert outcome.err.startswith("warning: ")


def test_not_finite_may_propagate(run: Run, folder: Path, logits: Any, labels: Any) -> None:
    want = cross_entropies(logits, labels).astype(float)
    logits[1, 2] = want[1] = np.nan
    np.save(folder / "z.npy", logits)
    refused = refusal(run(*LOSS))
    assert refused.error == "z.npy[1, 2]: logit nan"
    assert refused.hint.startswith("--non-finite propagate")
    command = [*LOSS, "--non-finite", "propagate"]
    outcome = run(*command)
    assert (outcome.code, outcome.out) == (0, "nan\n")
    assert outcome.err.startswith("warning: the loss is NaN")
    rows = run(*command, "--reduction", "none").out.splitlines()
    np.testing.assert_allclose([float(row) for row in rows], want, rtol=1e-14)
    assert run(*command, "--json").json["loss"] is None


@in_one_test
@pytest.mark.parametrize(("rows", "said"), [(5, "every label is ignored"), (0, "no rows")])
@pytest.mark.parametrize(("reduction", "expected"), [("mean", math.nan), ("sum", 0.0)])
def test_nothing_is_used(
    run: Run, folder: Path, rows: int, said: str, reduction: str, expected: float
) -> None:
    np.save(folder / "z.npy", np.zeros((rows, 3)))
    np.save(folder / "y.npy", np.full(rows, -100))
    outcome = run(*LOSS, "--reduction", reduction)
    assert float(outcome.out) == pytest.approx(expected, nan_ok=True)
    assert outcome.err.startswith("warning: nothing is used")
    assert said in outcome.err


@in_one_test
@pytest.mark.parametrize(
    ("given", "command", "fitting"),
    [
        ("probs", "loss --logits", "xent nll --probs PROBS LABELS"),
        ("log_probs", "loss --logits", "xent nll LOG_PROBS LABELS"),
        ("probs", "nll --log-probs", "xent nll --probs PROBS LABELS"),
        ("logits", "nll --log-probs", "xent loss LOGITS LABELS"),
    ],
)
def test_the_wrong_kind_of_input(
    run: Run, folder: Path, logits: Any, given: str, command: str, fitting: str
) -> None:
    kinds = {"logits": logits, "log_probs": log_probs(logits), "probs": np.exp(log_probs(logits))}
    np.save(folder / f"{given}.npy", kinds[given])
    arguments = [*command.split(), f"{given}.npy", "--labels", "y.npy"]
    outcome = run(*arguments)
    assert math.isfinite(float(outcome.out))
    assert outcome.err.startswith(f"warning: {given}.npy: these look like ")
    assert fitting in outcome.err
    assert run(*arguments, "-q").err == ""


@in_one_test
@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_rounded_probabilities_are_no_logits(run: Run, decimals: int) -> None:
    """A row of ten classes with one decimal may miss a sum of 1 by 0.3, and all together do not."""
    logits = np.random.default_rng(5).normal(size=(30, 10))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.savetxt("p.csv", probs, f"%.{decimals}f", ",")
    np.savetxt("z.csv", np.abs(logits) % 1, f"%.{decimals}f", ",")
    np.save("y.npy", np.arange(30) % 10)
    warning = "warning: p.csv: these look like probabilities, not logits: xent nll --probs PROBS "
    assert run("loss", "p.csv", "y.npy").err.startswith(warning)
    assert run("loss", "z.csv", "y.npy").err == ""


def test_why_a_perplexity_or_what_a_gate_names_is_infinite(run: Run) -> None:
    np.save("z.npy", np.array([[0.0, -np.inf], [1.0, 0.0]]))
    np.save("y.npy", np.array([1, 0]))
    line, reason = ("eval", "z.npy", "y.npy", "--metric"), "the loss is infinite: a label has"
    for name in ("perplexity", "bits", "loss"):
        found = run(*line, name)
        assert (found.out, reason in found.err) == ("inf\n", True)
    assert reason not in run(*line, "accuracy").err
    gated = run(*line, "accuracy", "--fail-if", "loss > 9")
    assert (gated.code, reason in gated.err) == (3, True)


def test_probabilities_on_another_scale(run: Run) -> None:
    """They were taken for logits without a word, or the warning said that logits would fit."""
    z = np.random.default_rng(7).normal(size=(9, 4))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    y = np.arange(9) % 4
    np.save("y.npy", y)
    right = float(-np.log(p[np.arange(9), y]).mean())
    for values, called, way, mend in (
        (100 * p, "percents", "divide them by 100, and give them as", lambda x: np.log(x / 100)),
        (-np.log(p), "negative log-probabilities", "change their sign", np.negative),
        (np.log10(p), "log-probabilities to the base 10", "by 2.302585", lambda x: x * np.log(10)),
        (np.log2(p), "log-probabilities to the base 2", "by 0.693147", lambda x: x * np.log(2)),
    ):
        np.save("p.npy", values)
        np.save("mended.npy", mend(values))
        for line in ("loss p.npy y.npy", "nll p.npy y.npy", "softmax p.npy", "eval p.npy y.npy"):
            said = run(*line.split()).err
            assert f"warning: p.npy: these look like {called}, not log" in said, line
            assert way in said
            assert "would fit" not in said
        assert run("nll", "mended.npy", "y.npy").number == close_to(right, rel=1e-12)
    np.save("alike.npy", np.full((9, 2), -1.0))  # 2**-1 is a half
    np.save("two.npy", y % 2)
    assert run("loss", "alike.npy", "two.npy").err == ""
    np.save("one.npy", np.array([[40.0, 60.0]]))
    assert "look like" not in run("loss", "one.npy", "0").err


def test_labels_in_another_order_than_the_rows(run: Run) -> None:
    """Their loss is above that of equal probabilities, which those of weak models are not."""
    draw = np.random.default_rng(5)
    labels = draw.integers(0, 4, 200)
    z = draw.normal(size=(200, 4))
    z[np.arange(200), labels] += 3.0
    np.save("z.npy", z)
    for name, values in (("y", labels), ("moved", np.roll(labels, 1)), ("few", labels[:29])):
        np.save(f"{name}.npy", values)
    np.save("few_z.npy", np.roll(z, 1, axis=0)[:29])
    np.save("weak.npy", z * 0.01)
    np.save("z2.npy", z * 1.1)
    both = np.column_stack([z, np.roll(labels, 1)])
    np.savetxt("both.csv", both, delimiter=",", header="a,b,c,d,label", comments="")
    note = (
        "above 1.386, that of equal probabilities for all 4 classes: "
        "do the labels belong to these rows, in this order?"
    )
    for line, told in (
        ("loss z.npy moved.npy", True),
        ("eval z.npy moved.npy --metric accuracy", True),
        ("loss z.npy y.npy", False),
        ("loss weak.npy moved.npy", False),
        ("loss few_z.npy few.npy", False),
        ("loss both.csv --label-column label", False),
        ("loss z.npy moved.npy --weight 1,2,3,4", False),
        ("compare z.npy z2.npy --labels moved.npy", True),
        ("compare z.npy z2.npy z.npy --labels moved.npy", True),
        ("compare z.npy weak.npy --labels moved.npy", False),
        ("compare z.npy z2.npy --labels y.npy", False),
        ("compare z.npy z2.npy --labels moved.npy --temperature 0.5 --temperature 1", False),
        ("compare z.npy z2.npy", False),
        ("loss z.npy moved.npy --temperature 0.5", False),
    ):
        assert (note in run(*line.split()).err) == told, line
    z[np.arange(200), labels] -= 1.5
    np.save("sure.npy", z * 100)  # most are right, and others cost much
    assert f"{note} If they do, the model is far too sure\n" in run("loss", "sure.npy", "y.npy").err
    said = run("eval", "sure.npy", "y.npy", "--metric", "accuracy").err
    assert "for all 4 classes, at an accuracy of 0.685: is the model far too sure (xent" in said
    said = run("eval", "sure.npy", "moved.npy", "--metric", "accuracy").err
    assert f"{note}\n" in said  # whose accuracy is that of chance
    note += " Labels that are shifted already need no --shift\n"
    for line in ("loss z.npy y.npy", "compare z.npy z2.npy --labels y.npy"):
        assert note in run(*line.split(), "--shift", "1").err
