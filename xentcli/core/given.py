"""What facts are computed from: rows, their labels and normalizer, and other facts."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.checks import Kind
from xentcli.core.dtypes import Doubles, computing_dtype
from xentcli.core.fact_values import locked
from xentcli.core.labels import Labels, LossOptions
from xentcli.core.normalizer import Normalizer
from xentcli.core.row_losses import losses_of_probabilities, nll_of_probabilities
from xentcli.core.tiled_rows import LogitRows

Array = NDArray[Any]


class Given:
    """The input of facts: rows, their labels and normalizer, and other facts by name.

    If the rows hold probabilities, the normalizer has their peaks, or is empty (see `fact`). The
    parameters are those of the metrics that ask for facts.
    """

    def __init__(
        self,
        logits: LogitRows,
        labels: Array,
        options: LossOptions,
        kind: Kind,
        norm: Normalizer,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.parameters = parameters or {}
        self.logits = logits
        self.labels: Array = locked(labels)
        self.options = options
        self.kind = kind
        self.norm = norm
        self.facts: dict[str, Array | None] = {}

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    @cached_property
    def same_bits(self) -> bool:
        """Whether exponentials are the same on every processor, as those of float32 always are.

        For float64 logits, NumPy's exponentials are used, which take a fifth of the time if there
        is AVX-512. If other logits were converted to float64, the parameter ``same_bits`` is true.
        """
        wide = self.kind == "logits" and computing_dtype(self.logits.dtype) == np.float64
        return not wide or bool(self.parameters.get("same_bits"))

    def exp(self, values: Any, out: Any = None) -> Any:
        """Return exponentials as the kernel computes them."""
        if self.same_bits and values.dtype == np.float64:
            return elementary.exp(values, out)
        return np.exp(values, out=out)

    def exp_of_gaps(self, values: Any, out: Any = None) -> Any:
        """Return exponentials of gaps below the peaks, of a tile or more."""
        if self.same_bits and values.dtype == np.float64:
            from xentcli.core import powers

            return powers.exp(values, out)
        return np.exp(values, out=out)

    @cached_property
    def checked(self) -> Labels | None:
        """The class indices; None if the labels are class probabilities."""
        if self.labels.ndim != 1:
            return None
        return Labels.of(self.labels, self.logits.shape[1], self.options)

    @cached_property
    def log_rest(self) -> Doubles:
        """The logarithm of the sum of exponentials less the peak; only for logits."""
        with np.errstate(all="ignore"):
            return self.norm.log_rest

    @cached_property
    def against_probabilities(self) -> tuple[Doubles, NDArray[np.bool_]]:
        """The losses of rows with class probabilities, and whether these do not sum to 1."""
        return losses_of_probabilities(self.logits, self.labels, self.options, self.norm)

    @cached_property
    def nll_against_probabilities(self) -> tuple[Doubles, NDArray[np.bool_], NDArray[np.bool_]]:
        """The same for rows of probabilities or their logarithms, and the rows where 0 met -inf."""
        probs = self.kind == "probabilities"
        return nll_of_probabilities(self.logits, self.labels, self.options, probs=probs)


class TileFacts:
    """The facts of a tile's rows by name, as far as they are computed."""

    __slots__ = ("given", "rows")

    def __init__(self, given: Given, rows: slice) -> None:
        self.given = given
        self.rows = rows

    def __getitem__(self, name: str) -> Any:
        values = self.given.facts[name]
        return None if values is None else values[self.rows]
