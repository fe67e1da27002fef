"""Temperatures of arrays in memory, and where a derivative changes its sign."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pipeline_tools import run

from xentcli.formats.base import MemorySource
from xentcli.pipeline.calibrate import CalibrateOptions, calibrate
from xentcli.pipeline.criterion import Criterion
from xentcli.results.temperature import FittedTemperature

Array = NDArray[Any]
NO_FOLDS = CalibrateOptions(folds=0)


def source(values: Any, name: str = "z") -> MemorySource:
    return MemorySource(name, np.asarray(values))


def fitted(
    logits: Any, labels: Any, how: CalibrateOptions = NO_FOLDS, **more: Any
) -> FittedTemperature:
    weight, cluster = more.pop("sample_weight", None), more.pop("cluster", None)
    beside = None if weight is None else source(weight, "w")
    criterion = Criterion(**more)
    return calibrate(
        source(logits),
        source(labels, "y"),
        criterion,
        run(),
        how,
        sample_weight=beside,
        cluster=cluster if cluster is None or isinstance(cluster, str) else source(cluster, "g"),
    )


def temperature_of(logits: Any, labels: Any, **more: Any) -> float:
    value = fitted(logits, labels, **more).temperature.value
    assert value is not None
    return value


def where_it_changes_sign(function: Callable[[Any], Any]) -> float:
    """Return 1/b where an increasing function of b is 0, by bisection in extended precision.

    Where a secant says that it is, points on both sides of it are tried as well.
    """
    low, high = np.longdouble(-12), np.longdouble(12)
    with np.errstate(over="ignore"):
        below, above = function(np.exp(low)), function(np.exp(high))
    middle = np.longdouble(0)
    while middle not in (low, high):  # else no number lies between them
        width = high - low
        guess = low - below * width / (above - below)
        near = (guess - width**2, guess + width**2) if width < 0.1 else ()
        for point in (*near, middle):
            if low < point < high:
                value = function(np.exp(point))
                if value < 0:
                    low, below = point, value
                else:
                    high, above = point, value
        middle = (low + high) / 2
    return float(np.exp(-low))


def slope(z: Array, mass: Array) -> Callable[[Any], Any]:
    """Return the derivative of the summed loss along b; `mass` has all weights in it."""
    g = z.astype(np.longdouble).max(axis=1, keepdims=True) - z.astype(np.longdouble)
    finite = np.where(np.isinf(g), 0, g)

    def at(b: Any) -> Any:
        t = np.exp(-b * g)
        mean = (t * finite).sum(axis=1) / t.sum(axis=1)
        return (mass * finite).sum() - (mass.sum(axis=1) * mean).sum()

    return at


def problem(seed: int, rows: int = 120, num_classes: int = 6) -> tuple[Array, Array]:
    """Return logits and labels that these predict now and then."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, num_classes)) * 3
    y = np.where(rng.random(rows) < 0.5, z.argmax(axis=1), rng.integers(0, num_classes, rows))
    return z, y
