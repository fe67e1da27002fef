"""Class probabilities are from 0 to 1, but for rounding, in each dtype and layout."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xentcli.core.probability_check import OVER, check_label_probabilities

EDGES = [0.0, -0.0, 5e-324, 1.0, 1 + 5e-7, 1 + 5e-6, 1.01, -5e-7, -1e-3, np.inf, -np.inf, np.nan]
EDGES += [float(np.nextafter(1.0, 2.0)), float(np.copysign(np.nan, -1.0))]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "longdouble"])
@settings(max_examples=20)
@given(value=st.one_of(st.sampled_from(EDGES), st.floats(-2.0, 2.0)), place=st.integers(0, 11))
def test_one_that_is_outside_is_found(dtype: Any, value: float, place: int) -> None:
    labels = np.linspace(0.0, 1.0, 12).reshape(3, 4).astype(dtype)
    labels.flat[place] = value
    stored = labels.flat[place]
    for each in (labels, labels.T, np.asfortranarray(labels), labels[::-1]):
        there = np.isnan(each) if np.isnan(stored) else each == stored
        wanted = [] if -OVER <= stored <= 1.0 + OVER else [tuple(np.argwhere(there)[0].tolist())]
        assert [(p.row, p.column) for p in check_label_probabilities(each)] == wanted
