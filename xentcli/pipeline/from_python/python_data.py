"""What the functions of the Python API are given: arrays, or the names of files."""

from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Number
from os import PathLike, fsdecode
from typing import Annotated, Any, Literal, Self, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xentcli.core.dtypes import is_bfloat16
from xentcli.core.labels import as_weight, real_numbers
from xentcli.core.object_arrays import array_of
from xentcli.errors import InputError, UsageError
from xentcli.formats.base import MemorySource, Source, read_whole
from xentcli.formats.files import open_files
from xentcli.pipeline.inputs.beside_files import open_weights
from xentcli.pipeline.inputs.heads import heads_from, with_head
from xentcli.pipeline.inputs.labelled import LabelOptions, Opening, open_both
from xentcli.pipeline.inputs.reading import Reader
from xentcli.records import Record
from xentcli.storage.paths import are_files
from xentcli.text import shortened

Name = str | PathLike[str]
Data = ArrayLike | Name | Sequence[Name]


class ReadingArguments(TypedDict, total=False):
    """How files are read, and what makes logits of hidden states."""

    format: str | None
    delimiter: str | None
    encoding: str | None
    decimal: Literal[".", ","]
    header: bool | None
    columns: str | int | Sequence[str | int] | None
    drop: str | int | Sequence[str | int] | None
    key: str | None
    input_dtype: Literal["bfloat16"] | None
    lm_head: Name | Sequence[Name | None] | None
    layer: int | None
    final_norm: bool
    logit_scale: float | None
    softcap: float | None
    head_bias: Name | None
    logits_dtype: Literal["float32", "bfloat16", "float16"]


HowRead = Annotated[Any, ReadingArguments]
"""Further arguments of a function, by their names."""
_OF_ALL = ("delimiter", "encoding", "decimal", "header")
_OF_LOGITS = ("columns", "drop", "key", "input_dtype")


def names_of_files(data: Any) -> list[str] | None:
    """Return the names of files, which may be patterns; None for an array."""
    if _is_name(data):
        return [_name(data)]
    if isinstance(data, (list, tuple)) and data:
        return [*map(_name, data)] if all(map(_is_name, data)) else None
    return None


def _name(data: Name) -> str:
    """Return the name of a file as text.

    Raises
    ------
    InputError
        If no file can have it.
    """
    name = fsdecode(data)
    if "\0" in name:
        raise InputError(f"{name!r}: no file can have this name")
    return name


class GivenRows(Record):
    """Rows and their labels as a function is given them: arrays, or the names of files.

    Attributes
    ----------
    rows, labels : array_like, str, path, or list of these names, or None
        What was given.
    files, label_files : list of str or None
        The names of their files, which may be patterns; None for an array, or if nothing was given.
    """

    rows: Any
    labels: Any
    files: list[str] | None
    label_files: list[str] | None

    @classmethod
    def of(cls, rows: Any, labels: Any) -> Self:
        """Look at what is given: a list of text beside an array is the name of each row's class.

        It is files where it cannot be that: paths, or names of files of another number than rows.
        """
        files = names_of_files(rows)
        classes = rows is not None and files is None and isinstance(labels, (list, tuple))
        if classes and _are_files(labels, len(rows) if hasattr(rows, "__len__") else None):
            classes = False
        return cls(rows, labels, files, None if classes else names_of_files(labels))


def _are_files(names: Sequence[Any], rows: int | None) -> bool:
    """Whether a list beside an array of so many rows names files, and no classes."""
    if names and all(isinstance(each, PathLike) for each in names):
        return True
    return len(names) != rows and all(isinstance(each, str) and are_files(each) for each in names)


def _is_name(value: Any) -> bool:
    return isinstance(value, (str, PathLike))


def reader_of(reading: Mapping[str, Any], kind: str = "logits") -> Reader:
    """Return what opens files of this kind as the arguments say."""
    (reader,) = readers_of(reading, [kind])
    return reader


def readers_of(reading: Mapping[str, Any], kinds: Sequence[str]) -> list[Reader]:
    """Return what opens the files of each of several models that hold these kinds."""
    reader = _without_head(reading)
    heads = heads_from(reading, kinds)
    return [reader._replace(common={**reader.common, "head": head}) for head in heads]


def _without_head(reading: Mapping[str, Any]) -> Reader:
    common = {name: reading[name] for name in _OF_ALL if name in reading}
    values = {name: reading[name] for name in _OF_LOGITS if reading.get(name) is not None}
    for name in ("columns", "drop"):
        if name in values:
            several = isinstance(values[name], tuple)
            values[name] = tuple(map(str, values[name] if several else (values[name],)))
    return Reader(reading.get("format"), common, values)


def weights_source(
    data: Data | None, reader: Reader, rows: Source, labels: Source | None
) -> Source | None:
    """Open the weights of rows, if they have any: a file, which may have their ids, or an array."""
    if data is None:
        return None
    files = names_of_files(data)
    if files is None:
        values = as_weight(np.asarray(data), "sample_weight")
        return MemorySource("sample_weight", np.asarray(values))
    return open_weights(files, reader.labels, rows, labels)


def open_data(
    given: GivenRows,
    reader: Reader,
    options: LabelOptions,
) -> tuple[Source, Source | None]:
    """Open rows and labels: files, arrays, or one of each."""
    logits, labels, files, label_files = given
    how = Opening(reader, options)
    if files is not None and (labels is None or label_files is not None):
        return open_both(files, label_files, how)
    if labels is None:
        raise UsageError("an array of logits needs labels")
    file_of = partial(reader.file, id_column=options.id_column, goes_with=True)
    rows = open_files(files, file_of) if files else rows_source("logits", logits, reader)
    if label_files is None:
        if rows.id_column is not None:
            what = f"labels: there is no column {rows.id_column!r}: rows are matched by place"
            rows.notes = [*rows.notes, what]
        return rows, array_source("labels", labels)
    names = options.classes or rows.columns or ()
    return rows, how.open(label_files, partial(how.labels, classes=names))


def labels_array(data: Any) -> NDArray[Any]:
    """Return labels as an array: numbers or names.

    Raises
    ------
    InputError
        For complex numbers, dates and times.
    """
    values = array_of(data, "labels")
    return real_numbers(values, "labels") if values.dtype.kind in "cmM" else values


def array_source(name: str, data: Any) -> MemorySource:
    """Return an array of rows or labels, or what can be made one, as a source."""
    if name == "labels":
        return MemorySource(name, labels_array(data))
    values = array_of(data, name)
    if values.dtype == object:
        raise UsageError(f"{name}: an array of numbers is needed, not of {_objects_in(values)}")
    return MemorySource(name, real_numbers(values, name))


def _objects_in(values: NDArray[Any]) -> str:
    """Say why objects are no numbers: name the first that is none, and no row of them."""
    others = (each for each in values.flat if not isinstance(each, (Number, list, np.ndarray)))
    for other in others:
        return f"objects such as {shortened(repr(other))}"
    return "rows of different lengths"


def rows_source(name: str, data: Any, reader: Reader) -> Source:
    """Return an array of rows as a source: of logits, or of hidden states with their head."""
    head = reader.common.get("head")
    source = array_source(name, data)
    if head is not None and is_bfloat16(source.dtype):
        source = MemorySource(name, without_bfloat16(read_whole(source)))
    return with_head(source, head)


def without_bfloat16(values: NDArray[Any]) -> NDArray[Any]:
    """Return bfloat16 as float32, which holds each number of it, and other arrays as they are."""
    return values.astype(np.float32) if is_bfloat16(values.dtype) else values


def wanted_measures(metrics: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of the measures that are asked for, of which a text is one."""
    if isinstance(metrics, str):
        return (metrics,)
    return None if metrics is None else tuple(metrics)


def notes_of(*sources: Source | str | None) -> tuple[str, ...]:
    """Return the notes of opened sources, in the words of the command."""
    opened = [source for source in sources if isinstance(source, Source)]
    return tuple(dict.fromkeys(note for source in opened for note in source.notes))
