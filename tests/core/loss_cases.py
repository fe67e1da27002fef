"""What the tests of the losses share: a few rows, and both functions."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import xentcli as xent

Array = npt.NDArray[Any]
NAN, INF = math.nan, math.inf
LOGITS = np.array([[0.0, 1.0, -2.0], [3.0, 0.5, 0.25], [-1.0, -1.0, 4.0], [2.0, 2.0, 2.0]])
LABELS = np.array([1, 0, 1, 2])
WEIGHT = np.array([0.5, 2.0, 0.25])
losses = pytest.mark.parametrize("loss", [xent.nll_loss, xent.cross_entropy])


def none(logits: Any, labels: Any, **options: Any) -> Array:
    return np.asarray(xent.cross_entropy(logits, labels, reduction="none", **options))
