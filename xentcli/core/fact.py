"""The registry of facts of rows, each of which is one small function with a name.

`facts` holds the facts of xent; `row_facts` computes those that are asked for.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from xentcli.core import elementary
from xentcli.core.checks import Kind
from xentcli.core.dtypes import computing_dtype
from xentcli.core.labels import Doubles, Labels, LossOptions
from xentcli.core.normalizer import Normalizer
from xentcli.core.row_losses import losses_of_probabilities, nll_of_probabilities
from xentcli.core.tiled_rows import LogitRows

Array = NDArray[Any]
Function = Callable[..., Any]

When = Literal["labels", "before", "peaks", "after", "rows"]
_ORDER: tuple[When, ...] = ("labels", "before", "peaks", "after", "rows")


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
        self.labels = labels
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


class Fact:
    """How a fact is computed; the attributes are the parameters of `fact`."""

    def __init__(
        self,
        name: str,
        function: Function,
        when: When,
        needs: tuple[str, ...],
        uses: tuple[str, ...],
        dtype: DTypeLike | None,
        *,
        gaps: bool,
        classes: bool,
        alone: bool,
    ) -> None:
        self.name = name
        self.function = function
        self.when = when
        self.needs = needs
        self.uses = uses
        self.dtype = dtype
        self.gaps = gaps
        self.classes = classes
        self.alone = alone

    def applies(self, given: Given) -> bool:
        """Whether all facts that it needs apply."""
        return all(given[name] is not None for name in self.needs)


_FACTS: dict[str, Fact] = {}


def fact(
    name: str,
    when: When = "rows",
    *,
    needs: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
    dtype: DTypeLike | None = np.float64,
    gaps: bool = False,
    classes: bool = False,
    alone: bool = False,
) -> Callable[[Function], Function]:
    """Register the decorated function, which computes a fact.

    Parameters
    ----------
    name : str
        The name of the fact.
    when : {'labels', 'before', 'peaks', 'after', 'rows'}
        When the function is called, and with what. 'labels': once, before the rows are read, with
        `Given`. 'before': with each tile of rows before it is overwritten, as `TileFacts` and an
        array (n, C). 'peaks': when the maxima of a tile are known, with `TileFacts` and `Peaks`.
        'after': when the exponentials of a tile are there, with `TileFacts` and `Exponentials`.
        'rows': once, after all rows were read, with `Given`. It returns an array (n,) or (N,);
        with 'rows' it may be something else that a metric makes of the rows.
    needs : tuple of str
        Facts from which it is computed; if one of them does not apply, neither does this one.
    uses : tuple of str
        Other facts from which it is computed, which may be None.
    dtype : dtype
        The dtype of an array that is filled tile by tile; None for that of the computation.
    gaps : bool
        Whether a function that is called 'after' needs the gaps whose exponentials are taken.
    classes : bool
        Whether a function that is called with 'peaks' needs short rows class by class.
    alone : bool
        With 'rows': whether it reads the rows by itself, without their normalizer. If all facts do
        so, the normalizer is not computed.

    Examples
    --------
    >>> from xentcli.core.labels import LossOptions
    >>> from xentcli.core.row_facts import fact, row_facts
    >>> @fact("doubt", needs=("rest",))
    ... def doubt(given):
    ...     return given["rest"] / (1.0 + given["rest"])
    >>> facts = row_facts(np.zeros((2, 4)), np.array([0, 1]), LossOptions(), ["doubt", "hit"])
    >>> facts["doubt"]
    array([0.75, 0.75])
    >>> facts["hit"]
    array([ True, False])
    """

    def registered(function: Function) -> Function:
        wants = {"gaps": gaps, "classes": classes, "alone": alone}
        _FACTS[name] = Fact(name, function, when, needs, uses, dtype, **wants)
        plan.cache_clear()
        return function

    return registered


def forget(name: str) -> None:
    """Remove a fact that was registered."""
    del _FACTS[name]
    plan.cache_clear()


@lru_cache  # every block asks for the same
def plan(names: tuple[str, ...]) -> tuple[Fact, ...]:
    """Return facts and all facts that they are computed from, in the order of computing them.

    Raises
    ------
    KeyError
        If there is no such fact.
    ValueError
        If a fact is needed before it can be computed.
    """
    found: dict[str, Fact] = {}

    def add(name: str) -> Fact:
        if name not in found:
            if name not in _FACTS:
                home = name if name in ("slopes", "held_out") else "measure_facts"
                import_module(f"xentcli.core.{home}")
            if name not in _FACTS:
                raise KeyError(f"there is no fact {name!r}")
            each = _FACTS[name]
            for other in (*each.needs, *each.uses):
                if other == name or _ORDER.index(add(other).when) > _ORDER.index(each.when):
                    raise ValueError(f"fact {name!r} needs {other!r}, which is computed later")
            found[name] = each
        return found[name]

    for name in names:
        add(name)
    return tuple(sorted(found.values(), key=lambda each: _ORDER.index(each.when)))
