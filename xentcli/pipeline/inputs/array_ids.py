"""Finds whether arrays of ids, beside those that go by place, show their rows in one order.

Columns of a table are matched by their ids. The arrays of NPZ, HDF5, JSON and the like are not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

from xentcli.alignment.ids import as_text
from xentcli.errors import InputError, XentError
from xentcli.formats import registry
from xentcli.formats.base import BLOCK_ELEMENTS, Source, blocks_along
from xentcli.formats.column_words import may_name_rows, says_ids, words_of
from xentcli.formats.files import columns_of, input_of, looked_at, open_files
from xentcli.formats.inline import first_of, is_inline
from xentcli.pipeline.inputs.reading import Reader
from xentcli.storage.paths import reads_once
from xentcli.text import shortened, visible

_NOT_OF_ROWS = frozenset(
    ("input", "token", "tokens", "label", "labels", "target", "targets", "top", "topk", "class")
)
"""Words of names such as ``input_ids``, whose numbers are no names of rows."""


_MOST_SORTED = 2**20
_ORDER = "put the rows of both files in the same order"
_OF_COLUMNS = "the columns of CSV and Parquet are matched by id"


def check_one_order(
    one: Sequence[str],
    other: Sequence[str],
    reader: Reader,
    without: Sequence[str] = (),
    *,
    of_lists: bool = False,
) -> None:
    """Raise InputError if arrays of ids with one name, in files of both, differ in a row.

    So do the only ones of two names, if they are the same ones in another order.

    Files that can be read only once are not looked at. The rows of lists of classes are matched by
    place in tables too; if one file names sequences and the other rows, these are not compared.
    """
    path = read_again(one, without)
    other_path = path and read_again(other, without)
    if not (path and other_path):  # then neither is opened
        return
    if of_lists or has_keys(path, reader):  # arrays first, as the cells of columns are parsed
        here = _ids_in(path, reader)
        there = _ids_in(other_path, reader, None if of_lists else here) if here else {}
    else:
        there = _ids_in(other_path, reader) if has_keys(other_path, reader) else {}
        here = _ids_in(path, reader, there) if there else {}
    for names in _pairs(here, there):
        arrays = here[names[0]], there[names[1]]
        if not (of_lists or any(arrays)):
            continue  # columns of two tables are matched by id, unless the user says otherwise
        ids = [
            open_files(paths, partial(reader.labels, names=True, **_choice(name, keyed)), without)
            for paths, name, keyed in zip((one, other), names, arrays, strict=True)
        ]
        texts = _compared(ids, of_lists=of_lists, one_name=len({*names}) == 1)
        for row, first, second in zip(count(), *texts):
            if first != second:
                what = "lists" if of_lists else "such arrays"
                raise InputError(
                    f"{ids[1].name}: the id of row {row} is {_shown(second)}, and {_shown(first)} "
                    f"in {ids[0].name}: the rows of {what} are matched by place",
                    hint=_ORDER if of_lists else f"{_ORDER}; {_OF_COLUMNS}",
                )


def _pairs(here: Mapping[str, bool], there: Mapping[str, bool]) -> Sequence[tuple[str, str]]:
    """Return the names of ids that two files may share: those of one name, or the only ones."""
    shared = [(name, name) for name in here if name in there]
    return shared or ([*zip(here, there, strict=True)] if len(here) == len(there) == 1 else [])


def _compared(ids: Sequence[Source], *, of_lists: bool, one_name: bool) -> Sequence[Iterable[str]]:
    """Return the ids of two files, to be compared row by row; none where they name other things."""
    if one_name and not of_lists:
        return [_texts(each) for each in ids]
    if not of_lists and any((each.shape[0] or 0) > _MOST_SORTED for each in ids):
        return (), ()
    one, other = ([*_texts(each)] for each in ids)
    same = len(one) == len(other) and (one_name or sorted(one) == sorted(other))
    return (one, other) if same else ((), ())


def _choice(name: str, keyed: bool) -> dict[str, Any]:
    return {"label_key" if keyed else "label_column": name}


def read_again(names: Sequence[str], without: Sequence[str]) -> str | None:
    """Return the first file, if it may have ids or labels beside its rows and be read once more."""
    path = first_of(names, without)
    if path is None or is_inline(path) or reads_once(path) or path.endswith(".npy"):
        return None
    return path


def has_keys(path: str, reader: Reader) -> bool:
    """Whether a file is in a format of arrays with names."""
    file = reader.labels(path)
    try:
        return registry.format_of(looked_at(file), file.format, file.options).has_keys
    except (XentError, OSError):  # whoever reads the file says what is wrong
        return False


def _ids_in(path: str, reader: Reader, others: Mapping[str, bool] | None = None) -> dict[str, bool]:
    """Return the names of what a file holds that may be ids, and whether each is an array.

    Of a table of text no more than the header is looked at, unless a column is named as one of
    the `others` that is an array.
    """
    file = reader.labels(path)
    try:
        format_ = registry.format_of(looked_at(file), file.format, file.options)
        in_text = format_.is_text and format_.has_columns
        if in_text and others is not None and not any(map(others.get, columns_of(file))):
            return {}
        contents = registry.contents_of(input_of(path), file.format, file.options)[1]
    except (XentError, OSError):  # whoever reads the file says what is wrong
        return {}
    lists = {each.name for each in contents if len(each.shape) > 1}
    found = dict.fromkeys(columns_of(file) if format_.has_columns else (), False)  # numbers too
    found |= {each.name: each.key is not None for each in contents if each.name is not None}
    dropped = (*lists, *(reader.values.get("drop") or ()))
    return {name: key for name, key in found.items() if name not in dropped and _names_rows(name)}


def _names_rows(name: str) -> bool:
    return says_ids(name) and may_name_rows(name) and _NOT_OF_ROWS.isdisjoint(words_of(name))


def _texts(ids: Source) -> Iterator[str]:
    for block in blocks_along(ids, 0, BLOCK_ELEMENTS):
        yield from as_text(ids.decode(block).values)


def _shown(id_: str) -> str:
    return repr(visible(shortened(id_)))
