"""xent compare says why losses of models, and what follows from them, are infinite or NaN."""

import numpy as np
import pytest
from cli_tools import Run
from close_to import close_to
from compare_tools import MODELS, ONE, TRUE, TWO, save_models
from formulas import cross_entropies
from in_one_test import in_one_test


@pytest.fixture(autouse=True)
def _models(run: Run) -> None:
    del run
    save_models()


def test_losses_that_are_infinite_with_both_models(run: Run) -> None:
    for name, rows in (("one", ONE), ("two", TWO)):
        masked = rows.copy()
        masked[5, TRUE[5]] = -np.inf
        np.save(f"{name}.npy", masked)
    outcome = run("compare", *MODELS, "--metric", "loss_difference")
    others = np.delete(cross_entropies(TWO, TRUE) - cross_entropies(ONE, TRUE), 5)
    assert outcome.number == close_to(others.sum() / 40, rel=1e-12)
    assert "rows whose losses are infinite with both models count as no difference" in outcome.err


def test_why_a_loss_is_not_finite(run: Run) -> None:
    """A verdict beside NaN says where that comes from; who asks for no loss is told nothing."""
    none = ",".join("0" * ONE.shape[1])
    nan = "the loss is NaN, as PyTorch's is: from NaN, 0 / 0, 0 * inf or inf - inf"
    outcome = run("compare", *MODELS, "--weight", none)
    assert f"one.npy: {nan}" in outcome.err
    assert f"two.npy: {nan}" in outcome.err
    assert nan not in run("compare", *MODELS, "--weight", none, "--metric", "agreement").err
    assert nan in run("eval", "one.npy", *MODELS[2:], "--weight", none).err
    two = TWO.copy()
    two[0, TRUE[0]] = -np.inf
    np.save("two.npy", two)
    said = "two.npy: the loss is infinite: a label has probability 0"
    outcome = run("compare", *MODELS)
    assert said in outcome.err
    assert "one.npy: the loss" not in outcome.err
    assert said not in run("compare", *MODELS, "--metric", "kl").err
    assert said.removeprefix("two.npy: ") in run("eval", "two.npy", *MODELS[2:]).err
    probs = np.exp(two) / np.exp(two).sum(1, keepdims=True)
    np.save("two.npy", probs)
    rounded = f"{said}; if it was rounded to 0: --clip EPS\n"
    outcome = run("compare", *MODELS, "--input", "logits", "--input", "probs")
    assert rounded in outcome.err
    for command in ("nll", "eval"):
        alone = run(command, "--probs", "two.npy", *MODELS[2:])
        assert rounded.removeprefix("two.npy: ") in alone.err
    clipped = run("nll", "--probs", "two.npy", *MODELS[2:], "--clip", "1e-3")
    want = -np.log(np.clip(probs, 1e-3, 0.999))[np.arange(len(TRUE)), TRUE].mean()
    assert clipped.number == close_to(want, rel=1e-12)


@in_one_test
@pytest.mark.parametrize("line", ["", "--metric loss_difference", "--metric log_perplexity_ratio"])
def test_a_difference_that_is_nan_has_its_reason(run: Run, line: str) -> None:
    """Each model alone gives a label probability 0, so that the mean difference is inf - inf."""
    one, two = np.zeros((2, 4, 3))
    one[0, 0] = two[1, 0] = -np.inf
    np.save("one.npy", one)
    np.save("two.npy", two)
    np.save("y.npy", np.zeros(4, int))
    found = run("compare", "one.npy", "two.npy", "--labels", "y.npy", *line.split())
    assert found.code == 0
    assert "nan" in found.out
    of_each = "the loss is infinite: a label has probability 0"
    assert f"warning: one.npy: {of_each}\nwarning: two.npy: {of_each}\n" in found.err
    assert "note: two.npy: rows whose losses are infinite with one model alone" in found.err
    assert "with both models" not in found.err


def test_a_gate_on_a_difference_has_the_reason_of_its_infinity(run: Run) -> None:
    one, two = np.zeros((2, 4, 3))
    one[0, 0] = -np.inf
    np.save("one.npy", one)
    np.save("two.npy", two)
    np.save("y.npy", np.zeros(4, int))
    files = ("one.npy", "two.npy", "--labels", "y.npy", "--metric", "agreement")
    reason = "warning: one.npy: the loss is infinite: a label has probability 0\n"
    gated = run("compare", *files, "--fail-if", "loss_difference > -1")
    assert (gated.code, reason in gated.err) == (0, True)
    assert "the loss is infinite" not in run("compare", *files).err
    run("compare", *files[:4], "--metric", "loss_difference", "--state", "s.json")
    merged = run("merge", "s.json")
    assert (merged.out, reason in merged.err) == ("-inf\n", True)
