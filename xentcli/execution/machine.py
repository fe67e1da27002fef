"""Describes what the last bits of NumPy's functions depend on: its version and the processor."""

import platform
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

import numpy as np

_KINDS = {"AVX512_SKX": "AVX-512", "AVX2": "AVX2"}  # of NumPy's loops, the widest first


@cache
def machine() -> str:
    """Return the NumPy and the processor that this process computes with."""
    loops = import_module("numpy._core._multiarray_umath")  # nothing public tells it
    has = getattr(loops, "__cpu_features__", {})
    kind = next((name for feature, name in _KINDS.items() if has.get(feature)), "")
    return f"NumPy {np.__version__} on {' with '.join(filter(None, (platform.machine(), kind)))}"


def differences(machines: Mapping[str, str]) -> Iterable[str]:
    """Yield notes on workers that compute with another NumPy or processor than this process."""
    for other in sorted(set(machines.values()) - {machine()}):
        workers = sorted(worker for worker, found in machines.items() if found == other)
        more = f" and {len(workers) - 1} more" if len(workers) > 1 else ""
        what = "last bits of float64 logits" if _alike(other, machine()) else "last bits"
        yield f"worker {workers[0]}{more}: {other} there, {machine()} here: {what} may differ"


def _alike(one: str, other: str) -> bool:
    """Whether two machines differ in nothing but the width of their loops."""
    return len({re.sub("|".join(_KINDS.values()), "", machine) for machine in (one, other)}) == 1
