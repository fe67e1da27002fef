"""Errors within groups, if rows depend on one another: those of each group's rows alone."""

import json
import math
from typing import Any

import numpy as np
import pytest
from close_to import close_to
from measure_tools import Array, rows_like, source
from pipeline_tools import run, set_block_rows

import xentcli as xent
from xentcli.core.binary_options import BinaryOptions
from xentcli.core.labels import LossOptions
from xentcli.pipeline.compare import Model, compare
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure import measure
from xentcli.results.groups import ClusteredGroup, Group
from xentcli.results.measure import Measure

ROWS, CLASSES = 120, 4
DRAW = np.random.default_rng(6)
LOGITS, LABELS = rows_like(5, ROWS, CLASSES)
MODELS = [LOGITS, LOGITS.clip(-9.0) + DRAW.normal(size=LOGITS.shape)]
LABELS[::9] = -100
GROUPS = np.array(["sea", "land", None, "one patient"], object)[np.arange(ROWS) * 7 // 11 % 4]
PATIENTS = DRAW.integers(0, 13, ROWS)  # who are in several groups each
GROUPS[100:104], LABELS[100:104] = "ignored", -100
PATIENTS[GROUPS == "one patient"] = 3
NAMES = ["", "ignored", "land", "one patient", "sea"]
WEIGHT = np.array([0.5, 2.0, 1.0, 0.25])


def evaluated(logits: Array, labels: Array, criterion: Criterion, jobs: int, **names: Any) -> Any:
    beside: Any = {what: source(each) for what, each in names.items()}
    return measure(source(logits), source(labels, "y"), criterion, run(jobs), **beside)


def compared(
    models: list[Array], labels: Array, criterion: Criterion, jobs: int, **names: Any
) -> Any:
    beside: Any = {what: source(each) for what, each in names.items()}
    given = [Model(source(each, f"model {i}"), criterion) for i, each in enumerate(models)]
    return compare(given, source(labels, "y"), run(jobs), **beside).comparisons


def rows_of(name: str) -> Array:
    return np.array([each == (name or None) for each in GROUPS])


def assert_same(group: Group, alone: Any) -> None:
    """Compare a group with the run over its rows alone: the bits of values, errors, intervals."""
    assert isinstance(group, ClusteredGroup)
    assert group.clusters == alone.clusters
    for name in group.metrics.keys() - {"ece"}:  # which has no error
        mine, wanted = group.metrics[name], alone[name]
        assert mine == wanted or not (mine.n or wanted.n), (group.name, name)


@pytest.mark.parametrize(
    ("weight", "odd"),
    [(None, False), (None, True), (WEIGHT, True)],
    ids=["rows", "odd numbers", "odd numbers and class weights"],
)
def test_a_group_has_the_errors_of_its_rows_alone(
    monkeypatch: pytest.MonkeyPatch, weight: Array | None, odd: bool
) -> None:
    criterion = Criterion(options=LossOptions(weight))
    models, labels = MODELS if weight is not None else [*MODELS, LOGITS * 0.5], LABELS.copy()
    if odd:
        models = [each * 1e6 for each in models]
        labels[np.isneginf(LOGITS[:, 0]) & rows_of("sea")] = 0  # a loss that is infinite
    alone = {}
    for name in ("one patient", "sea") if odd else ("", "ignored", "sea"):
        rows = rows_of(name)
        inputs = labels[rows], criterion, 1
        chosen = [each[rows] for each in models]
        only = evaluated(chosen[0], *inputs, cluster=PATIENTS[rows])
        alone[name] = (only, *compared(chosen, *inputs, cluster=PATIENTS[rows]))
    names = {"by": GROUPS, "cluster": PATIENTS}
    set_block_rows(monkeypatch, 50 if odd else 33, CLASSES)
    found = evaluated(models[0], labels, criterion, 2, **names)
    pairs = compared(models, labels, criterion, 2, **names)
    assert not any("groups" in note for note in found.notes)
    for each, *wanted in zip(found.groups, *(pair.groups for pair in pairs), strict=True):
        if each.name in alone:
            for group, of_rows in zip((each, *wanted), alone[each.name], strict=True):
                assert_same(group, of_rows)
    assert [group.name for group in found.groups] == NAMES
    one = found.groups[3].metrics["loss"]
    assert (found.groups[3].clusters, one.standard_error, one.low) == (1, None, None)
    assert found.groups[1].clusters == 0


def sandwich(values: Array, weights: Array, clusters: Array) -> Measure:
    """Return a mean and its error by the formula of the textbooks, with sums of one rounding."""
    size = math.fsum(weights)
    mean = math.fsum(values) / size
    parts = [
        math.fsum((values - mean * weights)[clusters == each])
        for each in np.unique(clusters[weights > 0.0])
    ]
    count = len(parts)
    return Measure(mean, math.sqrt(count / (count - 1) * math.fsum(p * p for p in parts)) / size)


def test_they_are_those_of_the_formula() -> None:
    used = LABELS >= 0
    true = np.where(used, LABELS, 1)
    losses, hits = [], []
    for logits in MODELS:
        exps = np.exp(logits - logits.max(axis=1, keepdims=True))
        losses.append(-np.log((exps / exps.sum(axis=1, keepdims=True))[np.arange(ROWS), true]))
        hits.append((logits.argmax(axis=1) == true) * 1.0)
    change = np.subtract(*losses[::-1])
    for weight in (np.ones(CLASSES), WEIGHT):
        criterion = Criterion(options=LossOptions(None if weight is not WEIGHT else WEIGHT))
        found = compared(MODELS, LABELS, criterion, 1, by=GROUPS, cluster=PATIENTS)[0]
        plain = compared(MODELS, LABELS, criterion, 1, by=GROUPS)[0]
        for name in ("", "land", "sea"):
            rows = rows_of(name) & used
            group = next(each for each in found.groups if each.name == name)
            every = np.ones(rows.sum())
            for measure_name, values, weights in (
                ("loss_base", losses[0], weight[true]),
                ("loss_difference", change, weight[true]),
                ("accuracy_new", hits[1], None),
                ("accuracy_difference", hits[1] - hits[0], None),
            ):
                w = every if weights is None else weights[rows]
                wanted = sandwich(values[rows] * w, w, PATIENTS[rows])
                mine = group.metrics[measure_name]
                assert mine.value == close_to(wanted.value, rel=1e-12), measure_name
                assert mine.standard_error == close_to(wanted.standard_error, rel=1e-11)
            alike = next(each for each in plain.groups if each.name == name)
            error = alike.metrics["accuracy_new"].standard_error
            assert group.metrics["accuracy_new"].standard_error != error
            assert type(alike) is Group


def test_the_order_of_rows_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    set_block_rows(monkeypatch, 40, CLASSES)
    found = []
    for order in (np.arange(ROWS), DRAW.permutation(ROWS)):
        names = {"by": GROUPS[order], "cluster": PATIENTS[order]}
        models, labels = [each[order] for each in MODELS], LABELS[order]
        of_one = evaluated(models[0], labels, Criterion(), 2, **names)
        of_two = compared(models, labels, Criterion(), 2, **names)
        found.append([[*each.groups] for each in (of_one, *of_two)])
    assert found[0] == found[1]


def test_slices_of_the_first_axis_are_clusters_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows have several axes, so their sequences are clusters, of which groups have parts."""
    shape = (15, 8)
    models = [each.reshape(*shape, CLASSES) for each in MODELS]
    labels, groups = LABELS.reshape(shape), GROUPS.reshape(shape)
    criterion, sequences = Criterion(class_axis=-1), np.repeat(np.arange(15), 8)
    named = evaluated(LOGITS, LABELS, Criterion(), 1, by=GROUPS, cluster=sequences)
    named_pairs = compared(MODELS, LABELS, Criterion(), 1, by=GROUPS, cluster=sequences)
    set_block_rows(monkeypatch, 40, CLASSES)
    found = evaluated(models[0], labels, criterion, 2, by=groups)
    pairs = compared(models, labels, criterion, 2, by=groups)
    for mine, wanted in zip((found, *pairs), (named, *named_pairs), strict=True):
        assert [*mine.groups] == [*wanted.groups]
        assert mine.groups[2].clusters > 2
    slices: Any = measure(source(models[0]), source(labels), criterion, run(2), by="axis0")
    assert {each.clusters for each in slices.groups if each.metrics["loss"].n} == {1}
    assert {each.metrics["loss"].standard_error for each in slices.groups} == {None}
    plain = measure(
        source(models[0]), source(labels), criterion, run(1), by="axis0", cluster="rows"
    )
    assert plain.groups[0].metrics["loss"].standard_error is not None


def test_labels_of_several_have_errors_by_cluster() -> None:
    scores, labels = LOGITS.clip(-9.0), (MODELS[1] > 0.5).astype(np.int64)
    criterion = Criterion(binary=BinaryOptions())
    found = evaluated(scores, labels, criterion, 1, cluster=PATIENTS, by=GROUPS)
    assert len(found.labels) == CLASSES
    for column, each in enumerate(found.labels):
        mine = scores[:, [column]], labels[:, [column]]
        alone = evaluated(*mine, criterion, 1, cluster=PATIENTS)
        assert_same(each, alone)
        assert each.metrics["auroc"].value == alone["auroc"].value
    for group in found.groups:
        rows = rows_of(group.name)
        inputs = scores[rows], labels[rows], criterion, 1
        assert_same(group, evaluated(*inputs, cluster=PATIENTS[rows]))


def test_functions_of_python_and_their_json() -> None:
    sites = GROUPS.astype(str)
    found = xent.evaluate(LOGITS, LABELS, by=sites, cluster=PATIENTS)
    pair = xent.compare(MODELS[0], MODELS[1], LABELS, by=sites, cluster=PATIENTS)
    results: list[Any] = [found, pair]
    for each, name in zip(results, ("brier", "kl"), strict=True):
        groups = json.loads(each.to_json())["groups"]
        assert [group["clusters"] for group in groups] == [group.clusters for group in each.groups]
        assert groups[-1]["metrics"][name]["standard_error"] > 0.0
    plain = json.loads(xent.evaluate(LOGITS, LABELS, by=sites).to_json())["groups"]
    assert all([*each] == ["name", "rows", "metrics"] for each in plain)
