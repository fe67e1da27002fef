"""What a column's type says: numbers, lists of numbers, text, or something else."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.formats.arrow.library import pyarrow
from xentcli.records import Record
from xentcli.text import shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VECTOR = {"type", "size", "indices", "values"}
_COLUMNS_KEY = "columns"  # of the metadata of a field

Type = Any
Array = Any


class Nested(Record):
    """Lists of numbers, or lists of lists."""

    lengths: tuple[int | None, ...]
    """The length at each level; None where lists differ in length."""
    dtype: np.dtype[Any]


def number_dtype(type_: Type) -> np.dtype[Any] | None:
    """Return NumPy's name for a type of real numbers, or None for any other."""
    is_ = pyarrow().types
    type_ = plain_type(type_)
    if is_.is_integer(type_) or is_.is_floating(type_) or is_.is_boolean(type_):
        dtype: np.dtype[Any] = np.dtype(type_.to_pandas_dtype())
        return dtype
    return None


def nested(type_: Type) -> Nested | None:
    """Return the lengths and the dtype of lists of numbers, or None for any other type."""
    if is_vector(type_):
        dtype = number_dtype(stored_type(type_).field("values").type.value_type)
        return None if dtype is None else Nested((None,), dtype)
    lengths: list[int | None] = []
    shape = _tensor_shape(type_)
    type_ = stored_type(type_)
    while is_list(type_):
        lengths.append(type_.list_size if is_fixed(type_) else None)
        type_ = stored_type(type_.value_type)
    dtype = number_dtype(type_)
    if dtype is None or not lengths:
        return None
    if shape is not None:
        return Nested(shape, dtype) if [math.prod(shape)] == lengths else None
    return Nested(tuple(lengths), dtype)


def has_no_values(type_: Type) -> bool:
    """Whether a column is written as nulls alone, or as nothing: no value says what it holds."""
    return bool(pyarrow().types.is_null(type_))


def with_numbers(schema: Any) -> Any:
    """Return the schema of a file without rows, in which columns of no type hold numbers."""
    pa = pyarrow()
    fields = (f.with_type(pa.int64()) if has_no_values(f.type) else f for f in schema)
    return pa.schema(list(fields), schema.metadata)


def is_vector(type_: Type) -> bool:
    """Whether each value is a vector of Spark's, dense or sparse."""
    type_ = stored_type(type_)
    if not pyarrow().types.is_struct(type_):
        return False
    fields = {field.name: field.type for field in type_}
    lists = [fields[name] for name in ("values", "indices") if name in fields]
    return fields.keys() == _VECTOR and all(is_list(each) and not is_fixed(each) for each in lists)


def is_list(type_: Type) -> bool:
    """Whether each value is a list, of a length of its own or of one for all."""
    is_ = pyarrow().types
    return bool(is_.is_list(type_) or is_.is_large_list(type_) or is_.is_fixed_size_list(type_))


def is_fixed(type_: Type) -> bool:
    """Whether all lists have the same length."""
    return bool(pyarrow().types.is_fixed_size_list(type_))


def is_text(type_: Type) -> bool:
    """Whether each value is text; categories stand for what they name."""
    is_ = pyarrow().types
    type_ = plain_type(type_)
    return bool(is_.is_string(type_) or is_.is_large_string(type_) or is_.is_string_view(type_))


def is_text_or_bytes(type_: Type) -> bool:
    """Whether each value is text or bytes that stand in a buffer of their own."""
    is_ = pyarrow().types
    return bool(
        is_.is_string(type_)
        or is_.is_large_string(type_)
        or is_.is_binary(type_)
        or is_.is_large_binary(type_)
    )


def is_time(type_: Type) -> bool:
    """Whether each value is a time, a day, a time of day or a duration."""
    is_ = pyarrow().types
    type_ = plain_type(type_)
    return bool(is_.is_temporal(type_) and not is_.is_interval(type_))


def plain_type(type_: Type) -> Type:
    """Return the type of the values that a dictionary-encoded column stands for."""
    type_ = stored_type(type_)
    return type_.value_type if pyarrow().types.is_dictionary(type_) else type_


def stored_type(type_: Type) -> Type:
    """Return the type below an extension type."""
    return type_.storage_type if isinstance(type_, pyarrow().BaseExtensionType) else type_


def stored(array: Array) -> Array:
    """Return the array below one of an extension type."""
    return array.storage if isinstance(array.type, pyarrow().BaseExtensionType) else array


def plain(array: Array) -> Array:
    """Return the values of an array; those of a dictionary-encoded one are looked up."""
    array = stored(array)
    pa = pyarrow()
    if not pa.types.is_dictionary(array.type):
        return array
    names = array.dictionary
    if pa.types.is_string_view(names.type):  # which pyarrow does not look up
        array = pa.DictionaryArray.from_arrays(array.indices, names.cast(pa.large_string()))
    return array.dictionary_decode()


def numbers(array: Array) -> "NDArray[Any]":
    """Return numbers, NaN for a null among floats; unlike ``to_numpy`` this needs no pandas."""
    if array.null_count:
        array = array.fill_null(math.nan)
    if pyarrow().types.is_boolean(array.type):  # a bit each
        return np.from_dlpack(array.cast(pyarrow().uint8())).view(np.bool_)
    values: NDArray[Any] = np.from_dlpack(array)
    return values


def shown(type_: Type) -> str:
    """Name a type for a message."""
    if is_text(type_):
        return "text"
    return shortened(str(type_))


def cure_of(type_: Type) -> str | None:
    """Return a hint at how values become numbers, or columns or lists of these, if that is so."""
    is_, plain = pyarrow().types, plain_type(type_)
    if is_.is_decimal(plain):
        return "in Python: frame[NAME].astype(float) makes numbers of decimals"
    if is_.is_struct(plain):
        return "in Python: table.flatten() makes a column of each field"
    if is_text(type_):
        return "in Python: frame[NAME].map(json.loads) makes lists or numbers of text"
    if is_.is_binary(plain) or is_.is_large_binary(plain):
        return "in Python: frame[NAME].map(lambda x: numpy.frombuffer(x, DTYPE)) reads bytes"
    return None


def _tensor_shape(type_: Type) -> tuple[int, ...] | None:
    """Return the shape that tensors in C order have, or None for any other type."""
    if not isinstance(type_, pyarrow().FixedShapeTensorType):
        return None
    order = type_.permutation
    in_order = order is None or list(order) == sorted(order)
    return tuple(type_.shape) if in_order else ()


def with_names(columns: tuple[str, ...] | None) -> dict[str, str] | None:
    """Return the metadata of a column of lists whose places have names."""
    import json

    return None if columns is None else {_COLUMNS_KEY: json.dumps(columns)}


def names_of(field: Any, length: int | None) -> tuple[str, ...] | None:
    """Return the names of the places of a column of lists, if its metadata has so many."""
    import json

    try:
        names = json.loads((field.metadata or {})[_COLUMNS_KEY.encode()])
    except (KeyError, ValueError, RecursionError):
        return None
    fits = isinstance(names, list) and len(names) == length and all(type(n) is str for n in names)
    return tuple(names) if fits else None
