"""Class probabilities as the labels of models whose columns stand in several orders."""

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Outcome, Run
from close_to import close_to
from compare_tools import CLASSES, ONE, RNG, TWO, metrics_of

ORDERS = [2, 0, 1], [1, 2, 0], [1, 0, 2]
SHARES = RNG.dirichlet(np.ones(3), 40)


def values_of(outcome: Outcome) -> dict[str, float]:
    """Return what applies to class probabilities."""
    values = {name: measure["value"] for name, measure in metrics_of(outcome).items()}
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize("prefix", ["", "target_"])
def test_every_file_is_matched_by_the_names_of_its_columns(run: Run, prefix: str) -> None:
    files = {"a": ("", ONE), "b": ("logit_", TWO), "y": (prefix, SHARES)}
    for (name, (before, values)), order in zip(files.items(), ORDERS, strict=True):
        np.save(f"{name}.npy", values)
        columns = [before + CLASSES[i] for i in order]
        write_rows(f"{name}.csv", columns, values[:, order].tolist())
    plain = run("compare", "a.npy", "b.npy", "--labels", "y.npy", "--json")
    outcome = run("compare", "a.csv", "b.csv", "--labels", "y.csv", "--json")
    assert "b.csv: its classes are in another order; matched by name" in outcome.err
    assert "have no names" not in outcome.err
    assert values_of(outcome) == close_to(values_of(plain), rel=1e-12)


def test_classes_named_by_numbers_say_nothing_of_labels(run: Run) -> None:
    write_rows("z.csv", ["5", "7", "9"], (ONE / 100).tolist())
    np.save("y.npy", SHARES)
    said = "note: y.npy: its classes have no names; they are matched by number with z.csv\n"
    assert run("loss", "z.csv", "y.npy", "--header").err == said
    outcome = run("loss", "z.csv", "y.npy", "--header", "--classes", "5,9")
    assert outcome.err.startswith("error: --classes has 2 names for 3 classes")


def test_the_largest_divergence_of_equal_rows_has_no_sign(run: Run) -> None:
    np.save("p.npy", SHARES)
    outcome = run("compare", "p.npy", "p.npy", "--input", "probs", "--metric", "kl_max")
    assert outcome.out == "0.0\n"


def test_class_probabilities_that_do_not_sum_to_1_are_counted(run: Run) -> None:
    shares = np.where(np.arange(40)[:, None] < 3, 0.5, 1.0) * SHARES
    for name, values in (("a", ONE), ("b", TWO), ("y", shares)):
        np.save(f"{name}.npy", values)
    outcome = run("compare", "a.npy", "b.npy", "--labels", "y.npy", "--metric", "loss_new")
    said = (
        "note: rows of class probabilities that do not sum to 1: 3 (compare takes one label a row"
    )
    assert outcome.err.startswith(said)
    assert outcome.err.endswith("xent eval --binary LOGITS --labels LABELS measures each model)\n")
    assert outcome.number == run("loss", "b.npy", "y.npy").number
