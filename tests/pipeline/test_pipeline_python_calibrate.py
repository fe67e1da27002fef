"""What is called from Python, with arrays and with names of files."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from close_to import close_to
from frame_data import CLASSES, MOVED, Y, Z

import xentcli as xent
from xentcli.errors import InputError, LabelError, NonFiniteError, UsageError

DATA = Path(__file__).parents[2] / "sample_data"
FILES = (DATA / "digits_logits.npy", DATA / "digits_labels.npy")
TEMPERATURE = 0.57247563916619417


def arrays() -> tuple[Any, Any]:
    return np.load(FILES[0]), np.load(FILES[1])


def columns(header: str) -> dict[str, Any]:
    """Return how a table is written by `numpy.savetxt`."""
    return {"fmt": "%d", "delimiter": ",", "header": header, "comments": ""}


def test_calibrate_takes_arrays_and_files(tmp_path: Path) -> None:
    found = xent.calibrate(*arrays(), folds=0, jobs=1)
    assert found.temperature.value == close_to(TEMPERATURE, rel=2e-16)
    logits, labels = arrays()
    np.save(tmp_path / "z-1.npy", logits[:200])
    np.save(tmp_path / "z-2.npy", logits[200:])
    np.savetxt(tmp_path / "y.csv", labels, "%d", header="label", comments="")
    both = np.column_stack([logits, labels])
    header = ",".join([*"abcdefghij", "label"])
    np.savetxt(tmp_path / "all.csv", both, "%.9g", ",", header=header, comments="")
    shards = [str(tmp_path / f"z-{i}.npy") for i in (1, 2)]
    for given in (
        FILES,
        tuple(map(str, FILES)),
        (logits.tolist(), labels.tolist()),
        (logits, FILES[1]),
        (FILES[0], labels),
        (shards, str(tmp_path / "y.csv")),
        (str(tmp_path / "z-*.npy"), labels),
    ):
        assert xent.calibrate(*given, folds=0, jobs=1).temperature == found.temperature, given
    within = xent.calibrate(tmp_path / "all.csv", label_column="label", folds=0)
    assert within.temperature.value == close_to(TEMPERATURE, rel=1e-7)


def test_calibrate_takes_the_options_of_the_command() -> None:
    logits, labels = arrays()
    weight = np.arange(1.0, 11.0)
    found = xent.calibrate(logits, labels, sample_weight=weight[labels], folds=0)
    want = xent.calibrate(logits, labels, weight=weight, folds=0)
    assert found.temperature.value == close_to(want.temperature.value, rel=1e-15)
    marked = np.where(labels == 3, 255, labels)
    ignoring = xent.calibrate(logits, marked, ignore_index=255, folds=0)
    assert ignoring.used == (labels != 3).sum()
    two = xent.calibrate(logits[:, 0], labels == 0, binary=True, test=(logits[:, 0], labels == 0))
    assert two.binary
    assert two.tested is not None
    assert two.tested.metrics["loss_after"] == two.loss_after


def test_weights_go_by_the_ids_of_the_labels(tmp_path: Path) -> None:
    logits, labels = arrays()
    weights = np.random.default_rng(3).integers(1, 9, len(labels))
    rows = np.random.default_rng(4).permutation(len(labels))
    np.savetxt(tmp_path / "y.csv", np.c_[np.arange(len(labels)), labels], **columns("id,label"))
    np.savetxt(tmp_path / "w.csv", np.c_[rows, weights[rows]], **columns("id,w"))
    found = xent.calibrate(FILES[0], tmp_path / "y.csv", sample_weight=tmp_path / "w.csv", folds=0)
    wanted = xent.calibrate(logits, labels, sample_weight=weights, folds=0)
    assert found.temperature.value == wanted.temperature.value


def test_a_result_is_shown() -> None:
    found = xent.calibrate(*arrays(), folds=0)
    assert json.loads(found.to_json())["temperature"] == found.temperature.value
    assert "<td>0.57247563" in found._repr_html_()
    with pytest.raises(AttributeError, match="no measure 'loss'"):
        _ = found.loss


def test_temperature_takes_what_calibrate_returns_and_what_it_wrote(tmp_path: Path) -> None:
    logits, labels = arrays()
    fitted = xent.calibrate(logits, labels, folds=0)
    path = tmp_path / "temperature.json"
    path.write_text(fitted.to_json())
    z = logits.astype(np.float64) / TEMPERATURE
    oracle = (np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), labels]).mean()
    value: Any = fitted.temperature.value
    for given in (fitted, path, str(path), value):
        found: Any = xent.loss(logits, labels, temperature=given)
        assert found.loss == close_to(oracle, rel=1e-6)
        assert xent.evaluate(logits, labels, temperature=given).loss.value == found.loss
        both = xent.compare(logits, logits, labels, temperature=[1, given])
        assert both["loss_new"].value == close_to(oracle, rel=1e-6)
        assert both.temperature_new == value
        assert xent.compare(logits, logits, labels, temperature=given).temperature_base != 1
        with pytest.raises(UsageError, match="temperature divides logits"):
            xent.evaluate(logits, labels, input="log-probs", temperature=given)


def test_a_temperature_of_the_other_loss_is_refused(tmp_path: Path) -> None:
    logits, labels = arrays()
    of_rows = xent.calibrate(logits, labels, folds=0)
    ones = (np.array([1.5, -2.0, 3.0, -1.0, 0.5]), np.array([1, 0, 1, 1, 0]))
    of_binary = xent.calibrate(*ones, binary=True, folds=0)
    value = of_binary.temperature.value
    assert value is not None
    wanted = np.log1p(np.exp(-np.where(ones[1] == 1, ones[0], -ones[0]) / value)).mean()
    (tmp_path / "rows.json").write_text(of_rows.to_json())
    (tmp_path / "binary.json").write_text(of_binary.to_json())
    for given in (of_binary, tmp_path / "binary.json"):
        own: Any = xent.loss(*ones, binary=True, temperature=given)
        assert own.loss == close_to(wanted, rel=1e-14)
        call: Any
        for call in (xent.loss, xent.evaluate, partial(xent.compare, logits)):
            with pytest.raises(InputError, match=r"was fitted with .*another loss") as refused:
                call(logits, labels, temperature=given)
            fits = "fits the one of this loss"
            assert (refused.value.hint or "").endswith(fits)
            if given is of_binary:
                assert refused.value.hint == f"calibrate(logits, labels, binary=False) {fits}"
    for given in (of_rows, tmp_path / "rows.json"):
        for call in (xent.loss, xent.evaluate):
            with pytest.raises(InputError, match=r"was fitted with.*another loss"):
                call(*ones, binary=True, temperature=given)
    (tmp_path / "odd.json").write_text('{"temperature": -1}')
    with pytest.raises(InputError, match="its temperature is -1"):
        xent.loss(logits, labels, temperature=tmp_path / "odd.json")


def test_what_is_wrong_is_said() -> None:
    logits, labels = arrays()
    with pytest.raises(UsageError, match="needs labels"):
        xent.calibrate(logits)
    with pytest.raises(InputError, match="there is no temperature"):
        xent.calibrate(logits, logits.argmax(axis=1))
    with pytest.raises(InputError, match=r"labels\[0\]: label 11 is outside 0..9"):
        xent.calibrate(logits, labels + 9)
    for folds in (1, -1, 10**9):
        with pytest.raises(UsageError, match=f"2 to 20000 folds, or 0 for none, not {folds}"):
            xent.calibrate(logits, labels, folds=folds)
    for bins in (0, 10**30):
        with pytest.raises(UsageError, match=f"1 to 10000 bins, not {bins}"):
            xent.calibrate(logits, labels, bins=bins)
        with pytest.raises(UsageError, match=f"1 to 10000 bins, not {bins}"):
            xent.evaluate(logits, labels, bins=bins)
    call: Any
    for call in (xent.calibrate, xent.evaluate, partial(xent.compare, logits)):
        with pytest.raises(UsageError, match="from 0 on, not -1"):
            call(logits, labels, shift=-1)
        with pytest.raises(UsageError, match="label_base is at most 2147483648"):
            call(logits, labels, label_base=10**30)


def test_rows_to_test_on_of_which_none_is_used() -> None:
    logits, labels = arrays()
    said = "of the rows to test on, nothing is used: "
    ignored = xent.calibrate(logits, labels, test=(logits, labels * 0 - 100))
    assert f"{said}every label is ignored" in ignored.notes
    nothing = xent.calibrate(logits, labels, test=(logits[:0], labels[:0]))
    assert f"{said}there are no rows" in nothing.notes
    used = xent.calibrate(logits, labels, test=(logits[:9], labels[:9]))
    assert not any("nothing is used" in note for note in used.notes)


def test_what_names_and_numbers_labels_have_and_what_is_not_finite() -> None:
    logits, labels = arrays()
    want = xent.calibrate(logits, labels).temperature
    names = tuple("abcdefghij")
    assert xent.calibrate(logits, np.array(names)[labels], classes=names).temperature == want
    assert xent.calibrate(logits, labels + 1, label_base=1).temperature == want
    with pytest.raises(LabelError) as wrong:
        xent.calibrate(logits, labels + 1)
    assert wrong.value.hint == "labels look 1-based; try label_base=1"
    logits[7, 3] = np.nan
    with pytest.raises(NonFiniteError) as broken:
        xent.calibrate(logits, labels)
    assert str(broken.value.hint).startswith("non_finite='propagate' computes")
    with pytest.raises(InputError, match="the loss is NaN: rows hold NaN"):
        xent.calibrate(logits, labels, non_finite="propagate")


def test_frames_of_rows_to_test_on_go_by_place_as_others_do() -> None:
    """Nothing was said of rows in two orders, and a column of ids was a class."""
    rows = np.random.default_rng(6).normal(size=(24, 3))
    fit = pd.DataFrame(rows, columns=CLASSES)
    y = pd.Series(np.where(np.arange(24) % 3, rows.argmax(axis=1), 0))
    with pytest.raises(InputError, match="test: logits and labels name the same rows in two ord"):
        xent.calibrate(fit, y, test=(Z, Y[::-1]), folds=0)
    with pytest.raises(InputError, match="test: logits: column 'id' may be no class"):
        xent.calibrate(fit, y, test=(Z.assign(id=range(6)), Y), folds=0)
    found = xent.calibrate(fit, y, test=(Z[MOVED], Y.set_axis(range(6, 12))), folds=0)
    of_rows, of_classes = [note for note in found.notes if note.startswith("test: ")]
    assert "labels: the index names other rows" in of_rows
    assert "its classes are in another order than those that were fitted" in of_classes
    found = xent.calibrate(fit, y, test=(Z[MOVED], Y), weight=[1, 2, 5], folds=0)
    assert found.notes[-1].endswith("numbers go by the order here, and so do weights")
    assert not xent.calibrate(fit, y, test=(Z, Y), folds=0).notes
