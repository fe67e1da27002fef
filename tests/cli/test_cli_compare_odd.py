"""xent compare of odd input: infinite, ignored, missing and misshapen rows, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Argument, Run, Terminal, refusal
from compare_tools import (
    BASE,
    DIGITS_OF_TWO,
    MODELS,
    NEW,
    ONE,
    TRUE,
    TWO,
    metrics_of,
    save_models,
)
from in_one_test import in_one_folder, in_one_test


@pytest.fixture(autouse=True)
def _models(run: Run) -> None:
    del run
    save_models()


def test_identical_files(run: Run) -> None:
    found = metrics_of(run("compare", "one.npy", "one.npy", *MODELS[2:], "--json"))
    names = ("kl", "kl_reverse", "js", "kl_max", "kl_median", "kl_p999")
    same = ("loss_difference", "accuracy_difference", "share_worse", "delta_p", "rms_delta_p")
    assert [found[name]["value"] for name in (*names, *same)] == [0.0] * 11
    for name in ("agreement", "mcnemar_p", "loss_correlation"):
        assert found[name]["value"] == 1.0
    bare = metrics_of(run("compare", "one.npy", "one.npy", "--json"))
    assert {name: bare[name] for name in names} == {name: found[name] for name in names}


def test_rows_where_a_divergence_is_infinite(run: Run, terminal: Terminal) -> None:
    two = TWO.copy()
    two[[3, 8], [0, 1]] = -np.inf
    np.save("two.npy", two)
    outcome = run("compare", "one.npy", "two.npy", "--json")
    found = metrics_of(outcome)
    screen = terminal("compare", "one.npy", "two.npy", columns=200)
    assert "nats, infinite in 2 rows, the same" in screen.lines[0]
    assert " infinite in 2 rows, left out there" in screen.text
    assert found["infinite_rows"] == {**found["infinite_rows"], "value": 2, "n": 40}
    assert (found["kl"]["n"], found["kl_reverse"]["n"], found["kl_max"]["n"]) == (38, 40, 38)
    said = "rows in which KL(base || new) is infinite: 2; measures of it are of the others"
    assert outcome.err == f"note: two.npy: {said}\n"
    assert said in run("compare", "one.npy", "two.npy", "--metric", "kl_reverse").err
    assert said not in run("compare", "one.npy", "two.npy", "--metric", "agreement").err
    back = run("compare", "two.npy", "one.npy", "--json")
    assert back.err == f"note: one.npy: {said.replace('base || new', 'new || base')}\n"
    screen = terminal("compare", "two.npy", "one.npy", columns=200)
    assert "nats, back infinite in 2 rows, the same" in screen.lines[0]
    assert " back infinite in 2 rows, left out there" in screen.text
    one = ONE.copy()
    one[5:8, 2] = -np.inf
    np.save("one.npy", one)
    screen = terminal("compare", "one.npy", "two.npy", columns=200)
    assert " infinite in 2 rows, back infinite in 3 rows, left out there" in screen.text
    keep = np.setdiff1d(np.arange(40), [3, 8])
    np.save("one.npy", ONE[keep])
    np.save("two.npy", two[keep])
    others = metrics_of(run("compare", "one.npy", "two.npy", "--json"))
    assert found["kl"] == others["kl"]
    np.save("two.npy", np.where(np.arange(3) == 1, -np.inf, ONE[keep]))
    outcome = run("compare", "one.npy", "two.npy", "--metric", "kl", "--metric", "loss_base")
    assert "KL(base || new) is infinite: 38; nothing of it is measured" in outcome.err
    assert "warning: loss_base does not apply without labels: --labels FILE" in outcome.err
    assert "kl does not apply" not in outcome.err
    np.save("y.npy", TRUE[keep])
    found = metrics_of(run("compare", *MODELS, "--json"))
    for name in ("kl", "kl_p90"):
        assert (found[name]["value"], found[name]["n"]) == (None, 0)


def test_ignored_rows_count_nowhere(run: Run) -> None:
    np.save("y.npy", np.where(np.arange(40) < 25, TRUE, -100))
    outcome = run("compare", *MODELS, "--json")
    assert (outcome.json["rows"], outcome.json["used"]) == (40, 25)
    for name, values in (("one", ONE), ("two", TWO), ("y", TRUE)):
        np.save(f"{name}.npy", values[:25])
    assert metrics_of(outcome) == metrics_of(run("compare", *MODELS, "--json"))


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row(run: Run, terminal: Terminal, rows: int) -> None:
    np.save("one.npy", ONE[:1])
    np.save("two.npy", TWO[:1])
    np.save("y.npy", TRUE[:1] if rows else np.array([-100]))
    outcome = run("compare", *MODELS, "--json")
    found = metrics_of(outcome)
    assert found["loss_difference"]["n"] == rows
    assert (found["loss_difference"]["value"] is None) == (rows == 0)
    assert {found[name]["n"] for name in ("loss_base", "accuracy_new", "kl", "kl_p90")} == {rows}
    assert found["loss_difference"]["standard_error"] is None
    assert ("nothing is used" in outcome.err) == (rows == 0)
    screen = terminal("compare", *MODELS)
    assert screen.code == 0
    if rows:
        assert screen.lines[0].startswith("two.npy: one row says little of others: loss ")
        hits = [int(np.argmax(z[0]) == TRUE[0]) for z in (ONE, TWO)]
        shown = f"{100.0 * (hits[1] - hits[0]):+.1f}".replace("+0.0", "0")
        assert f"difference {shown} points" in screen.text


def test_rows_that_are_not_finite(run: Run, terminal: Terminal) -> None:
    two = TWO.copy()
    two[5, 1] = np.nan
    np.save("two.npy", two)
    outcome = run("compare", *MODELS)
    assert outcome.code == 1
    assert outcome.err.startswith("error: two.npy[5, 1]: logit nan")
    propagate = (*MODELS, "--non-finite", "propagate")
    outcome = run("compare", *propagate, "--json")
    assert (outcome.json["measured"], outcome.json["metrics"]["kl"]["n"]) == (39, 39)
    assert outcome.json["metrics"]["loss_difference"]["value"] is None
    assert "worse: loss nan, " in terminal("compare", *propagate, columns=200).lines[0]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((39, 3), "error: b.npy: 39 rows, and one.npy has 40"),
        ((41, 3), "error: b.npy: 41 rows, and one.npy has 40\nhint: both must be of "),
        ((40, 4), "error: b.npy: 4 classes, and one.npy has 3\nhint: both must be of "),
        ((40, 1, 3), "error: b.npy: shape (40, 1, 3), and one.npy has (40, 3)"),
    ],
)
def test_shapes_that_differ(run: Run, shape: tuple[int, ...], message: str) -> None:
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    np.save("b.npy", values)
    for files in (["b.npy"], ["b.npy", *MODELS[2:]], ["two.npy", "b.npy"]):
        outcome = run("compare", "one.npy", *files)
        assert (outcome.code, outcome.out) == (1, "")
        assert message in outcome.err
    if len(shape) == 2:
        write_rows("b.csv", "wxyz"[: shape[1]], values.tolist())
        outcome = run("compare", "one.npy", "b.csv")
        assert (outcome.code, outcome.out) == (1, "")
        assert "b.csv: " in outcome.err


def test_one_axis_without_labels(run: Run) -> None:
    np.save("z.npy", ONE[0])
    assert "either each number is a row, or all are one row" in run("compare", "z.npy", "z.npy").err
    long = ",".join(["0.125"] * 9)  # a name of which messages show only the beginning
    for pair in (("z.npy", "z.npy", "--class-axis", "0"), ("1,2,3", "1,2,3"), (long, long)):
        assert metrics_of(run("compare", *pair, "--json"))["kl"]["n"] == 1, pair


def test_three_axes_without_labels(run: Run) -> None:
    np.save("one.npy", np.zeros((2, 3, 4)))
    outcome = run("compare", "one.npy", "one.npy")
    assert outcome.code == 1
    assert "--class-axis -1" in outcome.err
    assert run("compare", "one.npy", "one.npy", "--class-axis", "-1").code == 0


# What is refused


@in_one_folder
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([BASE], "compare takes the outputs of two models or more"),
        ([BASE, NEW, "--probs", NEW], "which of the files is the first model?"),
        ([BASE, NEW, "--input", "odds"], "--input is logits, log-probs, probs"),
        ([BASE, NEW, "--input", "probs", *["--input", "logits"] * 2], "--input is given 3 times"),
        ([*DIGITS_OF_TWO, "--metric", "kl-max"], "did you mean kl_max?"),
        ([*DIGITS_OF_TWO, "--metric", "mcnemar"], "did you mean mcnemar_p?"),
        ([*DIGITS_OF_TWO, "--metric", "ece"], "hint: xent eval has ece, of one model"),
        ([*DIGITS_OF_TWO, "--binary"], "--binary"),
        ([BASE, NEW, "--shift", "1"], "--shift needs labels"),
        ([*DIGITS_OF_TWO, "--clip", "0.1"], "--clip is for rows of probabilities"),
        ([*DIGITS_OF_TWO, "--by", "rows"], "each row by itself is no group"),
        (["-", "-"], "only one input can be standard input"),
        ([*DIGITS_OF_TWO, "--fail-if", "loss > 1"], "there is no measure 'loss'"),
        (
            [BASE, NEW, NEW, *["--temperature", "2"] * 2],
            "--temperature is given 2 times, and there are 3 models",
        ),
        ([BASE, NEW, NEW, *["--temperature", "2"] * 2], "once"),
        ([BASE, NEW, "--temperature", "0"], "--temperature must be positive and finite, not 0.0"),
        ([BASE, NEW, "--temperature", "nowhere.json"], "neither a number nor a file"),
        ([BASE, NEW, "--input", "probs", "--temperature", "2"], "holds probabilities"),
        (
            [BASE, NEW, "--input", "logits", "--input", "probs", "--temperature", "2"],
            "with 1 for this one",
        ),
        (
            [BASE, NEW, NEW, "--plot", "a.png"],
            "--plot draws one model beside the first, and there are 3 models",
        ),
        ([BASE, NEW, "--plot", "a.png", "--plot-kind", "roc"], "--plot-kind"),
    ],
)
def test_usage_errors(run: Run, arguments: list[Argument], message: str) -> None:
    outcome = run("compare", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


@in_one_test
@pytest.mark.parametrize(
    "content", ["{", '{"temperature": null}', '{"command": "eval"}', '{"temperature": "2"}']
)
def test_a_file_of_a_temperature_that_is_damaged(run: Run, content: str) -> None:
    Path("t.json").write_text(content)
    outcome = run("compare", *MODELS, "--temperature", "t.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("error: t.json: ")


def test_several_labels_of_a_row_are_measured_by_another_command(run: Run) -> None:
    """There is no `compare --binary`, which the hint of other commands names."""
    np.save("several.npy", np.ones(ONE.shape, int))
    refused = refusal(run("compare", "one.npy", "two.npy", "--labels", "several.npy"))
    assert refused.error.startswith("several.npy[0]: integers of the logits' shape must be one-hot")
    assert "xent eval --binary LOGITS --labels LABELS measures each model" in refused.hint
    assert "ones: --binary" not in refused.hint
    assert run("eval", "--binary", "one.npy", "--labels", "several.npy").code == 0
    np.savetxt("several.csv", np.ones(ONE.shape, int), "%d", ",")
    of_text = refusal(run("compare", "one.npy", "two.npy", "--labels", "several.csv"))
    assert "3 classes of one row are 1, and class probabilities sum to 1" in of_text.error
    assert of_text.hint == refused.hint.removesuffix("; floats are class probabilities")


def test_what_labels_that_are_probabilities_leave_out_is_said(run: Run, terminal: Terminal) -> None:
    np.save("soft.npy", np.eye(3)[TRUE])
    files = ("one.npy", "two.npy", "--labels", "soft.npy")
    note = "note: labels are class probabilities: what needs one class a row is left out, such as "
    way = "(of one-hot rows, labels.argmax(1) gives the classes)"
    assert run("compare", *files).err == f"{note}accuracy and delta_p {way}\n"
    asked = run("compare", *files, "--metric", "delta_p", "--metric", "loss_correlation")
    why = f"the labels are class probabilities, and it needs one class a row {way}"
    assert asked.err == f"warning: delta_p does not apply: {why}\n"
    np.save("classes.npy", np.load("soft.npy").argmax(1))
    assert run("compare", *files[:3], "classes.npy", "--metric", "accuracy_base").number >= 0
    assert run("compare", *files, "--metric", "loss_difference").err == ""
    assert note not in run("compare", *MODELS).err
    assert note not in run("compare", *files[:2]).err
    better = ONE + 1.5 * np.eye(3)[TRUE]
    np.save("two.npy", better)
    assert terminal("compare", *files).lines[0].startswith("two.npy is better: loss -")
    fitted = run("calibrate", "two.npy", "soft.npy", "--folds", "0", "--json")
    assert f"{note}accuracy and ece {way}\n" in fitted.err
    assert metrics_of(fitted)["ece_after"]["value"] is None
