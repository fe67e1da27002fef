"""Computes the facts of rows of two models: those of each model, and those that compare both.

A fact of one model has its name with ``_base`` or ``_new`` behind it. The others are `kl`,
`kl_reverse` and `js`; `agrees`, whether both predict the same; `difference`, of the losses;
`probability_difference`, of the label's probabilities; and `used`, `measured`, `label`, `weight`.
"""

from typing import Any

import numpy as np

from xentcli.core.checks import Kind
from xentcli.core.divergences import Divergences, ModelRows, divergences
from xentcli.core.dtypes import Doubles, computing_dtype
from xentcli.core.normalizer import Normalizer
from xentcli.core.row_facts import RowFacts
from xentcli.core.tiled_rows import LogitRows

OF_A_MODEL = ("peak", "rest", "prediction", "used", "measured")
"""The facts of each model from which those of a pair are computed."""
OF_LABELS = ("loss", "weight", "label", "uneven", "hit", "label_probability", "confidence")
"""The further facts of each model that rows with labels have."""
_OF_BOTH = ("loss", "hit", "label_probability", "confidence", "prediction")


def pair_facts(
    base: RowFacts,
    new: RowFacts,
    rows: tuple[LogitRows, LogitRows],
    kinds: tuple[Kind, Kind],
    found: Divergences | None = None,
) -> RowFacts:
    """Return the facts of two models' rows, given those of each and the rows themselves.

    Divergences that are already `found` are used, except for rows where they are NaN.
    """
    one, other = (
        ModelRows(values, kind, _norm_of(facts, values))
        for values, kind, facts in zip(rows, kinds, (base, new), strict=True)
    )
    facts: dict[str, Any] = divergences(one, other, found)._asdict()
    for name in _OF_BOTH:
        facts[f"{name}_base"], facts[f"{name}_new"] = base[name], new[name]
    for name in ("used", "weight", "label", "uneven"):
        facts[name] = base[name]
    facts["measured"] = _both(base["measured"], new["measured"])
    facts["agrees"] = base["prediction"] == new["prediction"]
    facts["difference"] = _difference(base["loss"], new["loss"])
    facts["probability_difference"] = _difference(
        base["label_probability"], new["label_probability"]
    )
    return RowFacts(base.rows, base.num_classes, facts, (), base.origin)


def _norm_of(facts: RowFacts, rows: LogitRows) -> Normalizer:
    return Normalizer(facts["peak"].astype(computing_dtype(rows.dtype)), facts["rest"])


def _both(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _difference(one: Doubles | None, other: Doubles | None) -> Doubles | None:
    """Return how much larger `other` is than `one`; 0 even if both are the same infinity."""
    if one is None or other is None:
        return None
    with np.errstate(invalid="ignore"):
        found: Doubles = np.subtract(other, one)
    found[one == other] = 0.0
    return found
