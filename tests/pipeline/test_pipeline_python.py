"""The Python API on arrays and on the names of files: the numbers of the command."""

import html.parser
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from close_to import close_to
from in_one_test import in_one_test
from ml_dtypes import bfloat16

import xentcli as xent
from xentcli.errors import InputError, UsageError

DATA = Path(__file__).parents[2] / "sample_data"
LOGITS, LABELS = DATA / "digits_logits.npy", DATA / "digits_labels.npy"


def test_arrays_and_files_give_the_same() -> None:
    arrays = xent.evaluate(np.load(LOGITS), np.load(LABELS))
    files = xent.evaluate(LOGITS, str(LABELS))
    assert arrays.metrics == files.metrics
    assert arrays.worst_rows == files.worst_rows
    assert files.accuracy.value == 436 / 450
    assert files["loss"] == files.loss
    assert [each.role for each in files.provenance.files] == ["logits", "labels"]
    assert arrays.provenance.files == ()
    mixed = xent.evaluate(LOGITS, np.load(LABELS).tolist())
    assert mixed.metrics == arrays.metrics


def test_lists_of_files_and_patterns(tmp_path: Path) -> None:
    whole = np.load(LOGITS)
    for i, part in enumerate(np.array_split(whole, 3)):
        np.save(tmp_path / f"z-{i}.npy", part)
    names = [tmp_path / f"z-{i}.npy" for i in range(3)]
    assert np.array_equal(xent.load(names), whole)
    assert np.array_equal(xent.load(f"{tmp_path}/z-*.npy"), whole)
    assert xent.evaluate(names, LABELS).metrics == xent.evaluate(LOGITS, LABELS).metrics


class Somewhere:
    """A path of another library, as that of py.path is."""

    def __fspath__(self) -> str:
        return str(LOGITS)

    def __str__(self) -> str:
        return "digits"


def test_names_of_files_of_any_kind() -> None:
    """Others were the text that shows them, and errors of Python."""
    path: Any = Somewhere()
    assert xent.loss(path, LABELS).loss == xent.loss(LOGITS, [LABELS]).loss
    with pytest.raises(InputError, match=r"a\\x00b': no file can have this name"):
        xent.load("a\0b")
    with pytest.raises(InputError, match="cannot be read: file name too long"):
        xent.load("x" * 5000)


def test_options() -> None:
    z, y = np.load(LOGITS).astype(np.float64), np.load(LABELS)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    logits = xent.evaluate(z, y, metrics=["loss", "accuracy"])
    probs = xent.evaluate(p, y, input="probs", metrics=["loss", "accuracy"])
    assert probs.loss.value == close_to(logits.loss.value, rel=1e-12)
    assert [*logits.metrics] == ["loss", "accuracy"]
    weight = np.arange(1.0, 11.0)
    weighted = xent.evaluate(z, y, weight=weight, label_smoothing=0.1)
    want = xent.cross_entropy(z, y, weight=weight, label_smoothing=0.1)
    assert weighted.loss.value == close_to(float(want), rel=1e-15)
    ignored = xent.evaluate(z, y, ignore_index=[3, 4])
    assert ignored.used == int(np.isin(y, [3, 4], invert=True).sum())
    named = xent.evaluate(z[:4], np.array(list("abca")), classes=list("abcdefghij"))
    assert named.class_name(0) == "a"


def test_groups_of_arrays_and_columns(tmp_path: Path) -> None:
    z, y = np.load(LOGITS), np.load(LABELS)
    half = np.where(np.arange(450) < 225, "first", "second")
    found = xent.evaluate(z, y, by=half)
    assert [group.name for group in found.groups] == ["first", "second"]
    path = tmp_path / "y.csv"
    rows = [f"{label},{name}" for label, name in zip(y.tolist(), half.tolist(), strict=True)]
    path.write_text("\n".join(["label,half", *rows, ""]))
    assert xent.evaluate(LOGITS, path, label_column="label", by="half").groups == found.groups


def test_results_are_compared_by_their_numbers() -> None:
    z, y = np.load(LOGITS), np.load(LABELS)
    whole: dict[str, Any] = {"metrics": ("loss", "confusions", "classes"), "by": y % 2}
    found, again = (xent.evaluate(z, y, **whole) for _ in range(2))
    assert found == again
    assert found.confusions == again.confusions
    for other in (np.roll(y, 1), y[:-1]):
        rows = z[: len(other)]
        differs = xent.evaluate(rows, other, metrics=("loss", "confusions"), jobs=1)
        assert found.confusions != differs.confusions
    assert found.confusions != "confusions"
    assert xent.compare(z, z, y) == xent.compare(z, z, y)
    assert xent.calibrate(z, y, folds=0) == xent.calibrate(z, y, folds=0)


def test_several_axes_and_binary() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(4, 5, 6)), rng.integers(0, 6, (4, 5))
    assert xent.evaluate(z, y, class_axis=-1).clusters == 4
    assert xent.evaluate(z, y, class_axis=-1, shift=1).rows == 16
    assert xent.evaluate(z[..., 0], y % 2, binary=True).auroc.value is not None


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        assert not attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_results_show_themselves() -> None:
    names = ["<script>alert(1)</script>", "b"]
    found = xent.evaluate([[0.0, 2.0], [3.0, 1.0]], ["b", names[0]], classes=names)
    page = _Tags()
    page.feed(found._repr_html_())
    assert page.tags == {"table", "thead", "tbody", "tr", "th", "td"}
    assert names[0] in page.text
    assert json.loads(found.to_json())["metrics"]["accuracy"]["value"] == 1.0


@in_one_test
@pytest.mark.parametrize(
    ("arguments", "more", "message"),
    [
        (([[1.0, 2.0]],), {}, "an array of logits needs labels"),
        (([[1.0, 2.0]], [0]), {"input": "probabilities"}, "input takes 'logits'"),
        (([[1.0, 2.0]], [0]), {"metrics": ["acuracy"]}, "there is no measure 'acuracy'"),
        (([[1.0, 2.0]], [0]), {"by": "region"}, "arrays have no column 'region'"),
        (([[1.0, 2.0]], [0]), {"sep": ";"}, "there is no argument 'sep'"),
    ],
)
def test_usage_errors(arguments: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        xent.evaluate(*arguments, **more)


def test_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.npy: cannot be read: no such file"):
        xent.evaluate(tmp_path / "none.npy", LABELS)
    with pytest.raises(InputError, match="label 7 is outside"):
        xent.evaluate([[1.0, 2.0]], [7])
    with pytest.raises(AttributeError, match="no measure 'f1'"):
        _ = xent.evaluate([[1.0, 2.0]], [0]).f1


def test_hidden_states_and_a_head(tmp_path: Path) -> None:
    """Files and arrays of hidden states are what their logits are, in each function."""
    drawn = np.random.default_rng(3)
    head, states = drawn.standard_normal((50, 8)), drawn.standard_normal((40, 8))
    labels = drawn.integers(0, 50, 40)
    np.save(tmp_path / "head.npy", head.astype(np.float32))
    np.save(tmp_path / "states.npy", states.astype(np.float32))
    file, where = tmp_path / "states.npy", tmp_path / "head.npy"
    logits = xent.load(file, lm_head=where)
    assert np.abs(logits - states @ head.T).max() < 1e-5
    wanted = xent.evaluate(logits, labels, jobs=1).loss.value
    found = xent.evaluate(states.astype(np.float32), labels, lm_head=where, jobs=1)
    assert found.loss.value == wanted
    assert xent.loss(file, labels, lm_head=where, jobs=1).loss == wanted
    halves = states.astype(bfloat16)  # JAX has such arrays
    of_halves = xent.loss(halves.astype(np.float32), labels, lm_head=where, jobs=1).loss
    assert xent.loss(halves, labels, lm_head=where, jobs=1).loss == of_halves
    with pytest.raises(UsageError, match=r"lm_head makes logits, which xent.loss takes"):
        xent.nll(file, labels, lm_head=where)
    shifted = xent.evaluate(file, labels, lm_head=where, shift=1, jobs=1)
    assert shifted.loss.value == xent.evaluate(logits[:-1], labels[1:], jobs=1).loss.value
    right = labels % 2 * labels + (1 - labels % 2) * logits.argmax(axis=1)
    fitted = xent.calibrate(file, right, lm_head=where, softcap=3.0, folds=0, jobs=1)
    plain = xent.calibrate(3 * np.tanh(logits / 3), right, folds=0, jobs=1)
    assert fitted.temperature.value == pytest.approx(plain.temperature.value)
    for heads in (where, [None, where]):
        assert xent.compare(logits, file, lm_head=heads, jobs=1)["kl_max"].value == 0
    wrong: dict[str, dict[str, Any]] = {
        "softcap is for hidden states": {"softcap": 3.0},
        "lm_head makes logits": {"lm_head": where, "input": "probs"},
        "logits_dtype takes 'float32'": {"lm_head": where, "logits_dtype": "int8"},
        "logit_scale is a number": {"lm_head": where, "logit_scale": 0.0},
        "one head": {"lm_head": [where, where]},
    }
    for message, arguments in wrong.items():
        with pytest.raises(UsageError, match=message):
            xent.evaluate(file, labels, **arguments)


def test_a_list_of_files_of_labels_beside_an_array(tmp_path: Path) -> None:
    z, y = np.load(LOGITS), np.load(LABELS)
    np.save(tmp_path / "y-1.npy", y)
    expected = xent.evaluate(z, y).metrics
    for labels in ([LABELS], [str(LABELS)], (str(LABELS),), [f"{tmp_path}/y-*.npy"]):
        assert xent.evaluate(z, labels).metrics == expected
        assert xent.compare(z, z, labels)["loss_base"] == expected["loss"]
        assert xent.calibrate(z, labels, folds=0)["loss_before"].value == expected["loss"].value
    names = [f"class {label}" for label in y]
    classes = [f"class {i}" for i in range(10)]
    assert xent.evaluate(z, names, classes=classes).metrics == expected
    with pytest.raises(InputError, match="2 labels for the 450 rows"):
        xent.evaluate(z, ["cat", "dog"])
    with pytest.raises(InputError, match=r"label .* is a name"):
        xent.evaluate(z[:1], [str(LABELS)])


def test_weights_beside_classes_that_are_numbered_in_another_order(tmp_path: Path) -> None:
    z, y, weight = np.load(LOGITS).astype(np.float64)[:40], np.load(LABELS)[:40], np.arange(1.0, 11)
    path, names = tmp_path / "z.csv", [f"class_{i}" for i in range(10)]
    turned = np.roll(np.arange(10), 3)
    lines = [
        ",".join(names[i] for i in turned),
        *(",".join(map(repr, r)) for r in z[:, turned].tolist()),
    ]
    path.write_text("\n".join(lines) + "\n")
    want = xent.cross_entropy(z, y, weight=weight)
    for function in (
        xent.loss,
        xent.evaluate,
        xent.calibrate,
        lambda *rows, **more: xent.compare(path, *rows, **more),
    ):
        with pytest.raises(InputError, match="are numbered 7, 8, 9, 0, 1, 2, 3, 4, 5, 6") as caught:
            function(path, y, weight=weight)
        assert caught.value.hint is not None
        assert "columns=['class_0', " in caught.value.hint
    assert xent.loss(path, y, weight=weight, columns=names).loss == close_to(want, rel=1e-12)


def test_what_is_no_real_number_is_an_error() -> None:
    """NumPy drops imaginary parts, takes dates and times for numbers, and parses text."""
    z = np.random.default_rng(3).normal(size=(6, 3))
    labels = np.arange(6) % 3
    lists: dict[str, Any] = {
        "labels": labels,
        "top_values": z,
        "top_indices": np.tile(np.arange(3), (6, 1)),
    }
    numbers: tuple[tuple[str, Any], ...] = (
        ("labels", lambda odd: xent.binary_cross_entropy_with_logits(z[:, 0], odd)),
        ("weight", lambda odd: xent.cross_entropy(z, labels, weight=odd[:3])),
        ("log_probs", lambda odd: xent.nll(odd, picked=True)),
        ("sample_weight", lambda odd: xent.loss(z, labels, sample_weight=odd)),
        ("sample_weight", lambda odd: xent.calibrate(z, labels, sample_weight=odd)),
        ("top_values", lambda odd: xent.loss(**lists | {"top_values": np.stack([odd] * 3, 1)})),
        ("top_indices", lambda odd: xent.loss(**lists | {"top_indices": np.stack([odd] * 3, 1)})),
        ("log_sum_exp", lambda odd: xent.loss(**lists, log_sum_exp=odd)),
    )
    rows_or_names: tuple[tuple[str, Any], ...] = (
        ("logits", lambda odd: xent.nll(odd, labels, binary=True, probs=True)),
        ("labels", lambda odd: xent.loss(z[:, 0], odd, binary=True)),
    )
    binary = np.array([0, -1, 0, -1, 0, -1])
    for kind in (np.complex128, "m8[s]", "M8[D]", str, "S", object):
        values = binary.astype(kind)
        if kind is object:
            values[:2] = ["0", pd.NA]
        for name, call in numbers + rows_or_names * (kind in (np.complex128, "m8[s]", "M8[D]")):
            with pytest.raises(xent.XentError, match=f"{name} takes real numbers"):
                call(values)
    for odd in ("-1", b"-1", -1j, np.datetime64("2026-01-01"), np.timedelta64(1, "s"), pd.NA):
        for name, call in numbers:
            with pytest.raises(xent.XentError, match=f"{name} takes real numbers"):
                call(np.array([odd, *binary[1:]], object))
    with pytest.raises(xent.XentError, match="sample_weight takes real numbers"):
        xent.loss(z, labels, sample_weight=pd.Series([True, None] * 3, dtype="boolean"))


def test_real_numbers_in_arrays_of_objects() -> None:
    """Frames of pandas hold numbers as objects where another column once held text."""
    logs = np.array([-0.5, -1.5, -0.25])
    z = np.random.default_rng(3).normal(size=(3, 2))
    want = xent.binary_cross_entropy_with_logits(z[:, 0], [0, 0.5, 1])
    labels = np.array([0, Fraction(1, 2), Decimal(1)], object)
    assert xent.binary_cross_entropy_with_logits(z[:, 0], labels) == close_to(want, rel=0)
    for picked, loss in ((logs, 0.75), ([-0.5, None, -1.0], 0.75)):
        found: Any = xent.nll(np.array(picked, object), picked=True)
        assert found.loss == close_to(loss, rel=1e-15)


def test_lists_of_classes_in_arrays_of_other_kinds() -> None:
    """The sums in bfloat16 were called text, and columns of lists no real numbers."""
    values, indices = np.array([[2.0, 1.0], [0.5, 0.25]]), np.array([[3, 0], [1, 2]])
    sums, labels = np.array([2.5, 1.25]), [3, 2]
    kinds: tuple[Any, ...] = (list, np.ndarray.tolist, lambda rows: pd.Series([*rows]))
    for as_kind in kinds:
        lists = {"top_values": as_kind(values), "top_indices": as_kind(indices)}
        for log_sum_exp in (sums, sums.astype(bfloat16), sums.astype(object)):
            found: Any = xent.loss(labels=labels, **lists, log_sum_exp=log_sum_exp)
            assert found.loss.value == (0.5 + 1.0) / 2
    probabilities: Any = pd.Series([[0.5, 0.5], [1.0, 0.0]])
    z = np.zeros((2, 2))
    assert xent.binary_cross_entropy_with_logits(z, probabilities) == np.log(2)
