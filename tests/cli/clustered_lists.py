"""Rows in sequences, all of whose classes are listed, so that lists say what whole rows say."""

import json
import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cli_files import log_probs
from close_to import close_to

N, T, V = 24, 5, 4
DRAW = np.random.default_rng(11)
BASE, NEW = (
    log_probs(DRAW.normal(size=(N, T, V)) * 2.0 + DRAW.normal(size=(N, 1, V))) for _ in range(2)
)
LABELS = np.where(DRAW.random((N, T)) < 0.2, -100, DRAW.integers(0, V, (N, T)))
PATIENTS = np.array([f"patient {i}" for i in DRAW.integers(0, 7, N)])
SITES = DRAW.integers(0, 5, (N, T))
USED = LABELS.reshape(-1) >= 0


def write_all() -> None:
    """Write two models as whole rows and as lists, the labels, and two kinds of clusters."""
    for name, rows in (("base", BASE), ("new", NEW)):
        np.save(f"{name}.npy", rows)
        write(name, "npz", rows)
    np.save("y.npy", LABELS)
    np.save("patient.npy", PATIENTS)
    np.save("site.npy", SITES)


def write(name: str, kind: str, rows: np.ndarray, part: slice = slice(None), k: int = V) -> str:
    """Write the k largest of each row, in some order, with their labels and clusters."""
    path = f"{name}.{kind}"
    ids = np.random.default_rng(2).permuted(np.argsort(-rows, -1)[..., :k], axis=-1)
    arrays: dict[str, Any] = {
        "topk_logprobs": np.take_along_axis(rows, ids, -1)[part],
        "topk_ids": ids[part],
        "labels": LABELS[part],
        "patient": PATIENTS[part],
        "site": SITES[part],
    }
    if kind == "npz":
        np.savez(path, allow_pickle=False, num_classes=V, **arrays)
        return path
    lines = [
        dict(zip(arrays, each, strict=True))
        for each in zip(*(array.tolist() for array in arrays.values()), strict=True)
    ]
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(lines), path)
    else:
        Path(path).write_text("\n".join(map(json.dumps, lines)))
    return path


def assert_same(found: dict[str, Any], whole: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        here, there = found[name], whole[name]
        assert there["standard_error"] > 0.0
        for part in ("value", "standard_error", "low", "high", "n"):
            assert here[part] == close_to(there[part], rel=1e-12), (name, part)


def robust(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Return the error of a mean: sqrt(G / (G-1) * sum((S - m*n)**2)) / N over G clusters."""
    mean, gaps = math.fsum(values) / len(values), defaultdict(list)
    for value, name in zip(values, clusters, strict=True):
        gaps[name].append(value - mean)
    spread = math.fsum(math.fsum(each) ** 2 for each in gaps.values())
    return math.sqrt(len(gaps) / (len(gaps) - 1) * spread) / len(values)
