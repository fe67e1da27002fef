"""What the first rows of a table tell of its columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.arrow.convert import ColumnRows, flat
from xentcli.formats.arrow.table_files import TableFile
from xentcli.formats.arrow.types import number_dtype, plain, shown
from xentcli.formats.column_looks import Look, judged_rows, look_at
from xentcli.formats.label_columns import are_shares

_MOST_JUDGED_COLUMNS = 256  # beyond these, only columns of integers are looked at


class FirstBatch:
    """The first rows of a table, of which columns are read when they are asked for.

    Parameters
    ----------
    file : TableFile
        The table.
    schema : pyarrow.Schema
        Its columns and their types.
    name : str
        What messages call the file.
    """

    def __init__(self, file: TableFile, schema: Any, name: str) -> None:
        self._file, self._schema, self._name = file, schema, name

    def looks(self, names: tuple[str, ...]) -> dict[str, Look]:
        """Return what the first rows of columns hold."""
        types = {name: self._schema.field(name).type for name in names}
        dtypes = {name: dtype for name in names if (dtype := number_dtype(types[name]))}
        looks = {
            name: Look(is_text=True, holds=shown(types[name]))
            for name in names
            if name not in dtypes
        }
        integers = [name for name, dtype in dtypes.items() if dtype.kind in "biu"]
        wanted = tuple(dtypes if len(dtypes) <= _MOST_JUDGED_COLUMNS else integers)
        for name, values in self._numbers(wanted).items():
            looks[name] = look_at(values, integers=name in integers)
        return looks

    def sum_to_one(self, names: tuple[str, ...], *error: float) -> bool:
        """Return whether the first rows of columns are shares of 1."""
        numbers = all(number_dtype(self._schema.field(name).type) for name in names)
        found = [*self._numbers(names).values()] if numbers and len(names) > 1 else []
        same = len({len(values) for values in found}) == 1  # no value is missing
        return same and are_shares(np.stack(found, axis=1), *error)

    def _numbers(self, names: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
        """Return the first numbers of columns that are not null."""
        batch = self._file.first(names, judged_rows(len(names))) if names else None
        if batch is None:
            return {}
        columns = {name: _without_nulls(plain(batch.column(name))) for name in names}
        return {
            name: flat(column, ColumnRows(self._name, name, 0)).astype(np.float64)
            for name, column in columns.items()
        }


def _without_nulls(column: Any) -> Any:
    """Drop nulls only where there are some, since dropping makes pyarrow import for 80 ms."""
    return column.drop_null() if column.null_count else column
