"""A metric from outside where its facts apply, and where they do not."""

from pathlib import Path

import numpy as np
from additions import MEAN, TOTAL, added
from cli_tools import Run
from close_to import close_to

LARGEST = (
    ('"before", needs=("label",)', '"before"'),
    ('return rows[np.arange(len(rows)), tile["label"]]', "return rows.max(axis=1)"),
)
LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1])
LOGITS = np.random.default_rng(8).normal(size=(8, 3))


def test_a_metric_that_asks_for_no_label_applies_to_class_probabilities(
    run: Run, tmp_path: Path
) -> None:
    """A warning said that it did not, beside its number."""
    np.save(tmp_path / "z.npy", LOGITS)
    np.save(tmp_path / "y.npy", np.eye(3)[LABELS])
    asked = ("eval", tmp_path / "z.npy", tmp_path / "y.npy", "--metric", "mine")
    with added(tmp_path, MEAN, *LARGEST):
        done = run(*asked)
    assert done.number == close_to(LOGITS.max(axis=1).mean(), rel=1e-12)
    assert done.err == ""
    with added(tmp_path, MEAN):  # the label's logit
        done = run(*asked)
    assert (done.code, done.out) == (0, "nan\n")
    assert done.err.startswith("warning: mine does not apply: the labels are class probabilities,")


def test_a_metric_whose_facts_are_not_there_has_no_rows(run: Run, tmp_path: Path) -> None:
    """With --binary there are no ranks: every `xent eval` there ended in an error of the metric."""
    np.save(tmp_path / "z.npy", LOGITS[:, 0])
    np.save(tmp_path / "y.npy", LABELS % 2)
    files = (tmp_path / "z.npy", tmp_path / "y.npy", "--binary")
    with added(tmp_path, TOTAL):
        usual, done = run("eval", *files, "--json"), run("eval", *files, "--metric", "mine")
    assert usual.json["metrics"]["mine"]["value"] is None
    assert usual.json["metrics"]["accuracy"]["n"] == 8
    assert (done.code, done.out) == (0, "nan\n")
    assert done.err == (
        "warning: mine does not apply: with --binary each number is a row by itself, "
        "of two classes\n"
    )


def test_no_losses_are_written_before_a_result_that_json_cannot_hold(
    run: Run, tmp_path: Path
) -> None:
    """Half an object went into a pipe, and the error was called a mistake of xent."""
    np.save(tmp_path / "z.npy", LOGITS)
    np.save(tmp_path / "y.npy", LABELS)
    asked = ("loss", tmp_path / "z.npy", tmp_path / "y.npy", "--json", "--reduction", "none")
    result = "return Measure(self.total / self.rows, n=self.rows) if self.rows else NOTHING"
    for shown, fits in (("{1, 2}", False), ("1j", False), ("[1, 2]", True)):
        with added(tmp_path, TOTAL, (result, f'return {{"odd": {shown}}}')):
            done = run(*asked)
        if fits:
            assert done.json["metrics"] == {"mine": {"odd": [1, 2]}}
            assert len(done.json["losses"]) == len(LABELS)
            continue
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("error: the result is no JSON at 'metrics': ")
        assert done.err.count("\n") == 1
