"""Numbers that agree to a share of their size, however small they are."""

from typing import Any

import pytest


def close_to(expected: Any, *, rel: float) -> Any:
    """Return what equals numbers within a share of each, so that only 0 is close to 0.

    `pytest.approx` also allows 1e-12, in which the errors of small numbers would hide.
    """
    return pytest.approx(expected, rel=rel, abs=0.0)
