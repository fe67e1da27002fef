"""Arrays that a pickle describes: where each is, and the source that reads it."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.arrays import ArraySource
from xentcli.formats.base import IndexedSource, MemorySource, ReadOptions
from xentcli.formats.pickled.strided import StridedSource
from xentcli.formats.stored import Stored
from xentcli.storage.inputs import Input

_TO_NUMPY = "numpy.save('a.npy', tensor.{}.cpu().numpy())"


class Leaf(Protocol):
    """One array of a file, which has not been read yet."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    @property
    def dtype_name(self) -> str:
        """The name of its dtype."""

    def open(self, data: Input, name: str, format_: str, options: ReadOptions) -> IndexedSource:
        """Return the source that reads it; its numbers may stand in another input than the file."""


class Placed(NamedTuple):
    """Numbers that stand in a file, at the steps of some strides. It keeps no file open."""

    apart: Input | None
    """What holds them, if it is not the file itself."""
    stored: Stored
    """How they are stored, apart from their place."""
    offset: int
    """Where they begin in what holds them."""
    strides: tuple[int, ...]
    """The steps from one to the next, counted in numbers."""
    check: Callable[[Input], None] | None = None
    """What raises InputError if they are damaged, in that file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.stored.shape

    @property
    def dtype_name(self) -> str:
        """The name of the dtype that the file means."""
        return self.stored.dtype_name

    def open(self, data: Input, name: str, format_: str, options: ReadOptions) -> IndexedSource:
        """Return the array in place."""
        if self.check is not None:
            self.check(data)
        held = self.apart or data
        stored = stored_in(held, self.stored, name, options)._replace(offset=self.offset)
        source: IndexedSource
        if is_c_order(self.shape, self.strides):
            source = ArraySource(held, stored, format_, name)
        elif is_c_order(self.shape[::-1], self.strides[::-1]):
            source = ArraySource(held, stored._replace(fortran_order=True), format_, name)
        else:
            source = StridedSource(held, stored, self.strides, format_, name)
        source.size, source.unchanged = data.size, data.check_unchanged
        return source


def stored_in(held: Input, stored: Stored, name: str, options: ReadOptions) -> Stored:
    """Return how an array is stored in what holds it, as the user says it is to be read."""
    if stored.dtype.kind == "U" and not options.takes_names:
        raise InputError(f"{name}: an array of text does not hold numbers")
    stored = stored.as_input_dtype(options.input_dtype, name)
    return stored._replace(data_bytes=held.size or 0)


@lru_cache
def is_c_order(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether strides are of C order, wherever an axis has more than one place."""
    if 0 in shape:
        return True
    steps = zip(shape, strides, _c_strides(shape), strict=True)
    return all(mine == other for n, mine, other in steps if n > 1)


def _c_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def placed(
    apart: Input | None,
    offset: int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    fortran: bool = False,
) -> Placed:
    """Return an array whose numbers stand side by side."""
    strides = _c_strides(shape[::-1])[::-1] if fortran else _c_strides(shape)
    return Placed(apart, Stored(shape, dtype, 0, 0), offset, strides)


class LooseValues(NamedTuple):
    """Numbers or text that stand in the pickle one by one, and so are in memory."""

    values: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.values.shape

    @property
    def dtype_name(self) -> str:
        """The name of the dtype."""
        return "text" if self.is_text else self.values.dtype.name

    @property
    def is_text(self) -> bool:
        """Whether it holds text, which may stand side by side as the pickle has it."""
        return self.values.dtype.kind in "OU"

    def open(self, data: Input, name: str, format_: str, options: ReadOptions) -> IndexedSource:
        """Return the array."""
        if self.is_text and not options.takes_names:
            raise InputError(f"{name}: text, which is not numbers")
        source = MemorySource(name, self.values.astype(object) if self.is_text else self.values)
        source.format, source.stored_dtype = format_, self.dtype_name
        source.size, source.unchanged = data.size, data.check_unchanged
        return source


class Unread(NamedTuple):
    """Something that is not read."""

    what: str
    cure: str | None = None
    shape: tuple[int, ...] = ()

    @property
    def dtype_name(self) -> str:
        """What it is."""
        return self.what

    def open(self, data: Input, name: str, format_: str, options: ReadOptions) -> IndexedSource:
        """Raise InputError."""
        del data, format_, options
        raise InputError(f"{name}: {self.what} is not read", hint=self.cure)


def tensor_of(kind: str, method: str = "float()") -> Unread:
    """Return a tensor of a kind that is not read, and the method that makes a plain one of it."""
    return Unread(kind, f"in Python: {_TO_NUMPY.format(method)}")
