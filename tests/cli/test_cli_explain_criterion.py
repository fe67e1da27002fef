"""explain: class weights, label smoothing, ignored labels, and class probabilities."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import log_probs as log_probs_of
from cli_tools import Run, Terminal
from close_to import close_to
from in_one_test import in_one_test
from numpy.typing import NDArray

Array = NDArray[Any]
pytestmark = pytest.mark.usefixtures("folder")
EXPLAIN = ["explain", "--logits", "z.csv", "--labels", "y.csv"]


def test_rows_whose_label_is_ignored_add_nothing(run: Run, folder: Path) -> None:
    logits = np.random.default_rng(4).normal(size=(2, 3, 4))
    logits[0, 0, 2] = np.nan  # such a row may hold anything
    np.save(folder / "z.npy", logits)
    np.save(folder / "y.npy", np.array([[-100, 1, 2], [0, 1, 2]]))
    files = ("explain", "z.npy", "y.npy", "--quiet")
    found = run(*files, "--json").json["explanation"]
    assert found["labels"] == [-100, 1, 2]
    assert found["used"] == [False, True, True]
    assert found["one_hot"][0] == found["terms"][0] == found["gradient"][0] == [0, 0, 0, 0]
    assert found["weight_sum"] == 2
    assert found["row_losses"][0] == found["textbook_losses"][0] == 0
    assert found["routes"][0]["loss"] == close_to(found["routes"][2]["loss"], rel=1e-15)
    assert [line["label"] for line in run(*files).table][::4] == ["", "1", "2"]
    np.save(folder / "y.npy", np.full((2, 3), -100))
    assert run(*files, "--json").json["explanation"]["routes"][2]["loss"] is None


@in_one_test
@pytest.mark.parametrize(
    ("smoothing", "weight", "ignored", "divisor_of_logits"),
    [
        (0.1, None, (), 1.0),
        (0.0, (1.0, 2.0, 0.5), (), 2.5),
        (0.3, (1.0, 2.0, 0.5), (1,), 0.4),
        (1.0, None, (0, 2), 1.0),
    ],
)
def test_smoothing_weights_ignored_labels_and_temperatures(
    run: Run,
    folder: Path,
    smoothing: float,
    weight: tuple[float, ...] | None,
    ignored: tuple[int, ...],
    divisor_of_logits: float,
) -> None:
    """Every route and the gradient have the loss that PyTorch's formula, written out, has."""
    logits, labels = np.load(folder / "z.npy"), np.load(folder / "y.npy")
    options = ["--label-smoothing", str(smoothing)]
    options += ["--weight", ",".join(map(str, weight))] if weight else []
    options += [text for each in ignored for text in ("--ignore-index", str(each))]
    factors = np.array(weight or (1.0, 1.0, 1.0))

    def mean(z: Array) -> float:
        lp = log_probs_of(z / divisor_of_logits)
        kept = [(row, label) for row, label in zip(lp, labels, strict=True) if label not in ignored]
        hard = sum(-factors[label] * row[label] for row, label in kept)
        spread = sum(-(factors * row).sum() / 3 for row, _ in kept)
        divisor = sum(factors[label] for _, label in kept)
        return float(((1 - smoothing) * hard + smoothing * spread) / divisor)

    if divisor_of_logits != 1.0:
        (folder / "t.json").write_text(f'{{"temperature": {divisor_of_logits}}}')
        options += ["--temperature", "t.json"]
    found = run(*EXPLAIN, "--rows", ":", "--json", *options).json["explanation"]
    assert found["logits"] == logits.tolist()
    assert [route["loss"] for route in found["routes"]] == close_to([mean(logits)] * 3, rel=1e-13)
    step = 1e-6
    for index in np.ndindex(logits.shape):
        moved = [logits.copy(), logits.copy()]
        moved[0][index] += step
        moved[1][index] -= step
        slope = (mean(moved[0]) - mean(moved[1])) / (2 * step)
        assert found["gradient"][index[0]][index[1]] == pytest.approx(slope, abs=1e-8)
    cells = run(*EXPLAIN, "--rows", ":", *options).table
    assert ("target" in cells[0]) == bool(smoothing)
    assert ("weight" in cells[0]) == bool(weight)
    assert ("scaled_logit" in cells[0]) == (divisor_of_logits != 1.0)
    for cell in cells:  # a line shows all that its term is made of
        made = -float(cell["log_softmax"]) * float(cell.get("target", cell["one_hot"]))
        made *= float(cell.get("weight", 1))
        assert float(cell["term"]) == pytest.approx(made if cell["label"] else 0, rel=1e-12)


@in_one_test
@pytest.mark.parametrize(("smoothing", "weight"), [(0.0, (1.0, 1.0, 1.0)), (0.2, (1.0, 2.0, 0.5))])
def test_labels_that_are_class_probabilities(
    run: Run, terminal: Terminal, folder: Path, smoothing: float, weight: tuple[float, ...]
) -> None:
    logits = np.load(folder / "z.npy")
    shares = np.random.default_rng(6).dirichlet(np.ones(3), len(logits))
    np.save("shares.npy", shares)
    options = ["--label-smoothing", str(smoothing), "--weight", ",".join(map(str, weight))]
    options = options if smoothing else []
    command = ["explain", "z.npy", "shares.npy", "--rows", ":", *options]
    found = run(*command, "--json").json["explanation"]
    mass = np.array(weight) * (shares * (1 - smoothing) + smoothing / 3)
    log_probs = log_probs_of(logits)
    want = -(mass * log_probs).sum() / len(logits)
    assert [route["loss"] for route in found["routes"]] == close_to([want] * 3, rel=1e-13)
    np.testing.assert_allclose(found["row_losses"], -(mass * log_probs).sum(1), rtol=1e-13)
    slope = (mass.sum(1, keepdims=True) * np.exp(log_probs) - mass) / len(logits)
    np.testing.assert_allclose(found["gradient"], slope, rtol=1e-12, atol=1e-15)
    assert found["labels"] is found["one_hot"] is None
    assert "one_hot" not in run(*command).table[0]
    page = terminal(*command).text
    assert ("3. smoothed labels y = 0.8 labels + 0.2 / 3" if smoothing else "3. labels y") in page
    np.save("shares.npy", shares * 0.5)
    hint = "several labels of a row are binary ones: xent loss --binary"
    uneven = f"rows of class probabilities that do not sum to 1: 5 ({hint})"
    assert uneven in run(*command).err
    np.save("shares.npy", np.ones((5, 3), np.int64))
    assert hint in run(*command).err
    np.save("one.npy", np.ones(5))
    np.save("shares.npy", np.ones(5, np.int64))
    assert "0 or 1 each: xent loss --binary" in run("explain", "one.npy", "shares.npy").err


def test_the_page_says_where_each_option_counts(terminal: Terminal) -> None:
    options = ["--weight", "1,2,0.5", "--label-smoothing", "0.1", "--ignore-index", "1"]
    page = terminal(*EXPLAIN, *options).text
    for text in (
        "3. smoothed labels y = 0.9 one-hot + 0.1 / 3",
        "(ignored)",
        "weights w of the classes",
        "4. -w * y * log(p), and its sum",
        "6. the sum of the row losses / 1.5, the sum of w[label]",
        "ignore_index=1",
        "7. the gradient of that mean, (sum(w y) p - w y) / 1.5",
    ):
        assert text in page
    page = terminal(*EXPLAIN, "--ignore-index", "1").text
    assert "6. the sum of the row losses / 2, the rows that are not ignored" in page
    page = terminal(*EXPLAIN, *[text for i in "012" for text in ("--ignore-index", i)]).text
    assert "Nothing counts: the mean is 0 / 0" in page
    page = terminal(*EXPLAIN, "--temperature", "2.5").text
    for text in (
        "1. z = logits / T, with T = 2.5",
        "cross_entropy(logits / T, labels)",
        "7. the gradient of that mean, (p - y) / 3 / T",
    ):
        assert text in page
