"""The losses of rows at temperatures that were fitted to other rows."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.binary import BinaryOptions, binary_facts
from xentcli.core.binary_measures import with_measures
from xentcli.core.dtypes import widen
from xentcli.core.fact import Given, fact
from xentcli.core.labels import Doubles
from xentcli.core.row_facts import row_facts
from xentcli.core.rows import tiles

Array = NDArray[Any]

_SMALLER_TILES = 4  # than those of other computations, since there are more arrays of them


class HeldOut(NamedTuple):
    """The losses of rows, and their confidences, at the temperatures of their folds."""

    loss: Doubles
    forecast: Doubles


@fact("held_out", "rows", alone=True)
def held_out(given: Given) -> HeldOut:
    """Return what rows come to that are multiplied by a number for each fold.

    Parameters ``scales``, the numbers, and ``slices``, what returns the places of so many rows on
    the first axis, of which the fold is the remainder.
    """
    scales: Doubles = np.asarray(given.parameters["scales"])
    rows, num_classes = given.logits.shape
    scale = scales[given.parameters.get("slices", np.arange)(rows) % scales.size]
    found = HeldOut(np.zeros(rows), np.zeros(rows))
    for tile in tiles(rows, _SMALLER_TILES * num_classes):
        values = widen(given.logits[tile]).astype(np.float64) * scale[tile, None]
        part = row_facts(
            values,
            given.labels[tile],
            given.options,
            ("loss", "confidence"),
            parameters={"same_bits": given.same_bits},
        )
        found.loss[tile], found.forecast[tile] = part["loss"], part["confidence"]
    return found


def binary_held_out(values: Array, labels: Array, binary: BinaryOptions, scale: Doubles) -> HeldOut:
    """Return the same of elements, each multiplied by a number of its own."""
    scaled = values.astype(np.float64) * scale.reshape(values.shape)
    facts = binary_facts(scaled, labels, binary)
    more = with_measures(facts, scaled, labels, probs=False)
    return HeldOut(more["loss"], more["forecast"])
