"""What is measured of arrays in memory, and rows like those of a model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import MemorySource
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure import Options, measure
from xentcli.pipeline.run import Run
from xentcli.results.measures import Measures

Array = NDArray[Any]
EVERYTHING = Options(("all",), top_k=(2, 3))


def source(values: Any, name: str = "x") -> MemorySource:
    return MemorySource(name, np.asarray(values))


def measured(logits: Any, labels: Any, options: Options = EVERYTHING, **more: Any) -> Measures:
    beside = {name: more.pop(name) for name in ("by", "cluster", "sample_weight") if name in more}
    criterion = Criterion(**more)
    return measure(source(logits), source(labels, "y"), criterion, Run(1), options, **beside)


def values_of(found: Measures) -> dict[str, float | None]:
    return {name: each.value for name, each in found.metrics.items()}


# Loops over rows


def rows_like(seed: int, rows: int, num_classes: int) -> tuple[Array, Array]:
    """Return logits, some of them equal or -inf, and labels that are often right."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, num_classes)) * 2.0
    logits[rng.random(logits.shape) < 0.1] = 1.0
    if num_classes > 2:
        logits[:: max(2, rows // 5), 0] = -np.inf
    right = rng.random(rows) < 0.6
    labels = np.where(right, logits.argmax(axis=1), rng.integers(1, max(2, num_classes), rows))
    return logits, np.minimum(labels, num_classes - 1)
