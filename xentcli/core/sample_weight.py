"""Applies weights v of rows: with w the labels' weights, a mean is sum(v * loss) / sum(v * w)."""

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.row_facts import RowFacts


def weighted(facts: RowFacts, sample_weight: Doubles) -> RowFacts:
    """Return facts whose losses and weights are multiplied by one number for each row (N,)."""
    used, weight = facts["used"], facts["weight"]
    with np.errstate(all="ignore"):
        loss = None if facts["loss"] is None else facts["loss"] * sample_weight
        weight = sample_weight if weight is None else weight * sample_weight
    if used is not None:
        loss = None if loss is None else np.where(used, loss, 0.0)
        weight = np.where(used, weight, 0.0)
    found = {"loss": loss, "weight": weight}
    held = facts["held_out"]
    if held is not None:
        with np.errstate(all="ignore"):
            found["held_out"] = held._replace(loss=held.loss * sample_weight)
    return facts.having(found)
