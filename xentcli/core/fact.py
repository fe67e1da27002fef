"""The registry of facts of rows, each of which is one small function with a name.

`facts` holds the facts of xent; `row_facts` computes those that are asked for.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import DTypeLike

if TYPE_CHECKING:
    from xentcli.core.given import Given

Function = Callable[..., Any]

When = Literal["labels", "before", "peaks", "after", "rows"]
_ORDER: tuple[When, ...] = ("labels", "before", "peaks", "after", "rows")
_PACKAGE = "xentcli.core."
_HOMES = {"slopes": "slopes", "held_out": "held_out"}
"""The modules of facts that calibration alone needs. They and `measure_facts`, which has all other
facts besides the loss, are imported when one of their facts is asked for: a start takes less time.
"""
_EVERY_HOME = ("facts", "measure_facts", *_HOMES.values())


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

    def applies(self, given: "Given") -> bool:
        """Whether all facts that it needs apply."""
        return all(given[name] is not None for name in self.needs)


class UnknownFactError(KeyError):
    """There is no fact of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is no fact {self.name!r}"


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

    Raises
    ------
    ValueError
        If the name is no text, `when` is none of these, what it is computed from is no tuple, the
        dtype is none of numbers, or another module has a fact of this name.

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
    >>> forget("doubt")
    """
    if not isinstance(name, str):
        raise ValueError(f"a fact has a name: @fact('my_fact'), not @fact or {name!r}")
    if when not in _ORDER:
        raise ValueError(f"the fact {name!r}: when={when!r} is none of {', '.join(_ORDER)}")
    if not (isinstance(needs, tuple) and isinstance(uses, tuple)):
        raise ValueError(f"the fact {name!r}: needs and uses are tuples of facts")
    if dtype is not None and _kind_of(dtype) not in "biuf":
        raise ValueError(f"the fact {name!r}: dtype={dtype!r} is no dtype of numbers")

    def registered(function: Function) -> Function:
        if not function.__module__.startswith(_PACKAGE):
            for home in _EVERY_HOME:
                import_module(f"{_PACKAGE}{home}")
        before = _FACTS.get(name)
        if before is not None and before.function.__module__ != function.__module__:
            raise ValueError(
                f"there is a fact {name!r} in {before.function.__module__}: give yours another name"
            )
        wants = {"gaps": gaps, "classes": classes, "alone": alone}
        _FACTS[name] = Fact(name, function, when, needs, uses, dtype, **wants)
        plan.cache_clear()
        return function

    return registered


def _kind_of(dtype: DTypeLike) -> str:
    try:
        return np.dtype(dtype).kind
    except TypeError:
        return "?"


def forget(name: str) -> None:
    """Remove a fact that was registered."""
    del _FACTS[name]
    plan.cache_clear()


def names() -> tuple[str, ...]:
    """Return the names of the facts whose modules have been imported."""
    return tuple(_FACTS)


@lru_cache  # every block asks for the same
def plan(names: tuple[str, ...]) -> tuple[Fact, ...]:
    """Return facts and all facts that they are computed from, in the order of computing them.

    Raises
    ------
    KeyError
        If there is no such fact.
    ValueError
        If a fact is needed before it can be computed, or needs itself.
    """
    found: dict[str, Fact] = {}

    def add(name: str, needed_by: tuple[str, ...] = ()) -> Fact:
        if name in needed_by:
            through = " through ".join(map(repr, needed_by[needed_by.index(name) + 1 :]))
            through = through and f" through {through}"
            raise ValueError(f"the fact {name!r} needs itself{through}")
        if name not in found:
            if name not in _FACTS:
                import_module(f"xentcli.core.{_HOMES.get(name, 'measure_facts')}")
            if name not in _FACTS:
                raise UnknownFactError(name)
            each = _FACTS[name]
            for other in (*each.needs, *each.uses):
                if _ORDER.index(add(other, (*needed_by, name)).when) > _ORDER.index(each.when):
                    raise ValueError(f"the fact {name!r} needs {other!r}, which is computed later")
            found[name] = each
        return found[name]

    for name in names:
        add(name)
    return tuple(sorted(found.values(), key=lambda each: _ORDER.index(each.when)))
