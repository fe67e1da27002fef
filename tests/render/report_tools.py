"""Results as a page shows them, of the most different kinds; and their pages."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hostile_names import HOSTILE

from xentcli.core.binary_options import BinaryOptions
from xentcli.formats.base import MemorySource
from xentcli.pipeline.calibrate import CalibrateOptions, OtherRows, calibrate
from xentcli.pipeline.compare import Model, PairOptions, compare
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure import Options, measure
from xentcli.pipeline.run import Run
from xentcli.results.comparison import Comparison
from xentcli.results.measures import Measures
from xentcli.results.pair_pictures import PairPictures
from xentcli.results.provenance import FileFacts, Provenance
from xentcli.results.temperature import FittedTemperature
from xentcli.results.verdict import Verdict

DATA = Path(__file__).parents[2] / "sample_data"


def source(values: Any, name: str, columns: tuple[str, ...] | None = None) -> MemorySource:
    return MemorySource(name, np.asarray(values), columns=columns)


def measured(
    logits: Any, labels: Any, names: tuple[str, ...] | None = None, **more: Any
) -> Measures:
    """Return everything of logits and labels, or what is asked for."""
    options = Options(more.pop("metrics", ("all",)), bins=more.pop("bins", 15), also=("losses",))
    criterion = Criterion(**{k: more.pop(k) for k in ("binary",) if k in more}, propagate=True)
    logits, labels = source(logits, "logits", names), source(labels, "labels")
    return measure(logits, labels, criterion, Run(1), options, **more)


def names_alone(found: Measures) -> Measures:
    """Return measures without the pictures that show no names: each takes a tenth of a second."""
    return replace(found, bins=(), losses=None)


def guesses(rows: int, num_classes: int, seed: int = 0) -> tuple[Any, Any]:
    """Return logits, and labels that they are often right about."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, num_classes))
    labels = rng.integers(0, num_classes, rows)
    logits[np.arange(rows), labels] += 2.0
    return logits, labels


@cache
def digits() -> Measures:
    """Return what is measured of the sample data."""
    return measured(*(np.load(DATA / f"digits_{name}.npy") for name in ("logits", "labels")))


@cache
def hostile() -> Measures:
    """Return measures of classes and groups whose names would break a page that trusts them."""
    logits, labels = guesses(100, len(HOSTILE))
    groups = np.array(HOSTILE, object)[np.arange(100) % len(HOSTILE)]
    return names_alone(measured(logits, labels, HOSTILE, by=source(groups, "groups")))


@cache
def many_classes() -> Measures:
    """Return measures of 1,000 classes with long names, and of as many groups."""
    names = tuple(f"{i:04d}" + "<b>&" * 49 for i in range(1000))
    logits, labels = guesses(1000, 1000)
    groups = source(np.array(names, object)[np.arange(1000)], "groups")
    return names_alone(measured(logits, labels, names, by=groups, metrics=None))


@cache
def no_rows() -> Measures:
    return measured(np.zeros((0, 4)), np.zeros(0, np.int64))


@cache
def one_label() -> Measures:
    """Return measures of rows that all have one label, and are predicted as another one."""
    return names_alone(measured(np.eye(3)[np.ones(7, np.int64)], np.zeros(7, np.int64)))


@cache
def extremes() -> Measures:
    """Return measures of losses from 0 to infinity, of rows that are not numbers besides."""
    logits = np.array([[0.0, x] for x in (-900.0, -25.0, -5.0, 0.0, 5.0, 30.0, 3e6, np.inf, 1.0)])
    logits[7] = -np.inf, 0.0
    logits[8] = np.nan, 0.0
    return replace(measured(logits, np.zeros(9, np.int64)), bins=(), confusions=None)


@cache
def binary() -> Measures:
    rng = np.random.default_rng(2)
    logits = rng.normal(size=500) * 2.0
    labels = (logits + rng.normal(size=500) > 0).astype(int)
    return names_alone(measured(logits, labels, binary=BinaryOptions()))


@cache
def several_labels() -> Measures:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(200, 3)) * 2.0
    labels = (logits + rng.normal(size=(200, 3)) > 0).astype(int)
    names = ("<b>sea</b>", "0", "sun")
    return replace(measured(logits, labels, names, binary=BinaryOptions()), losses=None)


@cache
def soft_labels() -> Measures:
    logits, _ = guesses(50, 3)
    return measured(logits, np.full((50, 3), 1.0 / 3.0))


MEASURED = {
    "digits": digits,
    "hostile": hostile,
    "many classes": many_classes,
    "no rows": no_rows,
    "one label": one_label,
    "extremes": extremes,
    "binary": binary,
    "several labels": several_labels,
    "soft labels": soft_labels,
}

FILES = (
    FileFacts("logits", "run/<i>&logits.npy", (450, 10), "float32", 18128, "2026-11-26T08:00:12Z"),
    FileFacts("labels", "-", (None,), "int64", None, None, "ab" * 32),
)
PROVENANCE = Provenance("xent eval '<i>&logits.npy' - --report a.html", "9.8.7", FILES)
VERDICTS = (
    Verdict("accuracy < 0.95", failed=False, message="accuracy is 0.97, which is not below 0.95"),
    Verdict("ece > <b>0.05", failed=True, message="ece is 0.069, which is above <b>0.05"),
)


def page(*arguments: Any, **named: Any) -> str:
    """Return a page. What makes it is imported here: collecting tests would take twice as long."""
    from xentcli.render.report.page import page as made

    return made(*arguments, **named)


@cache
def page_of(name: str) -> str:
    """Return the page of one of the measures."""
    return page(MEASURED[name](), PROVENANCE, VERDICTS, told=("a <b>warning</b>",))


def compared(
    models: Any, labels: Any, names: tuple[str, ...] | None = None, **more: Any
) -> tuple[Comparison, ...]:
    """Return all that is measured of models, with what is drawn, or without."""
    sources = [source(each, f"<i>{i}", names) for i, each in enumerate(models)]
    there = None if labels is None else source(labels, "labels")
    criterion = Criterion(kind=more.pop("kind", "logits"), propagate=True)
    options = PairOptions(("all",), pictures=more.pop("pictures", True))
    pairs = [Model(each, criterion) for each in sources]
    return compare(pairs, there, Run(1), options, **more).comparisons


def only(kind: str, found: tuple[Comparison, ...]) -> tuple[Comparison, ...]:
    """Return comparisons of which one kind of picture is drawn."""
    drawn = [{kind: getattr(each.pictures, kind)} for each in found]
    return tuple(
        replace(each, pictures=PairPictures(**one)) for each, one in zip(found, drawn, strict=True)
    )


def digits_arrays() -> list[Any]:
    return [np.load(DATA / f"digits_{name}.npy") for name in ("logits", "weak_logits", "labels")]


@cache
def two_models() -> tuple[Comparison, ...]:
    *models, labels = digits_arrays()
    return compared(models, labels)


@cache
def many_models() -> tuple[Comparison, ...]:
    """Return six models, of more classes than a matrix shows, in many groups."""
    logits, labels = guesses(400, 60)
    rng = np.random.default_rng(5)
    models = [logits, *(logits + rng.normal(size=logits.shape) for _ in range(5))]
    names = tuple(f"{i:03d}" + "<b>&" * 49 for i in range(60))
    groups = source(np.array(names, object)[np.arange(400) % 60], "groups")
    return only("changes", compared(models, labels, names, by=groups))


@cache
def hostile_models() -> tuple[Comparison, ...]:
    logits, labels = guesses(100, len(HOSTILE))
    groups = source(np.array(HOSTILE, object)[np.arange(100) % len(HOSTILE)], "groups")
    return only("predictions", compared([logits, -logits], labels, HOSTILE, by=groups))


COMPARED: dict[str, Callable[[], tuple[Comparison, ...]]] = {
    "two models": two_models,
    "many models": many_models,
    "hostile models": hostile_models,
    "models without labels": lambda: compared([np.eye(3), -np.eye(3)], None),
    "the same model": lambda: only("losses", compared([np.eye(3), np.eye(3)], [0, 1, 2])),
    "no rows of models": lambda: compared([np.zeros((0, 3))] * 2, np.zeros(0, np.int64)),
    "infinite losses": lambda: only(
        "losses", compared([[[0.0, -np.inf], [0.0, 1.0]], [[0.0, 0.0], [np.nan, 1.0]]], [1, 1])
    ),
}


@cache
def temperature() -> FittedTemperature:
    logits, weak, labels = digits_arrays()
    tested = OtherRows(source(weak, "weak"), source(labels, "labels"), Criterion())
    options = CalibrateOptions(curve=True)
    rows = source(logits, "logits"), source(labels, "labels")
    return calibrate(*rows, Criterion(), Run(1), options, tested=tested)


def comparison_page(*arguments: Any) -> str:
    from xentcli.render.report.comparison_page import comparison_page as made

    return made(*arguments)


@cache
def page_of_models(name: str) -> str:
    """Return the page of one of the comparisons."""
    return comparison_page(COMPARED[name](), PROVENANCE, VERDICTS, ("a <b>warning</b>",))


@cache
def page_of_temperature() -> str:
    from xentcli.render.report.temperature_page import temperature_page

    return temperature_page(temperature(), PROVENANCE, VERDICTS, ("a <b>warning</b>",))
