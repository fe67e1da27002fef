"""Logits and labels to a loss: what options make of it, and options that do not fit."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from close_to import close_to
from in_one_test import in_one_test
from pipeline_tools import npy_file, run

import xentcli as xent
from xentcli.errors import InputError, LabelError, ShapeError
from xentcli.pipeline.evaluate import Criterion, LossOptions, evaluate

Array = npt.NDArray[Any]

RNG = np.random.default_rng(4)
LOGITS = RNG.normal(size=(20, 3)) * 3.0
LABELS = RNG.integers(3, size=20)
PROBS = RNG.dirichlet(np.ones(3), size=20)


def test_temperature_and_dtype(tmp_path: Path) -> None:
    labels = LABELS
    for criterion, logits in (
        (Criterion(temperature=2.5), LOGITS / 2.5),
        (Criterion(dtype=np.dtype(np.float16)), LOGITS.astype(np.float16)),
        (Criterion(dtype=np.dtype(np.float32), temperature=0.5), LOGITS.astype("f4") * 2.0),
    ):
        sources = npy_file(tmp_path / "x.npy", LOGITS), npy_file(tmp_path / "y.npy", labels)
        got = evaluate(*sources, criterion, run()).summary.loss
        assert got == close_to(float(xent.cross_entropy(logits, labels)), rel=1e-7)


def test_the_label_of_the_first_class(tmp_path: Path) -> None:
    sources = npy_file(tmp_path / "x.npy", LOGITS), npy_file(tmp_path / "y.npy", LABELS + 1)
    criterion = Criterion(options=LossOptions(label_base=1))
    assert evaluate(*sources, criterion, run()).summary.loss == xent.cross_entropy(LOGITS, LABELS)
    sources = npy_file(tmp_path / "x.npy", LOGITS), npy_file(tmp_path / "y.npy", LABELS)
    with pytest.raises(LabelError, match=r"label 0 is outside 1..3"):
        evaluate(*sources, criterion, run())


@in_one_test
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_log_probabilities_and_probabilities(reduction: Any, tmp_path: Path) -> None:
    log_probs = np.asarray(xent.log_softmax(LOGITS))
    want = float(xent.nll_loss(log_probs, LABELS, reduction=reduction))
    kinds: dict[Any, Array] = {"log-probabilities": log_probs, "probabilities": np.exp(log_probs)}
    for kind, values in kinds.items():
        sources = npy_file(tmp_path / "x.npy", values), npy_file(tmp_path / "y.npy", LABELS)
        evaluation = evaluate(*sources, Criterion(kind, reduction=reduction), run())
        assert evaluation.summary.loss == close_to(want, rel=1e-14)
        assert evaluation.summary.command == "nll"
        assert evaluation.looks_like == kind


def test_no_rows_at_all(tmp_path: Path) -> None:
    sources = npy_file(tmp_path / "x.npy", LOGITS[:0]), npy_file(tmp_path / "y.npy", LABELS[:0])
    summary = evaluate(*sources, Criterion(), run()).summary
    assert math.isnan(summary.loss)
    assert (summary.loss_sum, summary.rows, summary.num_classes) == (0.0, 0, 3)


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    sources = npy_file(tmp_path / "x.npy", LOGITS), npy_file(tmp_path / "y.npy", PROBS)
    with pytest.raises(InputError, match="ignore_index"):
        evaluate(*sources, Criterion(options=LossOptions(ignore_index=0)), run())
    with pytest.raises(ShapeError, match="one number for each of the 3 classes"):
        evaluate(*sources, Criterion(options=LossOptions(np.ones(2))), run())
    with pytest.raises(ShapeError, match="no axis 2"):
        evaluate(*sources, Criterion(class_axis=2), run())
