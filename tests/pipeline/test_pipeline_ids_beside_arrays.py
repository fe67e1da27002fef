"""Files of Python's functions whose rows have ids, beside arrays, which have none."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from close_to import close_to
from formulas import cross_entropies

import xentcli as xent

RNG = np.random.default_rng(13)
Z, W = RNG.normal(size=(2, 20, 3))
Y = RNG.integers(0, 3, 20)
IDS = RNG.permutation(20) * 1.5
ORDER = RNG.permutation(20)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write two models with ids, the second one's rows in another order."""
    monkeypatch.chdir(tmp_path)
    for name, values, order in (("z", Z, np.arange(20)), ("w", W, ORDER)):
        frame = pd.DataFrame(values, columns=["ant", "bee", "cat"])
        frame.insert(0, "key", IDS)
        frame.iloc[order].to_csv(f"{name}.csv", index=False)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_column_of_ids_that_is_named_is_no_class() -> None:
    found = xent.evaluate("z.csv", Y, id_column="key")
    assert found.loss.value == close_to(cross_entropies(Z, Y).mean(), rel=1e-12)
    assert found.num_classes == 3
    assert found.notes == ("labels: there is no column 'key': rows are matched by place",)
    compared = xent.compare("z.csv", W, Y, id_column="key")
    assert compared.loss_new.value == close_to(cross_entropies(W, Y).mean(), rel=1e-12)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("named", [{"id_column": "key"}, {}])
def test_models_are_matched_by_ids_whatever_holds_the_labels(named: dict[str, Any]) -> None:
    if not named:  # text is ids without being named
        for path in ("z.csv", "w.csv"):
            frame = pd.read_csv(path)
            frame["key"] = "r" + frame["key"].astype(str)
            frame.to_csv(path, index=False)
    found = xent.compare("z.csv", "w.csv", Y, **named)
    assert found.loss_base.value == close_to(cross_entropies(Z, Y).mean(), rel=1e-12)
    assert found.loss_new.value == close_to(cross_entropies(W, Y).mean(), rel=1e-12)
    assert "w.csv: in another order than z.csv; matched by 'key'" in found.notes
    assert "labels: no ids, so its labels are taken in the order of z.csv" in found.notes


@pytest.mark.usefixtures("folder")
def test_a_note_says_that_a_column_named_as_ids_is_read_as_a_class() -> None:
    found = xent.evaluate("z.csv", Y)
    assert found.num_classes == 4
    what = "column 'key' is read as a class, though its name says that it names rows"
    assert found.notes == (f"z.csv: {what} (else --drop key)",)
