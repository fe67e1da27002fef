"""A metric and a fact of its own from outside, in one file, through the public functions alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from close_to import close_to
from numpy.typing import NDArray

from xentcli import evaluate
from xentcli.cli.app import main
from xentcli.core import fact as facts_there_are
from xentcli.core.labels import LossOptions
from xentcli.core.row_facts import RowFacts, fact, row_facts
from xentcli.errors import UsageError, XentError
from xentcli.metrics import interface
from xentcli.metrics.interface import States, register


@dataclass(frozen=True)
class Margin:
    """How far the label's logit is below the first class's."""

    largest: float


@dataclass(frozen=True)
class MarginState:
    """The largest gap."""

    needs: ClassVar[tuple[str, ...]] = ("gap", "used")

    largest: float = float("-inf")

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        return cls(float(facts["gap"].max(initial=-np.inf)))

    def merge(self, other: Self) -> Self:
        return type(self)(max(self.largest, other.largest))

    def compute(self) -> Margin:
        return Margin(self.largest)


def gap(tile: Any, rows: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(rows[:, 0] - tile["picked"])


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    fact("gap", "before", needs=("label", "picked"))(gap)
    register("margin")(MarginState)
    yield
    facts_there_are.forget("gap")
    interface.forget("margin")


LOGITS = np.random.default_rng(3).normal(size=(60, 5)).astype(np.float32)
LABELS = np.arange(60) % 5


def test_it_is_measured_beside_the_others() -> None:
    names = ["loss", "margin", "accuracy"]
    state = States.empty(names)
    for part in np.array_split(np.arange(60), 4):
        facts = row_facts(LOGITS[part], LABELS[part], LossOptions(), state.needs)
        state = state.merge(state.from_rows(facts))
    found = state.compute()
    gaps = LOGITS[:, 0] - LOGITS[np.arange(60), LABELS]
    assert found["margin"] == Margin(float(gaps.max()))
    assert found["accuracy"].hits == (LOGITS.argmax(axis=1) == LABELS).sum()
    assert found["loss"].used == 60
    assert States.from_plain(state.to_plain()) == state
    assert {"gap", "used", "hit", "loss"} <= {*state.needs}


def test_a_fact_cannot_change_the_rows() -> None:
    def spoil(tile: Any, rows: NDArray[Any]) -> NDArray[Any]:
        rows[:] = 0.0
        return gap(tile, rows)

    fact("gap", "before", needs=("label", "picked"))(spoil)
    with pytest.raises(ValueError, match="read-only"):
        row_facts(LOGITS, LABELS, LossOptions(), ["gap"])


def test_what_a_fact_or_a_metric_must_not_return(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, said in [
        (lambda rows: rows.max(), "gives float32 for 60 rows"),
        (lambda rows: rows[0], r"gives shape \(5,\) for 60 rows"),
        (lambda rows: rows[:1, 0], r"gives shape \(1,\) for 60 rows"),
        (lambda _: None, "gives NoneType for 60 rows"),
    ]:
        fact("gap", "before")(lambda _, rows, given=given: given(rows))
        with pytest.raises(XentError, match=f"the fact gap {said}"):
            row_facts(LOGITS, LABELS, LossOptions(), ["gap"])
    fact("gap", "before", needs=("label", "picked"))(gap)
    facts = row_facts(LOGITS, LABELS, LossOptions(), MarginState.needs)
    state = States.empty(["margin"])
    for verb, argument in (("from_rows", facts), ("merge", state)):
        monkeypatch.setattr(MarginState, verb, lambda *_: None)
        with pytest.raises(XentError, match=f"the metric margin: {verb} returns NoneType"):
            getattr(state, verb)(argument)


def test_the_name_of_a_measure_is_taken_once() -> None:
    for name in ("loss", "perplexity", "brier"):
        with pytest.raises(ValueError, match=f"there is a measure '{name}' in xent"):
            register(name, measure=True)
    for name in ("rows", "used", "se", "baseline", "confusions", "kl_p99", "loss_sum", "to_json"):
        with pytest.raises(ValueError, match=f"'{name}' (is a word of xent's gates|in xent)"):
            register(name, measure=True)
    with pytest.raises(ValueError, match="'top7_accuracy' in xent"):
        register("top7_accuracy", measure=True)
    with pytest.raises(ValueError, match="'a-b' is no word"):
        register("a-b", measure=True)
    with pytest.raises(ValueError, match="there is a metric 'ranks' in xent"):
        register("ranks")(MarginState)
    for _ in range(2):
        register("margin", measure=True)(MarginState)


def test_what_a_metric_or_a_fact_lacks_is_said_when_it_is_registered() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"merge": None}, "the metric 'margin' has no merge"),
        ({"needs": "gap"}, "needs a tuple of facts, and has needs = 'gap'"),
        (
            {"__annotations__": {"needs": "tuple"}},
            "has needs as a field: annotate it as a ClassVar",
        ),
    ]
    for attributes, said in cases:
        with pytest.raises(ValueError, match=said):
            register("margin")(dataclass(frozen=True)(type("Lacking", (MarginState,), attributes)))
    with pytest.raises(ValueError, match="'gap': when='later' is none of labels, before, peaks"):
        fact("gap", "later")  # type: ignore[arg-type]


def test_facts_that_a_metric_does_not_name_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others may have asked for them: they would be there in one run and not in the next."""
    both = States.empty(["margin", "loss"])
    for needs in (("used",), ("gap", "used", "loss")):
        monkeypatch.setattr(MarginState, "needs", needs)
        facts = row_facts(LOGITS, LABELS, LossOptions(), ["gap", *both.needs])
        if "gap" in needs:
            assert both.from_rows(facts).compute()["margin"].largest > 0.0
            continue
        with pytest.raises(XentError, match="reads the fact 'gap', which its needs do not name"):
            both.from_rows(facts)
    monkeypatch.setattr(MarginState, "needs", ("gap", "label_probabilty"))
    with pytest.raises(XentError, match="no fact 'label_probabilty', which the metric") as caught:
        evaluate(LOGITS, LABELS)
    assert caught.value.hint == "did you mean label_probability?"
    fact("gap", "before", needs=("rest",))(gap)
    monkeypatch.setattr(MarginState, "needs", ("gap",))
    with pytest.raises(XentError, match="fact 'gap' needs 'rest', which is computed later"):
        evaluate(LOGITS, LABELS)
    with pytest.raises(UsageError, match="'margin' is not registered as a measure"):
        evaluate(LOGITS, LABELS, metrics=["margin"])


def test_a_fact_or_a_metric_does_not_take_the_place_of_another() -> None:
    """What xent or another addition computes would change without a word."""

    def others(tile: Any, rows: NDArray[Any]) -> NDArray[Any]:
        return gap(tile, rows)

    others.__module__ = "another_addition"
    for name in ("loss", "entropy", "divergence", "slopes", "rest_held_out"):
        with pytest.raises(ValueError, match=f"there is a fact '{name}' in xentcli.core."):
            fact(name, "before")(gap)
    with pytest.raises(ValueError, match=r"there is a fact 'gap' in .*test_metrics_from_outside"):
        fact("gap", "before")(others)
    with pytest.raises(ValueError, match=r"there is a metric 'margin' in .*from_outside"):
        register("margin")(type("Other", (MarginState,), {"__module__": "another_addition"}))
    with pytest.raises(ValueError, match="'new': needs and uses are tuples"):
        fact("new", needs="label")(gap)  # type: ignore[arg-type]
    entropy = evaluate(LOGITS, LABELS, metrics=["entropy"])["entropy"].value
    logs = LOGITS - np.log(np.exp(LOGITS.astype(float)).sum(axis=1, keepdims=True))
    assert entropy == close_to(-(np.exp(logs) * logs).sum(axis=1).mean(), rel=1e-6)


def test_a_fact_of_labels_is_none_where_there_are_none() -> None:
    probs = np.full((60, 5), 0.2)
    assert row_facts(LOGITS, probs, LossOptions(), ["gap"])["gap"] is None


def test_it_is_shown_at_the_command_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "x.npy", LOGITS)
    np.save(tmp_path / "y.npy", LABELS)
    monkeypatch.setattr(
        "sys.argv", ["xent", "loss", *map(str, sorted(tmp_path.iterdir())), "--json"]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    shown = json.loads(capfd.readouterr().out)["metrics"]
    picked = np.take_along_axis(LOGITS, LABELS[:, None], 1)[:, 0]
    assert shown == {"margin": {"largest": float((LOGITS[:, 0] - picked).max())}}
