"""What gates and pages need besides: states of which only some have it are merged without it."""

from dataclasses import replace
from typing import Any, TypeVar

from xentcli.metrics.interface import States
from xentcli.pipeline.measures.measure_plan import metric_name_of
from xentcli.pipeline.saved_states.state_options import BESIDES, Asked, PairAsked

_PICTURES = "pictures"
_MADE = {_PICTURES: ("pair_pictures",), "suspects": ("class_confidence",)}
"""The states of what is no measure of one read, by its name."""
_OfEither = TypeVar("_OfEither", Asked, PairAsked)


def asked_of_both(one: _OfEither, two: _OfEither) -> _OfEither:
    """Return what two states that belong together were both asked for.

    Where the lengths of rows differ, rows are padded, and the longer row is that of both.
    """
    return replace(one, options=_of_both(one.options, two.options), shape=max(one.shape, two.shape))


def _of_both(one: Any, two: Any) -> Any:
    both: dict[str, Any] = {}
    for name in (each for each in BESIDES if each in one._fields):
        here, there = getattr(one, name), getattr(two, name)
        pictures = name == _PICTURES
        both[name] = here and there if pictures else tuple(n for n in here if n in there)
    return one._replace(**both)


def in_one_alone(
    one: Asked | PairAsked | None, two: Asked | PairAsked | None, here: States, there: States
) -> tuple[tuple[str, ...], bool]:
    """Return the measures, tables and pictures whose states only one of two runs kept.

    Also return whether that is all in which their states differ.
    """
    lost = here.states.keys() ^ there.states.keys()
    asked = [_besides_of(each) for each in (one, two)]
    names = [name for each in asked for name in each if not all(name in other for other in asked)]
    behind = {name: {*_MADE.get(name, (metric_name_of(name),))} & lost for name in names}
    return tuple(n for n in names if behind[n]), lost == set().union(*behind.values())


def _besides_of(asked: Asked | PairAsked | None) -> tuple[str, ...]:
    if asked is None:
        return ()
    if isinstance(asked, Asked):
        return asked.options.also
    return asked.options.besides + (_PICTURES,) * asked.options.pictures


def merged_states(one: States, two: States) -> States:
    """Return the states of both's rows that both have."""
    names = [name for name in one.states if name in two.states]
    both = (States({name: each.states[name] for name in names}) for each in (one, two))
    here, there = both
    return here.merge(there)
