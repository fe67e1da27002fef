"""What labels that name no class may have meant."""

from collections.abc import Iterable, Sequence

_SHOWN = 5  # names in a hint


def hint_on_decimals(names: Sequence[str]) -> str:
    """Return what to do with labels that are numbers, which count classes of such names."""
    first = next(name for name in names if "." in name)
    return f"numbers count the classes from 0; a name is text, written as it is there: {first!r}"


def hint_on_name(name: str, names: Sequence[str]) -> str:
    """Return which class an unknown name may have meant, or the first ones that there are."""
    near = _nearest(name, names)
    few = ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")
    return f"did you mean {near!r}?" if near else f"there are {few}"


def _nearest(name: str, names: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    for other in names:
        if other.casefold() == name.casefold():
            return other
    near = get_close_matches(name, names, 1)
    return near[0] if near else None
