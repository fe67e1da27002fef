"""Every measure the plain way: one row after another, in float64."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def softmax(logits: Array) -> Array:
    z = logits.astype(np.float64)
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def bin_of(value: float, bins: int) -> int:
    return sum(value > m / bins for m in range(1, bins))


def in_bins(confidence: Array, hits: Array, bins: int) -> list[tuple[int, float, float]]:
    """Return the rows of each bin, with their mean confidence and their share of hits."""
    found = []
    places = [bin_of(value, bins) for value in confidence.tolist()]
    for m in range(bins):
        inside = [i for i, place in enumerate(places) if place == m]
        if inside:
            found.append(
                (len(inside), float(confidence[inside].mean()), float(hits[inside].mean()))
            )
    return found


def calibration(confidence: Array, hits: Array, bins: int) -> dict[str, float]:
    filled = in_bins(confidence, hits, bins)
    n = len(confidence)
    gaps = [(rows, abs(hit - conf), hit) for rows, conf, hit in filled]
    debiased = sum(
        rows / n * (gap**2 - hit * (1 - hit) / (rows - 1)) for rows, gap, hit in gaps if rows > 1
    )
    spreads = dict.fromkeys(range(bins), 0.0)
    for value in confidence.tolist():
        spreads[bin_of(value, bins)] += value * (1 - value)
    chance = sum(math.sqrt(2 / math.pi) * math.sqrt(each) for each in spreads.values()) / n
    return {
        "ece": sum(rows / n * gap for rows, gap, _ in gaps),
        "mce": max(gap for _, gap, _ in gaps),
        "rmsce": math.sqrt(sum(rows / n * gap**2 for rows, gap, _ in gaps)),
        "rmsce_debiased": math.sqrt(max(0.0, debiased)),
        "ece_by_chance": chance,
        "mean_confidence": float(confidence.mean()),
    }


def classwise_ece(probs: Array, labels: Array, bins: int) -> float:
    errors = [calibration(p, labels == c, bins)["ece"] for c, p in enumerate(probs.T)]
    return sum(errors) / len(errors)


def equal_mass_ece(confidence: Array, hits: Array, bins: int) -> float:
    """Walk the rows in order, equal ones at their mean place."""
    order = np.argsort(confidence, kind="stable")
    conf, hit = confidence[order], hits[order].astype(float)
    n = len(conf)
    gaps = [0.0] * bins
    for value in np.unique(conf):
        places = np.flatnonzero(conf == value)
        place = min(bins - 1, int(bins * places.mean() / n + 1e-12))
        gaps[place] += (hit[places] - conf[places]).sum()
    return sum(map(abs, gaps)) / n


def rank(row: Array, label: int) -> int:
    return sum(z > row[label] or (z == row[label] and j < label) for j, z in enumerate(row))


def brier(probs: Array, labels: Array) -> Array:
    targets = np.eye(probs.shape[1])[labels] if labels.ndim == 1 else labels
    return np.asarray(((probs - targets) ** 2).sum(axis=1))


def class_scores(labels: Array, predictions: Array, num_classes: int) -> dict[int, list[float]]:
    """Return precision, recall, F1 and support of each class that occurs; 0/0 is 0."""
    found = {}
    for c in range(num_classes):
        true, said = labels == c, predictions == c
        if true.any() or said.any():
            both = float((true & said).sum())
            precision = both / said.sum() if said.any() else 0.0
            recall = both / true.sum() if true.any() else 0.0
            f1 = 2 * both / (said.sum() + true.sum())
            found[c] = [precision, recall, f1, float(true.sum())]
    return found


def auroc(scores: Array, hits: Array) -> float:
    """Compare every pair."""
    won = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a in scores[hits].tolist()
        for b in scores[~hits].tolist()
    ]
    return sum(won) / len(won)


def average_precision(scores: Array, hits: Array) -> float:
    total, before = 0.0, 0.0
    for level in sorted(set(scores.tolist()), reverse=True):
        chosen = scores >= level
        recall = hits[chosen].sum() / hits.sum()
        total += (recall - before) * hits[chosen].mean()
        before = recall
    return total


def suspects(probs: Array, labels: Array) -> list[int]:
    classes = range(probs.shape[1])
    thresholds = [probs[labels == c, c].mean() if (labels == c).any() else 2.0 for c in classes]
    found = []
    for i, (row, label) in enumerate(zip(probs, labels.tolist(), strict=True)):
        reached = [(row[c], -c) for c in classes if row[c] >= thresholds[c]]
        if reached and -max(reached)[1] != label:
            found.append(i)
    return found


def cluster_error(values: Array, clusters: Array) -> float:
    names = np.unique(clusters)
    parts = [(values[clusters == name] - values.mean()).sum() for name in names]
    groups = len(names)
    return math.sqrt(groups / (groups - 1) * sum(part**2 for part in parts)) / len(values)
