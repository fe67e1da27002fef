"""The Python function `compare`: arrays and files, and what it refuses."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from close_to import close_to
from in_one_test import in_one_test

import xentcli as xent
from xentcli.errors import InputError, UsageError

DATA = Path(__file__).parents[2] / "sample_data"
NAMES = [str(DATA / f"digits_{name}.npy") for name in ("logits", "weak_logits", "labels")]


def test_arrays_and_files_and_both() -> None:
    arrays = [np.load(name) for name in NAMES]
    whole = xent.compare(*NAMES, jobs=1)
    assert whole.metrics == xent.compare(*arrays, jobs=1).metrics
    for i in range(3):
        mixed: list[Any] = [*arrays]
        mixed[i] = Path(NAMES[i])
        assert xent.compare(*mixed, jobs=1).metrics == whole.metrics
    assert whole["only_base_right"].value == whole.only_base_right.value == 48
    with pytest.raises(AttributeError, match="no measure 'los': there are loss_base"):
        _ = whole.los
    assert json.loads(whole.to_json())["metrics"]["kl"]["value"] == whole["kl"].value


def test_without_labels() -> None:
    found = xent.compare(NAMES[0], np.load(NAMES[1]), jobs=1)
    assert found["agreement"].value == 398 / 450
    assert found["loss_difference"].value is None


def test_groups_clusters_and_kinds() -> None:
    one, two, labels = (np.load(name) for name in NAMES)
    probs = xent.softmax(two.astype(np.float64))
    groups = np.arange(450) % 3
    found = xent.compare(one, probs, labels, input=("logits", "probs"), by=groups, jobs=1)
    assert [group.rows for group in found.groups] == [150] * 3
    assert found["kl"].value == close_to(xent.compare(one, two)["kl"].value, rel=1e-6)
    assert xent.compare(one, two, labels, cluster=groups, jobs=1).clusters == 3


def test_temperatures() -> None:
    one, two, labels = (np.load(name) for name in NAMES)
    found = xent.compare(one, two, labels, temperature=(1.0, 4.0), jobs=1)
    p, q = (
        z - np.logaddexp.reduce(z, axis=1)[:, None]
        for z in (one / np.float64(1), two / np.float64(4))
    )
    kl = (np.exp(p) * (p - q)).sum(axis=1).mean()
    assert found["kl"].value == close_to(kl, rel=1e-12)
    assert (found.temperature_base, found.temperature_new) == (1.0, 4.0)
    assert xent.compare(one, one, labels, temperature=3.0, jobs=1)["kl_max"].value == 0.0


def test_a_notebook_shows_a_table_in_which_text_is_escaped() -> None:
    rows = np.eye(3)
    found = xent.compare(rows, rows[::-1], [0, 1, 2], classes=["<b>a", "b", "c"], jobs=1)
    html = found._repr_html_()
    assert "new: 3 rows say little of others: loss +0" in html
    assert "<td>kl_p99</td>" in html
    assert "<td>&lt;b&gt;a</td>" in html
    assert "<b>" not in html
    html = xent.compare(rows, rows[::-1], [0, 1, 2], metrics="agreement", jobs=1)._repr_html_()
    assert html.startswith("<table>")
    assert "<td>agreement</td>" in html


@in_one_test
@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"input": "odds"}, "input takes 'logits'"),
        ({"input": ["probs"]}, "input is given 1 times"),
        ({"temperature": 0}, "temperature is above 0"),
        ({"temperature": (1.0, 2.0, 3.0)}, "temperature is given 3 times"),
        ({"temperature": 2, "input": "probs"}, "temperature divides logits"),
        ({"metrics": ["kld"]}, "there is no measure 'kld'"),
        ({"delimeter": ";"}, "there is no argument 'delimeter'"),
    ],
)
def test_what_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        xent.compare([[1.0, 2.0]], [[1.0, 2.0]], [0], **more)


def test_a_divergence_below_0_tells_of_sums_that_are_not_1() -> None:
    z = np.random.default_rng(3).normal(size=(200, 5))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    q = p.astype(np.float16).astype(float)
    found = xent.compare(p, p.astype(np.float16), input="probs")
    assert found["kl"].value == close_to((p * np.log(p / q)).sum(axis=1).mean(), rel=1e-9)
    assert min(found["kl"].value or 0.0, found["kl_reverse"].value or 0.0) < -1e-6
    assert any("--normalize divides probabilities" in note for note in found.notes)
    normalized = xent.compare(p, p.astype(np.float16), input="probs", normalize=True)
    q /= q.sum(axis=1, keepdims=True)
    assert normalized["kl"].value == close_to((p * np.log(p / q)).sum(axis=1).mean(), rel=1e-6)
    assert not any("--normalize" in note for note in normalized.notes)


def test_a_row_without_a_sum_is_named_by_what_it_holds() -> None:
    """Divided by its sum, every number of such a row is NaN."""
    probs = np.full((4, 3), 1 / 3)
    for row, said in (([0.0] * 3, "[2]: every probability is 0"), ([1, np.nan, 0], "[2, 1]: prob")):
        odd = probs.copy()
        odd[2] = row
        for labels in (None, [0, 1, 2, 0], np.eye(3)[[0, 1, 2, 0]]):
            with pytest.raises(InputError, match=re.escape(f"new{said}")):
                xent.compare(probs, odd, labels, input="probs", normalize=True)
            given: Any = {"input": "probs", "normalize": True, "non_finite": "propagate"}
            counts = "nowhere" if labels is None else "in the losses alone"
            notes = xent.compare(probs, odd, labels, **given).notes
            assert any(f"models: 1; they count {counts}" in note for note in notes)
        with pytest.raises(InputError, match=re.escape(said)):
            xent.nll(odd, [0, 1, 2, 0], probs=True, normalize=True)
