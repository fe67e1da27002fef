"""Compares records that hold arrays by the values in the arrays."""

from dataclasses import fields
from typing import Any

import numpy as np


class ByValue:
    """The base of dataclasses, made with ``eq=False``, whose fields may be arrays."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [each.name for each in fields(self)]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict) and one.keys() == other.keys():
        return all(_same(value, other[name]) for name, value in one.items())
    return bool(one == other)
