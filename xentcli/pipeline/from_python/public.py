"""What all public functions of the Python API do with what they are given, and with errors."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from xentcli.errors import InputError, XentError
from xentcli.pipeline.from_python.frames import check_frames
from xentcli.pipeline.from_python.python_hints import arguments_of, hint_in_python


def in_python(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a public function with hints in the words of Python, which refuses misleading arrays.

    A hint is a note of its error, too. The function pickles as `xentcli` has it.
    """

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        try:
            if "numpy.ma" in sys.modules:
                _check_masks((*args, *kwargs.values()))
            check_frames((*args, *kwargs.values()))
            return function(*args, **kwargs)
        except XentError as error:
            if error.hint is not None:
                error.hint = hint_in_python(error.hint, arguments_of(function))
                error.add_note(f"hint: {error.hint}")
            raise

    public.__module__ = "xentcli"
    return public


def _check_masks(values: tuple[Any, ...]) -> None:
    """Raise InputError if an array has masked numbers, which would count as if they had no mask."""
    from numpy.ma import is_masked

    pairs = (each for value in values if isinstance(value, tuple) for each in value)
    if any(map(is_masked, (*values, *pairs))):
        raise InputError(
            "an array has masked numbers, which have no meaning here",
            hint="fill them: labels.filled(-100) leaves rows out",
        )
