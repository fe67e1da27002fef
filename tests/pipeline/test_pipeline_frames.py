"""Frames of pandas whose index or columns name the same rows or classes in two orders."""

import numpy as np
import pandas as pd
import pytest

import xentcli as xent
from xentcli.errors import InputError

CLASSES = ["ant", "bee", "cat"]
ROWS = list("fedcba")
Z = pd.DataFrame(np.random.default_rng(5).normal(size=(6, 3)), ROWS, CLASSES)
Y = pd.Series([0, 1, 2, 0, 1, 2], ROWS)
ONE_HOT = pd.DataFrame(np.eye(3)[Y], ROWS, CLASSES)
LOSS = float(np.mean(np.log(np.exp(Z.to_numpy()).sum(axis=1)) - Z.to_numpy()[np.arange(6), Y]))
MOVED = CLASSES[::-1]


def test_the_same_rows_in_two_orders_are_an_error() -> None:
    for labels in (Y, Y.reset_index(drop=True), Y.set_axis(list("uvwxyz"))):
        assert float(xent.cross_entropy(Z, labels)) == pytest.approx(LOSS, rel=1e-12)
    for function in (xent.cross_entropy, xent.evaluate, xent.calibrate):
        with pytest.raises(InputError, match="the same rows in two orders") as caught:
            function(Z, Y.sort_index())
        assert caught.value.hint is not None
        assert "put both in one order" in caught.value.hint
    assert xent.evaluate(Z.to_numpy(), Y.to_numpy()).loss.value == pytest.approx(LOSS, rel=1e-12)
    # Predictions have an index of their own, which counts them.
    counted = Z.reset_index(drop=True), Y.set_axis(np.arange(6)[::-1].tolist())
    assert xent.evaluate(*counted).loss.value == pytest.approx(LOSS, rel=1e-12)


def test_the_same_classes_in_two_orders_are_an_error() -> None:
    assert xent.evaluate(Z, ONE_HOT).loss.value == pytest.approx(LOSS, rel=1e-12)
    weight = pd.Series([1.0, 2.0, 5.0], CLASSES)
    factors = weight.to_numpy()[Y]
    losses = np.log(np.exp(Z.to_numpy()).sum(axis=1)) - Z.to_numpy()[np.arange(6), Y]
    weighed = float((losses * factors).sum() / factors.sum())
    assert float(xent.cross_entropy(Z, Y, weight=weight)) == pytest.approx(weighed, rel=1e-12)
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.cross_entropy(Z, Y, weight=weight[MOVED])
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.evaluate(Z, ONE_HOT[MOVED])
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.compare(Z, Z[MOVED])


def test_rows_are_not_taken_for_classes() -> None:
    rows = pd.DataFrame(Z.to_numpy()[:3])
    labels = pd.Series([0, 1, 2], [2, 0, 1])
    right = np.log(np.exp(rows).sum(axis=1)) - np.diag(rows)
    assert float(xent.cross_entropy(rows, labels)) == pytest.approx(right.mean(), rel=1e-12)
