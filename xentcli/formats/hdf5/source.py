"""Reads datasets of HDF5 files: in place where their numbers stand side by side, else in chunks."""

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.arrays import ArraySource
from xentcli.formats.base import IndexedSource, MemorySource, ReadOptions, Source, Table
from xentcli.formats.contents import Content
from xentcli.formats.hdf5.library import h5py, understood
from xentcli.formats.hdf5.packed import check_none_missing, check_unpacked, missing_in
from xentcli.formats.hdf5.paths_within import Dataset, datasets_of
from xentcli.formats.keys import by_name, choose, notes_of, shown
from xentcli.formats.stored import Stored, is_possible
from xentcli.storage.inputs import Input

_LARGEST_STEP_BYTES = 2**25  # the most that whole chunks take that are read at once
_MOST_CHUNK_BYTES = 2**28  # a chunk is decompressed whole
_MOST_TEXT_BYTES = 2**26
_FIRST_TEXTS = 5
_NOT_READ = "cannot be read"


def open_source(data: Input, options: ReadOptions) -> Source:
    """Open a dataset of a file."""
    data = data.spooled()
    found, links = datasets_of(data)
    named = options.key or by_name([*found, *links], options)
    if named in links:
        raise InputError(f"{data.name}:{shown(named)}: {links[named]} is not followed")
    key = choose(data.name, found, options, lambda key: f"{found[key].shape} {_dtype(found[key])}")
    name = f"{data.name}:{shown(key)}"
    with understood(name, InputError, _NOT_READ):
        source = _opened(data, found[key], name, options)
    source.size, source.unchanged = data.file_size, data.check_unchanged
    source.notes += notes_of(data.name, found, options, key)
    return source


def contents(data: Input) -> list[Content]:
    """Return the datasets of a file, if there are several, and the links that are not followed."""
    found, links = datasets_of(data)
    if len(found) + len(links) < 2:
        return []
    listed = [
        Content(key, each.shape, _dtype(each), key=key, texts=_first_texts(data, each))
        for key, each in found.items()
    ]
    return listed + [Content(key, (), what, key=key) for key, what in links.items()]


def _dtype(dataset: Dataset) -> str:
    try:
        return dataset.dtype_name
    except TypeError:  # one that NumPy does not have
        return "unknown"


def _first_texts(data: Input, dataset: Dataset) -> tuple[str, ...]:
    """Return the first values of text."""
    try:
        if not dataset.is_text or dataset.array.ndim != 1:
            return ()
        with understood(data.name, InputError, _NOT_READ):
            return tuple(map(str, dataset.array.asstr(errors="replace")[:_FIRST_TEXTS]))
    except (InputError, TypeError):
        return ()


def _opened(data: Input, dataset: Dataset, name: str, options: ReadOptions) -> IndexedSource:
    """Return what reads a dataset."""
    array = dataset.array
    if array.is_virtual or array.external:
        raise InputError(
            f"{name}: its numbers are in other files", hint="h5repack writes them into one file"
        )
    if array.shape is None or (dataset.is_matlab and "MATLAB_empty" in array.attrs):
        raise InputError(f"{name}: it is empty")
    if dataset.is_text:
        return _text(dataset, name, options)
    values = dataset.value_names
    if values and (
        options.names or (options.takes_names and _are_classes(values, options.classes, name))
    ):
        return _names(dataset, name)
    dtype = array.dtype
    if dtype.kind not in "fiub" or not is_possible(dataset.shape, dtype.itemsize):
        raise InputError(f"{name}: an array of {dtype} does not hold real numbers")
    check_unpacked(array.attrs, name)
    missing = {} if options.takes_names else missing_in(array.attrs)  # labels are known or an error
    offset = array.id.get_offset()
    # A type that NumPy has not, such as a shorter float, is read as one that it has.
    as_numpys = array.id.get_type().equal(h5py().h5t.py_create(dtype))
    if offset is None or array.chunks is not None or not as_numpys or dtype.kind == "b" or missing:
        return Hdf5Source(data, dataset, name, missing)
    size = data.size or 0
    stored = Stored(
        dataset.shape, dtype, 0, size, int(offset), fortran_order=dataset.is_matlab
    ).as_input_dtype(options.input_dtype, name)
    if offset + math.prod(dataset.shape) * dtype.itemsize > size:
        raise InputError(f"{name}: the file is cut off")
    return ArraySource(data, stored, "hdf5", name)


def _text(dataset: Dataset, name: str, options: ReadOptions) -> IndexedSource:
    """Return text, which labels may be, in memory."""
    if not options.takes_names:
        raise InputError(f"{name}: text, which is not numbers")
    _check_fits(dataset.array.size * dataset.array.dtype.itemsize, name)
    return _held(dataset, np.asarray(dataset.array.asstr()[()], object), name)


def _are_classes(names: dict[int, str], classes: tuple[str, ...], what: str) -> bool:
    """Return whether each name of a value is that of a class, or what it ends in.

    Raises
    ------
    InputError
        If only some are, and one of these is not the class of its number.
    """
    known = {i: n for i, n in names.items() if any(c.endswith(n) for c in classes)}
    if len(known) in (0, len(names)) or len(classes) < 2:
        return bool(known) and len(known) == len(names)
    for i, name in known.items():
        if not 0 <= i < len(classes) or not classes[i].endswith(name):
            other = next(n for n in names.values() if n not in known.values())
            raise InputError(
                f"{what}: {name!r} is the number {i}, and is not the class of this number; "
                f"{other!r} is no class",
                hint="write the labels as text, or as numbers in the order of the classes",
            )
    return False


def _names(dataset: Dataset, name: str) -> IndexedSource:
    """Return the names of the values of an enumeration, whose numbers count no classes."""
    _check_fits(dataset.array.size * np.dtype(object).itemsize, name)
    values, places = np.unique(np.asarray(dataset.array[()]), return_inverse=True)
    texts = np.array([dataset.value_names.get(v, str(v)) for v in values.tolist()], object)
    return _held(dataset, texts[places].reshape(dataset.array.shape), name)


def _check_fits(text_bytes: int, name: str) -> None:
    if text_bytes > _MOST_TEXT_BYTES:
        raise InputError(f"{name}: more than {_MOST_TEXT_BYTES} bytes of text")


def _held(dataset: Dataset, texts: NDArray[Any], name: str) -> IndexedSource:
    source = MemorySource(name, texts.T if dataset.is_matlab else texts)
    source.format, source.stored_dtype = "hdf5", "text"
    return source


class Hdf5Source(IndexedSource):
    """A dataset in chunks, of which any slice is read."""

    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged", "_array", "_data")

    def __init__(self, data: Input, dataset: Dataset, name: str, missing: dict[str, float]) -> None:
        self.name, self.format, self.notes = name, "hdf5", []
        self._missing = missing
        self.shape, self.dtype = dataset.shape, dataset.array.dtype
        self.stored_dtype = dataset.dtype_name
        self._data, self._array, self._is_matlab = data, dataset.array, dataset.is_matlab
        chunks: tuple[int, ...] = tuple(dataset.array.chunks or ())
        self._chunks = chunks[::-1] if dataset.is_matlab else chunks
        chunk_bytes = math.prod(chunks) * self.dtype.itemsize
        if chunk_bytes > _MOST_CHUNK_BYTES:
            raise InputError(
                f"{name}: chunks of {chunk_bytes} bytes", hint="h5repack -l writes smaller ones"
            )

    def step(self, rows: int, axis: int) -> int:
        """Return how many slices to read at a time: whole chunks, where they are not too many."""
        if not self._chunks:
            return rows
        chunk = self._chunks[axis]
        others = [n or 0 for i, n in enumerate(self.shape) if i != axis]
        most = _LARGEST_STEP_BYTES // max(1, math.prod(others) * self.dtype.itemsize)
        if chunk > max(rows, most):
            return rows
        return max(rows // chunk, 1) * chunk

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read any slices of an axis."""
        with understood(self.name, InputError, _NOT_READ):
            if not self.shape:
                return Table(np.asarray(self._array[()]))
            stored_axis = len(self.shape) - 1 - axis if self._is_matlab else axis
            where = (slice(None),) * stored_axis + (slice(start, start + rows),)
            values = np.asarray(self._array[where])
        if self._missing:
            first = start if stored_axis == 0 else None
            check_none_missing(values, self._missing, self.name, first)
        return Table(values.T if self._is_matlab else values)
