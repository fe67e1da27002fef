"""A sample of PyTorch's stored answers that shows all that the command line can be asked.

Each value of each option, each shape and each dtype of each function occurs in it, and each error
of one of those that have it.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[Any]
Case = dict[str, Any]


@cache
def stored() -> Any:
    """Read the answers, when the first test asks: each worker collects all tests."""
    return json.loads((Path(__file__).parents[1] / "golden" / "cases.json").read_text("utf-8"))


def arrays() -> dict[str, Case]:
    """Return the arrays that the answers are of, by name."""
    named: dict[str, Case] = stored()["arrays"]
    return named


def decode(each: Case, dtype: str) -> Array:
    return np.array(each["data"], dtype=dtype).reshape(each["shape"])


def array(name: str) -> Array:
    return decode(arrays()[name], arrays()[name]["dtype"])


def shape(name: str) -> list[int]:
    lengths: list[int] = arrays()[name]["shape"]
    return lengths


def features(case: Case) -> Iterator[str]:
    """Yield what a case shows of the command line, of which one case each is enough."""
    said = case.get("options", {})
    yield from (f"{name}={value}" for name, value in said.items())
    dimensions = [len(shape(name)) for name in case["args"]]
    yield f"dimensions {dimensions}"
    yield f"dtypes {[arrays()[name]['dtype'] for name in case['args']]}"
    yield f"finite {np.isfinite(decode(case['expect'], 'float64')).all()}"
    joined = "weight" in case, said.get("reduction"), said.get("label_smoothing", 0.0) > 0.0
    yield f"joined {joined} {dimensions[0] == dimensions[-1]} {fits_csv(case)}"


def features_of_text(case: Case) -> Iterator[str]:
    """Yield what a case shows of numbers that are read from text and printed as text."""
    said = case.get("options", {})
    yield f"finite {np.isfinite(decode(case['expect'], 'float64')).all()} {said.get('reduction')}"
    yield f"labels {arrays()[case['args'][1]]['dtype']} {len(shape(case['args'][1]))}"
    yield from said
    yield f"weight {'weight' in case}"


def sample(cases: list[Case], features: Callable[[Case], Iterator[str]]) -> list[Case]:
    """Return few cases that together show all there is: each shows the most that is left."""
    left = [(case, {f"{case['call']} {feature}" for feature in features(case)}) for case in cases]
    chosen = []
    while left:
        case, new = max(left, key=lambda pair: len(pair[1]))
        chosen.append(case)
        left = [(other, shown - new) for other, shown in left if shown - new]
    return chosen


def mistakes(cases: list[Case]) -> list[Case]:
    """Return a case of each kind of mistake, whatever its numbers are, of all functions in turn."""
    kinds: dict[str, dict[str, Case]] = defaultdict(dict)
    for case in cases:
        what = re.sub("^(cross_entropy|ce|nll_loss|nll|softmax|log_softmax)-", "", case["id"])
        kinds[re.sub(r"\d+", "0", what)].setdefault(case["call"], case)
    return [[*first.values()][i % len(first)] for i, first in enumerate(kinds.values())]


def same_arrays(*calls: str, raises: bool, as_text: bool = False) -> Iterator[Any]:
    """Yield lists of the cases that share a function and its arrays."""
    chosen = [case for case in (refused() if raises else answered()) if case["call"] in calls]
    if as_text:
        chosen = sample(list(filter(fits_csv, chosen)), features_of_text)
    key = "{0[call]} {0[args]}".format
    for _, each in groupby(sorted(chosen, key=key), key):
        group = list(each)
        yield pytest.param(group, id=f"{group[0]['id']}-and-{len(group) - 1}")


def fits_csv(case: Case) -> bool:
    """Whether the arrays are rows of at least two classes; an empty file holds no array.

    A sum is left out where its rows are asked for too: the format ends where reduction begins.
    """
    lengths, reduction = shape(case["args"][0]), case.get("options", {}).get("reduction")
    return len(lengths) == 2 and math.prod(lengths) > 0 and lengths[1] > 1 and reduction != "sum"


@cache
def answered() -> list[Case]:
    return sample([case for case in stored()["cases"] if "raises" not in case], features)


def refused() -> list[Case]:
    return mistakes([case for case in stored()["cases"] if "raises" in case])
