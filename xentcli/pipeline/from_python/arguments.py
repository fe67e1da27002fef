"""What the arguments of public functions take, by their annotations.

Plain Python values are made of what is given, as an int of a scalar of NumPy, so that nothing
further in has to ask what it has got.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import Parameter, signature
from os import PathLike
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import DTypeLike

from xentcli.errors import ArgumentError
from xentcli.results.temperature import FittedTemperature
from xentcli.text import shortened

_SHOWN_CHARACTERS = 60
_OF_TORCH_ALONE = "torch.bfloat16", "torch.float8"


class Argument(NamedTuple):
    """What an argument takes.

    Attributes
    ----------
    words : str
        What it takes, in words; and what several of these are called.
    plain : callable
        Makes a plain value of what is given. It raises TypeError or ValueError for anything else.
    """

    words: str
    plain: Callable[[Any], Any]


def arguments_of(function: Callable[..., Any]) -> dict[str, Argument | None]:
    """Return what each argument of a function takes; None where that is any array.

    Further arguments are annotated with the classes whose fields they are. What an annotation says
    besides is a word of advice.
    """
    hints = get_type_hints(function, include_extras=True)
    found: dict[str, Argument | None] = {}
    for name, parameter in signature(function).parameters.items():
        if parameter.kind is Parameter.VAR_KEYWORD:
            for kind in get_args(hints[name])[1:]:
                more = get_type_hints(kind, include_extras=True)
                found |= {each: argument_of(hint) for each, hint in more.items()}
        else:
            found[name] = argument_of(hints[name])
    return found


def plain(name: str, argument: Argument | None, value: Any) -> Any:
    """Return the plain value of what is given for an argument.

    Raises
    ------
    ArgumentError
        If the argument does not take it.
    """
    if argument is None:
        if isinstance(value, Iterator) and not hasattr(value, "__array__"):
            hint = "give its name" if hasattr(value, "read") else f"{name}=list(...)"
            raise ArgumentError(f"{name} takes an array or a list, not {_shown(value)}", hint=hint)
        return without_torch(value)
    try:
        return argument.plain(value)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{name} takes {argument.words}, not {_shown(value)}") from None


def _shown(value: Any) -> str:
    return shortened(" ".join(repr(value).split()), _SHOWN_CHARACTERS)


def without_torch(value: Any) -> Any:
    """Return the numbers of a tensor of PyTorch as NumPy takes them, and anything else as it is.

    They may be on a graphics card, need a gradient, or be of a float that NumPy lacks: a float32
    holds each number of these.
    """
    if isinstance(value, (list, tuple)) and value and _is_tensor(value[0]):
        return [without_torch(each) for each in value]
    if not _is_tensor(value):
        return value
    numbers = value.detach().cpu()
    return numbers.float() if str(numbers.dtype).startswith(_OF_TORCH_ALONE) else numbers


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "detach") and hasattr(value, "cpu")  # an open file can be detached, too


def no_array(value: Any) -> str | None:
    """Return why no array can be made of a value, such as a sparse tensor; None if one can."""
    try:
        np.asarray(without_torch(value))
    except Exception as error:  # noqa: BLE001 - of whatever library made it
        if isinstance(value, (list, tuple)) and isinstance(error, ValueError):
            return "no array can be made of lists of different lengths"
        said = " ".join(str(error).split())
        return f"no array can be made of a {type(value).__name__}: {said}"
    return None


def argument_of(hint: Any) -> Argument | None:
    """Return what an annotation says; None if it is an array, or may be one.

    Examples
    --------
    >>> argument_of(int | Sequence[int] | None).words
    'a whole number, a list of whole numbers or None'
    """
    if hint in (DTypeLike, DTypeLike | None):  # they are the same before NumPy 2.4
        return Argument("a dtype", _dtype)
    union = get_origin(hint) in (Union, UnionType)
    kinds = [_kind_of(each) for each in (get_args(hint) if union else (hint,))]
    known = [each for each in kinds if each is not None]
    if len(known) < len(kinds):
        return None
    *first, last = dict.fromkeys(each.words for each in known)
    words = f"{', '.join(first)} or {last}" if first else last
    return Argument(words, lambda value: _first_of(known, value))


def _first_of(kinds: Iterable[Argument], value: Any) -> Any:
    for kind in kinds:
        try:
            return kind.plain(value)
        except (TypeError, ValueError, OverflowError):
            continue
    raise TypeError


def _kind_of(hint: Any) -> Argument | None:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated and (kind := _kind_of(inner[0])) is not None:
        return kind._replace(words=f"{kind.words} ({inner[1]})")
    if origin is Literal:
        *first, last = map(repr, inner)
        words = f"{', '.join(first)} or {last}" if first else last
        return Argument(words, lambda value: _one_of(inner, value))
    if origin is Sequence and (each := argument_of(inner[0])) is not None:
        several = _SEVERAL.get(inner[0], "a list of these")
        return Argument(several, lambda value: tuple(map(each.plain, _members(value))))
    if origin is tuple:
        return Argument("a pair of arrays or files", lambda value: _pair(value, len(inner)))
    if origin is PathLike:
        return Argument("a path", _path)
    return _PLAIN.get(hint)


def _whole(value: Any) -> int:
    if isinstance(value, (bool, np.bool_)):
        raise TypeError
    return operator.index(value)


def _fitted(value: Any) -> FittedTemperature:
    if not isinstance(value, FittedTemperature):
        raise TypeError
    return value


def _number(value: Any) -> float:
    if isinstance(value, (bool, np.bool_, str, bytes)) or np.ndim(value):
        raise TypeError
    return float(value)


def _flag(value: Any) -> bool:
    if np.ndim(value) or value not in (False, True):
        raise TypeError
    return bool(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _path(value: Any) -> Any:
    if not isinstance(value, PathLike):
        raise TypeError
    return value


def _dtype(value: Any) -> Any:
    return None if value is None else np.dtype(value)


def _slice(value: Any) -> Any:
    if not isinstance(value, slice):
        raise TypeError
    ends = (value.start, value.stop, value.step)
    return slice(*(None if each is None else _whole(each) for each in ends))


def _none(value: Any) -> None:
    if value is not None:
        raise TypeError


def _one_of(choices: Sequence[Any], value: Any) -> Any:
    if not isinstance(value, str) or value not in choices:
        raise TypeError
    return str(value)


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError
    return value


def _pair(value: Any, length: int) -> Any:
    if not isinstance(value, (list, tuple)) or len(value) != length:
        raise TypeError
    return tuple(map(without_torch, value))


_PLAIN: dict[Any, Argument] = {
    int: Argument("a whole number", _whole),
    float: Argument("a number", _number),
    bool: Argument("True or False", _flag),
    str: Argument("text", _text),
    slice: Argument("a slice", _slice),
    NoneType: Argument("None", _none),
    FittedTemperature: Argument("the result of calibrate", _fitted),
}
_SEVERAL = {
    int: "a list of whole numbers",
    float: "a list of numbers",
    str: "a list of texts",
}
