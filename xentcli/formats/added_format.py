"""What a format from outside, and a source that it gives, must have."""

from collections.abc import Callable
from typing import Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.base import Format
from xentcli.formats.sources import IndexedSource, Source, StreamSource

_HINT = "what a format that is added to xent must have: xent help design"
_KINDS = "biufUSO"  # numbers, and the text of labels


def check_format(format_: Any) -> None:
    """Raise ValueError if something is no format, or one that no file could be in."""
    if not isinstance(format_, Format):
        raise ValueError(f"register takes a Format, not {format_!r}")
    name: Any = format_.name
    if not (isinstance(name, str) and name):
        raise ValueError(f"a format has a name, not {name!r}")
    extensions: Any = format_.extensions
    if not isinstance(extensions, tuple) or not all(map(_is_extension, extensions)):
        raise ValueError(
            f"the format {name!r}: extensions are like ('.idx',), in small letters, "
            f"not {extensions!r}"
        )
    for field in ("recognises", "open_source"):
        if not callable(getattr(format_, field)):
            raise ValueError(f"the format {name!r}: {field} is a function")
    requires: Any = format_.requires
    if requires is not None and not (isinstance(requires, tuple) and len(requires) == 2):
        raise ValueError(f"the format {name!r} requires ('module', 'extra'), not {requires!r}")


def _is_extension(extension: Any) -> bool:
    return isinstance(extension, str) and extension[:1] == "." and extension == extension.lower()


def check_source(source: Any, name: str) -> None:
    """Raise InputError if it is no source of the file `name`, or lacks what every source has."""
    gives = None
    if not isinstance(source, (IndexedSource, StreamSource)):
        gives = f"{type(source).__name__}, which is no source"
    elif lacks := [each for each in Source.__annotations__ if not hasattr(source, each)]:
        gives = f"a source without {', '.join(lacks)}"
    elif not (isinstance(source.dtype, np.dtype) and _is_shape(source.shape)):
        found = f"the shape {source.shape!r} and the dtype {source.dtype!r}"
        gives = f"{found}, where a tuple of int and a np.dtype belong"
    elif source.dtype.kind not in _KINDS:
        gives = f"the dtype {source.dtype}, which is none of numbers or text"
    else:
        for attribute, wanted, fits in _ATTRIBUTES:
            if not fits(getattr(source, attribute)):
                gives = f"{attribute} = {getattr(source, attribute)!r}, where {wanted} belongs"
        columns, lengths = source.columns, source.shape[1:]
        if gives is None and columns is not None and len(columns) != (lengths or (1,))[-1]:
            gives = f"{len(columns)} names of columns for the shape {source.shape!r}"
    if gives:
        raise InputError(f"{name}: its format gives {gives}", hint=_HINT)


def _is_shape(shape: Any) -> bool:
    """Whether it is a tuple of lengths; only the first may be None, as that of a stream."""
    if not isinstance(shape, tuple):
        return False
    lengths = shape[1:] if shape[:1] == (None,) else shape
    return all(type(length) is int and length >= 0 for length in lengths)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_size(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 0)


def _are_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_is_text, value))


def _are_names(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and _are_texts(value))


_ATTRIBUTES: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("name", "text", _is_text),
    ("format", "text", _is_text),
    ("stored_dtype", "the name of a dtype", _is_text),
    ("size", "a number of bytes or None", _is_size),
    ("notes", "a list of text", _are_texts),
    ("columns", "a tuple of text", _are_names),
)
