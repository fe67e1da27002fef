"""JSON that is one value: a list of lists, or an object of them. It is held in memory."""

from codecs import BOM_UTF8
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.formats.base import MemorySource, ReadOptions, Source
from xentcli.formats.json.cures import ALL_CLASSES, OF_COLUMNS, is_scored
from xentcli.formats.json.printed import as_json
from xentcli.formats.json.values import Array, careful, describe, fast, load, parser
from xentcli.formats.keys import check_alone, choose, notes_of
from xentcli.formats.large_integers import as_integers, flat, may_be_rounded
from xentcli.storage.inputs import Input

_PIECE_BYTES = 2**22
_MOST_BYTES = 2**28  # the most of one value; lists of numbers take three times that
_MOST_VALUES = 2**24  # the most of any other value
_OWN_ARRAYS = ("values", "losses")  # what xent calls the array that a command writes


class Document(NamedTuple):
    """The array of one JSON value, what was decided, and the names of its columns and its key."""

    values: Array
    notes: list[str]
    columns: tuple[str, ...] | None = None
    key: str = ""


def open_document(data: Input, options: ReadOptions) -> Source:
    """Read an array of one JSON value."""
    values, notes, columns, key = read(_whole(data), data.name, options)
    source = MemorySource(data.name, values, columns)
    source.array = key
    source.only_cells = () if values.shape == (0,) else None
    source.format = "json"
    source.stored_dtype = "text" if values.dtype == object else "float64"
    source.size, source.unchanged = data.file_size, data.check_unchanged
    source.notes = notes
    return source


def _whole(data: Input) -> bytes:
    """Return all of an input, unless it is more than is held in memory."""
    if data.seekable:
        data.rewind()
    parts: list[bytes] = []
    size = 0
    while part := data.read(_PIECE_BYTES):
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise _too_large(data.name, _MOST_BYTES)
    content = b"".join(parts).removeprefix(BOM_UTF8)
    if not content.strip():
        raise InputError(f"{data.name}: the file is empty", hint="was it written to the end?")
    return content


def content_of(data: Input) -> str:
    """Return the text of a file."""
    return _decoded(_whole(data), data.name)


def _too_large(name: str, most: int) -> InputError:
    return InputError(
        f"{name}: one JSON value of more than {most} bytes, and it would be held in memory",
        hint="write one row a line, as JSON lines, or an NPY file",
    )


def read(content: bytes, name: str, options: ReadOptions) -> Document:
    """Return the array of one JSON value."""
    if (numbers := _plain(content, options)) is not None:
        return Document(numbers, [])
    text, printed = as_json(_decoded(content, name), name, _MOST_VALUES)
    value, names, key = load(text, name, once_in=name), None, ""
    notes = []
    if printed:
        notes.append(f"{name}: read as printed: {printed} rounds what it prints")
    where = name
    if isinstance(value, dict) and options.key is None and (own := own_array(value)):
        check_alone(name, options)
        _check_no_ids(value, own, name, options)
        names, value = value.get("columns"), value[own]
    elif isinstance(value, dict):
        if is_ours(value):
            value.pop("shape")
        check_no_table(value, name, options)
        keys = keys_of(value, options)
        key = _chosen(value, name, keys, options)
        notes += notes_of(name, keys, options, key)
        value, where = value[key], f"{name}:{key}"
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        check_no_table(value[0], name, options)
        keys = keys_of(value[0], options)
        each = f"in each of {len(value)} objects"
        key = choose(name, keys, options, lambda _: each)
        notes += notes_of(name, keys, options, key)
        value, where = [value_of(row, key, f"{name}[{i}]") for i, row in enumerate(value)], name
    else:
        check_alone(name, options)

    def place(index: tuple[int, ...]) -> str:
        return f"{where}{list(index)}" if index else where

    values = careful(
        value,
        place,
        labels=options.takes_names,
        names=options.names,
        missing=options.missing,
        whole=True,
    )
    if not options.labels and may_be_rounded(values, content):
        values = as_integers(values, flat(value))
    columns = tuple(names) if names and values.shape[1:] == (len(names),) else None
    return Document(values, notes, columns, key)


def _chosen(value: dict[str, Any], name: str, keys: list[str], options: ReadOptions) -> str:
    """Return the key of an array in an object, which may be a table whose columns are lists."""
    try:
        return choose(name, keys, options, lambda key: describe(value[key]))
    except InputError as error:
        if error.hint and "NAME say" in error.hint and _are_columns(list(value.values())):
            error.hint = f"{error.hint}; {OF_COLUMNS}"
        raise


def _are_columns(values: list[Any]) -> bool:
    """Whether values may be columns of a table: lists of one length, of numbers or text."""
    lists = [value for value in values if isinstance(value, list) and value]
    alike = len(lists) == len(values) and len({*map(len, lists)}) == 1
    numbers = sum(type(each[0]) in (int, float) for each in lists)
    return alike and numbers > 1 and not any(isinstance(each[0], (list, dict)) for each in lists)


def _check_no_ids(value: dict[str, Any], key: str, name: str, options: ReadOptions) -> None:
    """Raise InputError if rows that a command wrote have ids: they would go by place in silence."""
    if "id_column" not in value:
        return
    how = options.key_option and f"; {options.key_option} {key} takes rows by place"
    raise InputError(
        f"{name}: its rows have ids, which are not read from JSON",
        hint=f"write CSV or Parquet, which are{how or ''}",
    )


def _plain(content: bytes, options: ReadOptions) -> Array | None:
    """Return the numbers of a value that is nothing but numbers, none of which is rounded."""
    if options.key is not None or options.beside or (simdjson := parser()) is None:
        return None
    try:
        numbers = fast(simdjson.parse(content))
    except (ValueError, RuntimeError):
        return None
    exact = options.names or not options.labels
    rounded = numbers is not None and exact and may_be_rounded(numbers, content)
    return None if rounded else numbers


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        byte = content[error.start]
        raise InputError(f"{name}:{line}: byte 0x{byte:02x} is not UTF-8 text") from error


def check_no_table(value: dict[str, Any], name: str, options: ReadOptions, how: str = "") -> None:
    """Raise InputError if an object is a state, or a table: a number for each key, or a column.

    A number among them may be the label of a row.
    """
    if "xent_state" in value:
        raise InputError(f"{name}: the state of a run, and no array", hint="xent merge STATE...")
    kinds = {type(item) for item in value.values()}
    if is_ours(value) or options.labels or options.key in value or list in kinds:
        return
    if is_scored(value):
        raise InputError(f"{name}: the score of one class in each row", hint=ALL_CLASSES)
    read = f"pandas.read_json(path{how}, precise_float=True)"
    inner = [item for item in value.values() if isinstance(item, dict)]
    if inner and (len(inner) < len(value) or len(value) == 1) and _numbers_in(inner[0]) > 1:
        read = f"pandas.json_normalize({read}.to_dict('records'))"
    elif _numbers_in(value) < 2 and (len(value) < 2 or kinds != {dict}):
        return
    raise InputError(
        f"{name}: columns of a table, and no array",
        hint=f"columns are read from CSV: {read}.to_csv('a.csv', index=False)",
    )


def _numbers_in(value: dict[str, Any]) -> int:
    return sum(type(item) in (int, float) for item in value.values())


def is_ours(value: dict[str, Any]) -> bool:
    """Whether an object is an array as xent writes it: its shape is not an array to choose."""
    return "command" in value and "shape" in value


def own_array(value: dict[str, Any]) -> str | None:
    """Return the key of the array in what a command wrote; None for other objects."""
    there = (key for key in _OWN_ARRAYS if isinstance(value.get(key), list))
    return next(there, None) if is_ours(value) else None


def keys_of(value: dict[str, Any], options: ReadOptions) -> list[str]:
    """Return the keys of lists and, where asked for, of whatever else may be an array."""
    if options.key in value or options.labels:
        return [key for key, item in value.items() if not isinstance(item, dict)]
    return [key for key, item in value.items() if isinstance(item, list)]


def value_of(row: Any, key: str, place: str) -> Any:
    """Return what one of several objects has under a key."""
    if not isinstance(row, dict) or key not in row:
        raise InputError(f"{place}: there is no {key!r}")
    return row[key]
