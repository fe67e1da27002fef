"""What all public functions of the Python API do with what they are given, and with errors."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import wraps
from inspect import Parameter, signature
from typing import Any

from numpy import errstate, ndarray

from xentcli.errors import ArgumentError, InputError, MissingLabels, UsageError, XentError
from xentcli.pipeline.from_python.arguments import arguments_of, no_array, plain
from xentcli.pipeline.from_python.frames import check_frames, notes_of_frames
from xentcli.pipeline.from_python.python_hints import hint_in_python

_OF_OTHERS = (BufferError, RuntimeError, TypeError, ValueError)
"""What libraries raise if NumPy cannot read an array of theirs, as a sparse one."""
_ERRORS: dict[str, Any] = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
"""What NumPy does about errors unless told otherwise: an underflow to 0 is right, not an error."""
_NEAR = 0.55  # a little less than 'axis' is to 'class_axis'


def in_python(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a public function that refuses what its arguments do not take, and misleading arrays.

    It has hints in the words of Python; a hint is a note of its error, too. The function pickles
    as `xentcli` has it.
    """
    arguments = arguments_of(function)
    names = [*arguments]
    kinds = [each.kind for each in signature(function).parameters.values()]
    takes_more = Parameter.VAR_KEYWORD in kinds

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        try:
            if "numpy.ma" in sys.modules:
                _check_masks(tuple(given.values()))
            if len(args) + len(kwargs) > len(given):  # too many, or one of them twice
                return function(*args, **kwargs)
            if takes_more:
                _check_names(given, names)
            taken = {name: plain(name, arguments.get(name), given[name]) for name in given}
            check_frames(taken)
            with errstate(**_ERRORS):
                return _noted(function(**taken), notes_of_frames(taken))
        except XentError as error:
            _put_in_python(error, frozenset(names))
            raise
        except _OF_OTHERS as error:
            for name in filter(given.__contains__, names):
                if arguments[name] is None and (message := no_array(given[name])) is not None:
                    raise ArgumentError(f"{name}: {message}") from error
            raise

    public.__module__ = "xentcli"
    return public


def _put_in_python(error: XentError, names: frozenset[str]) -> None:
    """Put the options that an error names in the words of Python."""
    if isinstance(error, MissingLabels):  # its message names the ways to give them
        error.message = hint_in_python(error.message, names)
        error.args = (error.message,)
    if error.hint is not None:
        error.hint = hint_in_python(error.hint, names)
        error.add_note(f"hint: {error.hint}")


def _check_names(given: Iterable[str], names: Sequence[str]) -> None:
    """Raise UsageError if an argument has none of these names."""
    from difflib import get_close_matches

    for name in given:
        if name not in names:
            near = get_close_matches(name, names, 1, cutoff=_NEAR)
            hint = f"did you mean {near[0]}?" if near else None
            raise UsageError(f"there is no argument {name!r}", hint=hint)


def _noted(found: Any, notes: Iterable[str]) -> Any:
    """Return a result with further notes; one that has none, as an array, stays as it is."""
    if not hasattr(found, "notes") or not (more := tuple(notes)):
        return found
    every = (*found.notes, *more)
    if hasattr(found, "_replace"):  # a named tuple
        return found._replace(notes=every)
    return replace(found, notes=every)


def _check_masks(values: tuple[Any, ...]) -> None:
    """Raise InputError if an array has masked numbers, which would count as if they had no mask."""
    if any(map(_has_masked, values)):
        raise InputError(
            "an array has masked numbers, which have no meaning here",
            hint="fill them: labels.filled(-100) leaves rows out",
        )


def _has_masked(value: Any) -> bool:
    """Whether an array, one that dask computes, or one of those in a list has masked numbers."""
    from numpy.ma import MaskedArray, is_masked

    if isinstance(value, (list, tuple)):
        first = value
        while isinstance(first, (list, tuple)) and first:
            first = first[0]
        of_arrays = isinstance(first, ndarray)  # else rows of numbers, of which there may be many
        return any(_has_masked(each) for each in value if of_arrays or isinstance(each, ndarray))
    if isinstance(getattr(value, "_meta", None), MaskedArray):
        value = value.compute()
    return bool(is_masked(value))
