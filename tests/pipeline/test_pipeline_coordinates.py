"""Arrays of xarray, whose coordinates name rows and classes as frames do."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frame_data import CLASSES, LOSS, ROWS, Y, Z

import xentcli as xent
from xentcli.errors import InputError


class DataArray:
    """What is asked of an array of xarray, which need not be installed."""

    def __init__(self, values: Any, **coordinates: Any) -> None:
        self.values = np.asarray(values)
        self.ndim, self.dtype, self.shape = self.values.ndim, self.values.dtype, self.values.shape
        self.dims = ("row", "name")[-self.ndim :] if "name" in coordinates else ("row", "c")
        self.indexes = {name: pd.Index(each) for name, each in coordinates.items()}

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.values, dtype)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, part: Any) -> Any:
        return DataArray(self.values[part])


@pytest.fixture(autouse=True)
def _xarray(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("xarray")
    module.DataArray = DataArray
    monkeypatch.setitem(sys.modules, "xarray", module)


def test_coordinates_in_two_orders_are_an_error() -> None:
    """They went by place without a word, though xarray itself goes by coordinates."""
    logits: Any = DataArray(Z, row=ROWS, name=CLASSES)
    labels: Any = DataArray(Y, row=ROWS)
    assert xent.loss(logits, labels).loss == pytest.approx(LOSS, rel=1e-12)
    moved: Any = DataArray(Y[::-1], row=ROWS[::-1])
    for other in (moved, Y[::-1]):
        with pytest.raises(InputError, match="logits and labels name the same rows in two orders"):
            xent.loss(logits, other)
    turned: Any = DataArray(Z.iloc[:, ::-1], row=ROWS, name=CLASSES[::-1])
    with pytest.raises(InputError, match="base and new name the same classes in two orders"):
        xent.compare(logits, turned, labels)
    weight: Any = DataArray([1.0, 2.0, 3.0], name=CLASSES[::-1])
    with pytest.raises(InputError, match="logits and weight name the same classes in two orders"):
        xent.cross_entropy(logits, labels, weight=weight)
    with_id: Any = DataArray(np.c_[np.arange(6), Z], name=["id", *CLASSES])
    with pytest.raises(InputError, match="column 'id' may be no class"):
        xent.evaluate(with_id, labels)


def test_coordinates_that_only_count_name_nothing() -> None:
    for given in (
        DataArray(Z),
        DataArray(Z, row=range(6)),
        DataArray(Z, row=range(6), name=range(3)),
    ):
        logits: Any = given
        assert xent.loss(logits, Y.to_numpy()).loss == pytest.approx(LOSS, rel=1e-12)
    (note,) = xent.loss(logits, Y.set_axis([5, 4, 3, 2, 1, 0])).notes
    assert note.startswith("labels: the index names rows in another order, and that of logits")
