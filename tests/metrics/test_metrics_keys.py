"""Names of groups, and their order."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test
from numpy.typing import NDArray

from xentcli.metrics.group_names import names_of, shown_order, united


@in_one_test
@pytest.mark.parametrize(
    ("keys", "want"),
    [
        (np.array([10, 9, -1]), ["-1", "9", "10"]),
        (np.array([10.0, 9.0, math.nan]), ["", "9", "10"]),
        (np.array([math.inf, 1.5, -math.inf]), ["-inf", "1.5", "inf"]),
        (np.array(["10", "9", "", None], object), ["", "9", "10"]),
        (np.array(["10.0", "9.5", ""], object), ["", "9.5", "10.0"]),
        (np.array(["--5", "4"], object), ["--5", "4"]),
        (np.array(["9" * 5000, "10"], object), ["10", "9" * 5000]),
        (np.array(["b", "a10", "a9"], object), ["a10", "a9", "b"]),
    ],
)
def test_groups_are_in_the_order_of_reading(keys: NDArray[Any], want: list[str]) -> None:
    names, places = names_of(keys)
    assert [names[i] for i in shown_order(names)] == want
    assert [names[i] for i in places] == [_name(key) for key in keys.tolist()]


def test_equal_keys_of_several_types_have_names_of_their_own() -> None:
    """True is equal to 1, and what pandas calls missing is equal to nothing."""
    keys = [
        True,
        1,
        "True",
        1.0,
        "1",
        False,
        0,
        Decimal("7.50"),
        7.5,
        pd.NA,
        pd.NaT,
        None,
        math.nan,
    ]
    want = ["True", "1", "True", "1", "1", "False", "0", "7.50", "7.5", "", "", "", ""]
    for order in (range(13), range(12, -1, -1)):
        for of_clusters in (False, True):
            given = np.array([keys[i] for i in order], object)
            names, places = names_of(given, of_clusters=of_clusters)
            assert [names[i] for i in places] == [want[i] for i in order]


def test_clusters_have_the_names_of_whole_numbers_in_text() -> None:
    keys = np.array(["7", "7.0", "-7.00", "7.5", "v7.0", "7.", ""], object)
    names, places = names_of(keys, of_clusters=True)
    assert [names[i] for i in places] == ["7", "7", "-7", "7.5", "v7.0", "7.", ""]
    assert names == tuple(sorted({"7", "-7", "7.5", "v7.0", "7.", ""}))


@in_one_test
@pytest.mark.parametrize(
    ("parts", "want"),
    [
        ((["7.0", "7", "8.0"],), ["7", "7", "8.0"]),
        ((["7.0", "7-a"], ["7"]), ["7", "7-a", "7"]),
        ((["7"], ["", "7.0", "-7.0"]), ["7", "", "7", "-7.0"]),
        ((["7.0"], ["7.0", "9"], ["7"]), ["7", "7", "9", "7"]),
        ((["7.00", "v7.0"], ["7", "v7"]), ["7.00", "v7.0", "7", "v7"]),
        ((["1.0", "1.1"], ["1.0"]), ["1.0", "1.1", "1.0"]),
    ],
)
def test_groups_that_are_whole_numbers_have_one_name(
    parts: tuple[list[str], ...], want: list[str]
) -> None:
    names, places = names_of(np.array(parts[0], object))
    for part in parts[1:]:
        more, at = names_of(np.array(part, object))
        names, one, two = united(names, more)
        places = np.concatenate([one[places], two[at]])
    assert [names[i] for i in places] == want
    assert names == tuple(sorted({*want}))


@in_one_test
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_have_the_name_that_their_dtype_shows(dtype: str) -> None:
    keys = np.array([0.1, 2.0, math.nan, 1e-3, 0.1, math.inf], dtype)
    names, places = names_of(keys)
    assert [names[i] for i in places] == ["0.1", "2", "", "0.001", "0.1", "inf"]


def test_groups_of_a_state_that_has_both_names_stay_apart() -> None:
    names, one, two = united(("7", "7.0"), ("7.0",))
    assert (names, one.tolist(), two.tolist()) == (("7", "7.0"), [0, 1], [1])
    assert united(("7", "7.0"), ("7", "8"))[0] == ("7", "7.0", "8")


def _name(key: object) -> str:
    missing = key is None or (isinstance(key, float) and math.isnan(key))
    return "" if missing else key if isinstance(key, str) else f"{key:g}"
