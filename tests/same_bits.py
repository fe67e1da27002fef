"""What the processor must not change: ``python same_bits.py`` prints it as JSON, by name.

And which features of the processor NumPy uses, which NPY_DISABLE_CPU_FEATURES may switch off.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any, Literal

import ml_dtypes
import numpy as np
import numpy.typing as npt

import xentcli as xent
from xentcli.render.json import to_json

Array = npt.NDArray[Any]
Input = Literal["logits", "log-probs", "probs"]
DTYPES = (np.float32, np.float16, ml_dtypes.bfloat16)
NARROW, WIDE = (400, 10), (100, 300)  # laid out in two ways


def rows_of(shape: tuple[int, int], dtype: Any, seed: int) -> Array:
    """Return logits: ordinary ones, confident ones, and some that are -inf."""
    rng = np.random.default_rng(seed)
    scale = 2.0 ** rng.integers(-4, 2, (shape[0], 1))
    scale[1::4] *= 32.0  # where labels are right
    rows = rng.normal(size=shape) * scale
    rows[:: shape[0] // 50, 1:5] = -np.inf
    return rows.astype(dtype)


def mostly_right(best: Array, others: Array) -> Array:
    """Return labels that are the most probable class in three rows of four."""
    return np.where(np.arange(len(best)).reshape(-1, *[1] * (best.ndim - 1)) % 4 > 0, best, others)


def measured(
    logits: Array, others: Array, labels: Array, given: Input = "logits"
) -> Iterator[tuple[str, Any]]:
    """Yield every measure of a model, and how it differs from another."""
    found = xent.evaluate(logits, labels, input=given, metrics=["all"], jobs=1)
    yield "eval", found.to_json()
    compared = xent.compare(logits, others, labels, input=given, metrics=["all"], jobs=1)
    yield "compare", to_json(compared)
    if logits.dtype == np.float16:
        return  # of which a temperature is made as it is of bfloat16
    fitted = xent.calibrate(logits, labels, input=given, jobs=1)
    exact = logits.dtype != np.float64  # of float64, only the temperature is the same
    yield "calibrate", to_json(fitted if exact else fitted.metrics["temperature"])


def of_logits(shape: tuple[int, int], dtype: Any) -> Iterator[tuple[str, Any]]:
    """Yield everything that is computed of logits."""
    logits, others = (rows_of(shape, dtype, seed) for seed in (1, 2))
    rng = np.random.default_rng(3)
    labels = mostly_right(logits.argmax(axis=1), rng.integers(5, shape[1], shape[0]))
    soft = rng.random(shape)
    soft[:, 1:5] = 0.0
    soft /= soft.sum(axis=1, keepdims=True)
    yield "softmax", xent.softmax(logits)
    yield "softmax down", xent.softmax(logits, axis=0)
    yield "log-softmax", xent.log_softmax(logits)
    for name, y in (("labels", labels), ("probabilities", soft)):
        yield f"losses of {name}", xent.cross_entropy(logits, y, reduction="none")
        yield f"total of {name}", xent.cross_entropy(logits, y, reduction="sum")
    weight = rng.random(shape[1])
    yield "smooth", xent.cross_entropy(logits, labels, weight=weight, label_smoothing=0.1)
    yield "eval soft", xent.evaluate(logits, soft, metrics=["loss", "brier"], jobs=1).to_json()
    yield from measured(logits, others, labels)
    if dtype != np.float32:
        return
    cooled = xent.evaluate(logits, labels, temperature=1.7, metrics=["all"], jobs=1)
    yield "eval at a temperature", cooled.to_json()


def of_probabilities(dtype: Any) -> Iterator[tuple[str, Any]]:
    """Yield everything that is computed of probabilities and their logarithms."""
    rng = np.random.default_rng(4)
    one, other = (rng.dirichlet(np.full(12, 0.3), 400) + 1e-6 for _ in range(2))
    one, other = ((p / p.sum(axis=1, keepdims=True)).astype(dtype) for p in (one, other))
    labels = mostly_right(one.argmax(axis=1), rng.integers(0, 12, 400))
    for name, value in measured(one, other, labels, "probs"):
        yield f"probs {name}", value
    one, other = ((-1.0 - 8.0 * rng.random(one.shape)).astype(dtype) for _ in range(2))
    labels = mostly_right(one.argmax(axis=1), labels)
    for name, value in measured(one, other, labels, "log-probs"):
        yield f"log-probs {name}", value
    yield "nll", xent.nll_loss(one, labels, reduction="none")


def of_elements(dtype: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is computed of binary logits."""
    z = rows_of((400, 3), dtype, 5)
    z[~np.isfinite(z)] = 0
    y = mostly_right((z > 0).astype(int), np.random.default_rng(6).integers(0, 2, z.shape))
    yield "binary losses", xent.binary_cross_entropy_with_logits(z, y, reduction="none")
    yield "binary eval", xent.evaluate(z, y, binary=True, metrics=["all"], jobs=1).to_json()
    yield "binary calibrate", to_json(xent.calibrate(z, y, binary=True, jobs=1))


def everything() -> Iterator[tuple[str, Any]]:
    for shape, dtype in (*((NARROW, each) for each in DTYPES), (WIDE, np.float32)):
        for name, value in of_logits(shape, dtype):
            yield f"{name} of {shape} {np.dtype(dtype)}", value
    for each in (np.float32, np.float64):
        for name, value in (*of_probabilities(each), *of_elements(each)):
            yield f"{name} of {np.dtype(each)}", value


def digest(value: Any) -> str:
    """Return the text of measures, and a digest of the bytes of an array."""
    if isinstance(value, str):
        return value
    return hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()


def features() -> list[str]:
    """Return the features beyond those that every processor must have for this NumPy."""
    found: Any = np.show_config(mode="dicts")
    return list(found["SIMD Extensions"].get("found", ()))


if __name__ == "__main__":
    found = {name: digest(value) for name, value in everything()}
    json.dump({"features": features(), "found": found}, sys.stdout)
