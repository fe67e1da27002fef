"""Models that are read together have the bits of those that are read by themselves."""

import numpy as np
import pytest
from in_one_test import in_one_test

from xentcli.core.divergences import Divergences, ModelRows, divergences
from xentcli.core.fact_walk import FactWalk
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import normalizer
from xentcli.core.pair_walk import read_together
from xentcli.core.row_facts import facts_of, row_facts

NEEDS = ("peak", "rest", "prediction", "loss", "hit", "entropy")


@in_one_test
@pytest.mark.parametrize(("rows", "classes"), [(300, 41), (40, 20_000), (0, 50), (9, 4)])
def test_bits_are_those_of_each_by_itself(rows: int, classes: int) -> None:
    rng = np.random.default_rng(classes)
    base = (3.0 * rng.normal(size=(rows, classes))).astype(np.float32)
    base[::7, 2] = -np.inf
    steps = 10.0 ** rng.uniform(-3.0, 1.0, (rows, 1))  # near rows, and rows far apart
    new = (base + steps * rng.normal(size=base.shape)).astype(np.float32)
    others = {
        "changed": new,
        "by columns": np.asfortranarray(new),
        "big-endian": new.astype(">f4"),
        "the same memory": base,
        "float16": new.astype(np.float16),
    }
    labels = rng.integers(0, classes, rows)
    models = [base, *others.values()]
    alone = [row_facts(each, labels, LossOptions(), NEEDS) for each in models]
    of_models = [ModelRows(each, "logits", normalizer(each)) for each in models]
    for chosen in ([0, 1, 2], [0, 1], *([0, i] for i in range(2, len(models)))):
        walks = [FactWalk(models[i], labels, LossOptions(), NEEDS) for i in chosen]
        found = read_together(walks)
        for i, walk in zip(chosen, walks, strict=True):
            for name, values in facts_of(walk).facts.items():
                np.testing.assert_array_equal(values, alone[i][name], f"{name} of {i}")
        one, *rest = (of_models[i] for i in chosen)
        for seen, other in zip(found, rest, strict=True):
            wanted = divergences(one, other)
            for values, its in zip(divergences(one, other, seen), wanted, strict=True):
                np.testing.assert_array_equal(values, its)


def test_long_rows_are_read_once() -> None:
    base, new = np.random.default_rng(0).normal(size=(2, 5, 60)).astype(np.float32)
    walks = [FactWalk(each, np.zeros(5, int), LossOptions(), NEEDS) for each in (base, new)]
    (found,) = read_together(walks)
    assert isinstance(found, Divergences)
    assert not np.isnan(found.kl).any()


@pytest.mark.parametrize("order", ["near first", "far first", "in turns", "near", "far"])
def test_bits_are_those_of_a_row_alone_whatever_rows_are_around_it(order: str) -> None:
    rng = np.random.default_rng(5)
    rows, classes = 1500, 1000  # several tiles of either size
    steps = 10.0 ** rng.uniform(-3.0, 1.0, rows)
    steps = {
        "near first": np.sort(steps),
        "far first": np.sort(steps)[::-1],
        "in turns": np.where(np.arange(rows) // 90 % 2, 1e-3, 4.0),
        "near": np.full(rows, 1e-2),
        "far": np.full(rows, 4.0),
    }[order]
    base = (2.0 * rng.normal(size=(rows, classes))).astype(np.float32)
    new = (base + steps[:, None] * rng.normal(size=base.shape)).astype(np.float32)
    base[70, 3] = new[800, 5] = np.nan
    base[900] -= 2.0 * np.float32(1e3) * (np.arange(classes) > 0)  # sure of one class
    labels = np.zeros(rows, int)
    walks = [FactWalk(each, labels, LossOptions(), NEEDS) for each in (base, new)]
    (found,) = read_together(walks)
    assert found is not None
    for row in (*range(0, rows, 17), 70, 800, 900, rows - 1):
        one, other = (each[row : row + 1] for each in (base, new))
        alone = [FactWalk(each, labels[:1], LossOptions(), NEEDS) for each in (one, other)]
        (its,) = read_together(alone)
        assert its is not None
        for values, wanted in zip(found, its, strict=True):
            np.testing.assert_array_equal(values[row], wanted[0])
