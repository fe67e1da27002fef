"""What the columns of a table hold: classes, and what stands beside them."""

from collections import Counter
from typing import Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.arrow.columns import saved_index
from xentcli.formats.arrow.convert import ColumnRows, flat
from xentcli.formats.arrow.library import understood
from xentcli.formats.arrow.table_files import open_table_file
from xentcli.formats.arrow.types import is_text, nested, number_dtype, shown
from xentcli.formats.base import ReadOptions
from xentcli.formats.column_groups import ENOUGH_ROWS, ColumnKind, groups_of
from xentcli.formats.contents import Content
from xentcli.storage.inputs import Input


def contents(data: Input, options: ReadOptions, format_: str) -> list[Content]:
    """Return what the columns of a file hold, by their types; nothing if they are one array."""
    del options
    with understood(data.name, InputError, f"reading {format_}"):
        file = open_table_file(data, format_)
        index = saved_index(file.schema)
        once = {name for name, count in Counter(file.schema.names).items() if count == 1}
        fields = [field for field in file.schema if field.name not in index]
        dtypes = [number_dtype(field.type) for field in fields]
        numeric = [
            (field, dtype)
            for field, dtype in zip(fields, dtypes, strict=True)
            if dtype is not None and field.name in once
        ]
        groups = groups_of([_kind(field.name, dtype) for field, dtype in numeric])
        if len(numeric) == len(fields) and len(groups) < 2:
            return []
        listed = []
        if groups:
            names = tuple(field.name for field, _ in numeric)
            shape = (file.rows, len(names))
            listed.append(Content(None, shape, "", None, names, groups))
        grouped = {field.name for field, _ in numeric}
        others = [field for field in fields if field.name not in grouped]
        if len(others) == 1 and not groups and nested(others[0].type) is not None:
            return []
        return [*listed, *(_content(file, field, data.name) for field in others)]


def _kind(name: str, dtype: np.dtype[Any]) -> ColumnKind:
    return ColumnKind(name, name, dtype.kind not in "fb", dtype.kind == "f", dtype.name)


def _content(file: Any, field: Any, name: str) -> Content:
    lists = nested(field.type)
    if lists is not None:
        return Content(field.name, (file.rows, *lists.lengths), str(lists.dtype), key=field.name)
    texts: tuple[str, ...] = ()
    if is_text(field.type):
        batch = file.first((field.name,), ENOUGH_ROWS)
        if batch is not None:
            column = batch.column(0).slice(0, ENOUGH_ROWS).drop_null()
            texts = tuple(map(str, flat(column, ColumnRows(name, field.name, 0)).tolist()))
    return Content(field.name, (file.rows,), shown(field.type), texts=texts)
