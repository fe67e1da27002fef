"""Earlier results that gates compare with."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from close_to import close_to
from in_one_test import in_one_test

from xentcli.errors import InputError
from xentcli.pipeline.gating.baseline import Baseline, read_baseline
from xentcli.pipeline.gating.gate_text import parse_gate
from xentcli.results.measure import Measure

OF_LOSS = ("loss", "perplexity", "bits", "accuracy")


# An earlier result


def baseline_of(tmp_path: Path, content: Any) -> Baseline:
    path = tmp_path / "last.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_baseline(str(path))


def loss_result(**more: Any) -> dict[str, Any]:
    made = {
        "command": "loss", "loss": 0.5, "reduction": "mean", "loss_sum": 2.0, "weight_sum": 4.0,
        "rows": 5, "used": 4, "num_classes": 3, "perplexity": 1.6, "bits": 0.7,
        "standard_error": 0.1, "accuracy": 0.75, "accuracy_low": 0.3, "accuracy_high": 0.95,
        "hits": 3,
    }  # fmt: skip
    return {**made, **more}


def test_a_result_of_loss(tmp_path: Path) -> None:
    found = baseline_of(tmp_path, loss_result())
    assert found.num_classes == 3
    assert set(found.metrics) == {*OF_LOSS, "rows"}
    assert found.metrics["rows"].value == 5
    expected = {
        "loss": (0.5, 0.1),
        "perplexity": (math.exp(0.5), 0.1 * math.exp(0.5)),
        "bits": (0.5 / math.log(2), 0.1 / math.log(2)),
        "accuracy": (0.75, math.sqrt(0.75 * 0.25 / 3)),
    }
    for name, (value, error) in expected.items():
        measure = found.metrics[name]
        assert (measure.value, measure.standard_error) == close_to((value, error), rel=1e-14)
        assert measure.n == 4


def test_a_sum_is_no_mean(tmp_path: Path) -> None:
    found = baseline_of(tmp_path, loss_result(reduction="sum", loss=2.0))
    assert found.metrics["loss"].value == 0.5
    nothing = loss_result(reduction="sum", loss=0.0, weight_sum=0.0, used=0, standard_error=None)
    assert baseline_of(tmp_path, nothing).metrics["loss"] == Measure(n=0)


def test_what_is_null_has_no_value(tmp_path: Path) -> None:
    found = baseline_of(tmp_path, loss_result(loss=None, standard_error=None, accuracy=None))
    assert [found.metrics[name].value for name in ("loss", "perplexity", "bits")] == [None] * 3
    assert "accuracy" not in found.metrics


def test_a_result_of_eval(tmp_path: Path) -> None:
    brier = {"value": 0.25, "standard_error": 0.5, "low": None, "high": 1, "n": 7}
    found = baseline_of(tmp_path, {"command": "eval", "metrics": {"brier": brier}})
    assert found.metrics == {"brier": Measure(0.25, 0.5, None, 1.0, 7)}
    assert found.num_classes is None


@in_one_test
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ('{"command": "loss", ', "the JSON ends too early"),
        ("loss 0.5", "1:1: no JSON"),
        ("0.15653", "this is no result of xent"),
        ([1, 2], "this is no result of xent"),
        ({"loss": 0.5}, "this is no result of xent"),
        ({"command": 5}, "this is no result of xent"),
        ({"command": "softmax", "values": [1]}, "the result of xent softmax holds no measures"),
        ({"command": "loss"}, "the result of xent loss holds no measures: there is no 'loss'"),
        (loss_result(loss="0.5"), "this is no result of xent: '0.5' is no number"),
        (loss_result(loss=True), "this is no result of xent: True is no number"),
        (loss_result(loss=10**400), "a number is larger|this is no result of xent: int too large"),
        (loss_result(used=4.5), "this is no result of xent: 4.5 is no whole number"),
        (loss_result(accuracy=7.0), "this is no result of xent: an accuracy of 7.0"),
        ({"command": "eval", "metrics": [1]}, "this is no result of xent: its metrics"),
        ({"command": "eval", "metrics": {"loss": 1}}, "this is no result of xent: its metrics"),
        ({"command": "eval", "metrics": {"loss": {}}}, "there is no 'value'"),
    ],
)  # fmt: skip
def test_what_is_no_baseline(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        baseline_of(tmp_path, content)
    assert caught.value.message.startswith(f"{tmp_path / 'last.json'}:")
    assert caught.value.hint


def test_what_differs_is_noted_where_it_is_compared() -> None:
    gates = [parse_gate(text, OF_LOSS) for text in ("loss > baseline", "accuracy < 0.5")]
    before = Baseline("b", {"loss": Measure(1, n=4000), "accuracy": Measure(1, n=3)}, 10)
    now = {"loss": Measure(1, n=5), "accuracy": Measure(1, n=5)}
    assert [*before.differences(gates, now, 10)] == [
        "b: its loss is of n = 4,000, this one of n = 5"
    ]
    assert [*before.differences(gates[1:], now, 3)] == []
    assert [*before.differences(gates[:1], {"loss": Measure(1, n=4000)}, 3)] == [
        "b: its rows have 10 classes, these 3"
    ]
    assert [*before._replace(num_classes=None).differences(gates[:1], {}, 3)] == []
