"""A model of which files keep the most probable classes alone, and files that hold them."""

import json
import math
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from cli_files import log_probs
from formulas import cross_entropies
from safetensors.numpy import save_file

Array = npt.NDArray[Any]
K, V = 6, 40


class Model:
    """Rows of a model, all of them, and what a file keeps: the K largest, in some order."""

    def __init__(self) -> None:
        rng = np.random.default_rng(8)
        self.logits = rng.normal(size=(4, 5, V)) * 2.0
        self.log_probs = log_probs(self.logits)
        self.log_sum_exp = self.logits[..., 0] - self.log_probs[..., 0]
        self.labels = np.argmax(self.logits + rng.gumbel(size=self.logits.shape), -1)
        self.indices = rng.permuted(np.argsort(-self.logits, -1)[..., :K], axis=-1)
        self.losses = cross_entropies(self.logits, self.labels).astype(float).ravel().tolist()

    def top(self, values: Array) -> Array:
        return np.take_along_axis(values, self.indices, -1)

    def bound(self) -> tuple[float, int]:
        """Return the mean of losses, each at least that of the smallest listed, and the exact."""
        listed = self.top(self.log_probs).reshape(-1, K).tolist()
        bounds, exact = [], 0
        for truth, values in zip(self.losses, listed, strict=True):
            known = -truth >= min(values) - 1e-12
            left = 1.0 - math.fsum(map(math.exp, values))
            bounds.append(truth if known else max(-min(values), -math.log(left + 1e-6)))
            exact += known
        return math.fsum(bounds) / len(bounds), exact


MODEL = Model()


def written(kind: str) -> Path:
    """Return a file of log-probabilities, classes and labels, under the names of a dump."""
    path = Path(f"top.{kind}")
    values = MODEL.top(MODEL.log_probs)
    arrays = {"topk_logprobs": values, "topk_indices": MODEL.indices, "labels": MODEL.labels}
    lists: dict[str, Any] = {name: array.tolist() for name, array in arrays.items()}
    if kind.endswith("npz"):
        layout: Literal["C", "F"] = "F" if kind.startswith("columns") else "C"
        laid = {name: np.asarray(array, order=layout) for name, array in arrays.items()}
        np.savez(path, allow_pickle=False, **laid)
    elif kind == "safetensors":
        save_file({name: np.ascontiguousarray(each) for name, each in arrays.items()}, path)
    elif kind == "parquet":
        pq.write_table(pa.table(lists), path)
    elif kind == "h5":
        with h5py.File(path, "w") as file:
            group = file.create_group("test")
            for name, array in arrays.items():
                group[name] = array
    elif kind == "json":
        path.write_text(json.dumps(lists))
    elif kind in ("pairs.jsonl", "pairs.parquet"):
        names = ("topk_logprobs", "topk_indices", "labels")
        each = zip(*(lists[name] for name in names), strict=True)
        made = [{"logprobs": pairs(v, i), "labels": y} for v, i, y in each]
        if kind == "pairs.parquet":
            pq.write_table(pa.Table.from_pylist(made), path)
        else:
            path.write_text("\n".join(map(json.dumps, made)))
    elif kind == "masked.parquet":  # what is left out is not among the largest
        more = {n: np.concatenate([each, each], -1) for n, each in arrays.items() if n != "labels"}
        counts = np.arange(2 * K) < np.full((4, 5, 1), K)
        table = {**more, "labels": arrays["labels"], "target_mask": counts.astype(int)}
        pq.write_table(pa.table({n: each.tolist() for n, each in table.items()}), path)
    else:
        rows = (dict(zip(lists, each, strict=True)) for each in zip(*lists.values(), strict=True))
        path.write_text("\n".join(map(json.dumps, rows)))
    return path


def pairs(values: list[list[float]], classes: list[list[int]]) -> list[list[dict[str, Any]]]:
    return [
        [{"logprob": v, "token": f"token_id:{i}"} for v, i in zip(*each, strict=True)]
        for each in zip(values, classes, strict=True)
    ]
