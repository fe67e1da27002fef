"""What a samples file says, by a plain loop over its lines: the harness's formulas, no NumPy."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

Object = dict[str, Any]


class Looped(NamedTuple):
    """Sums over docs: cross entropy and its error, Brier, and the shares that are right."""

    loss: float
    error: float
    brier: float
    shares: dict[str, float]


def first_best(scores: list[float]) -> int:
    best = 0
    for i, score in enumerate(scores):
        if score > scores[best]:
            best = i
    return best


def looped(
    path: Path, gold_of: Callable[[Object], int], texts_of: Callable[[Object], list[str]]
) -> Looped:
    """Return what a loop over the lines finds, told where the right choice and the texts are."""
    losses, briers = [], []
    hits: dict[str, list[bool]] = {"acc": [], "acc_norm": [], "acc_bytes": []}
    for line in path.read_text("utf-8").splitlines():
        doc = json.loads(line)
        values = [float(pair[0]) for pair in doc["filtered_resps"]]
        gold, texts = gold_of(doc), texts_of(doc)
        total = math.fsum(math.exp(v) for v in values)
        losses.append(math.log(total) - values[gold])
        briers.append(
            math.fsum((math.exp(v) / total - (i == gold)) ** 2 for i, v in enumerate(values))
        )
        pairs = [*zip(values, texts, strict=True)]
        hits["acc"].append(first_best(values) == gold)
        hits["acc_norm"].append(first_best([v / len(t) for v, t in pairs]) == gold)
        hits["acc_bytes"].append(first_best([v / len(t.encode()) for v, t in pairs]) == gold)
    n = len(losses)
    mean = math.fsum(losses) / n
    spread = math.fsum((loss - mean) ** 2 for loss in losses)
    error = math.sqrt(spread / (n - 1) / n) if n > 1 else math.nan
    shares = {name: sum(each) / n for name, each in hits.items()}
    return Looped(mean, error, math.fsum(briers) / n, shares)
