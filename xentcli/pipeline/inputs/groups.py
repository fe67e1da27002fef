"""Opens the groups of rows and the clusters of dependent rows: tasks, columns, files or arrays."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from xentcli.errors import UsageError
from xentcli.formats.base import MemorySource, Source
from xentcli.formats.time_names import with_times
from xentcli.pipeline.inputs.reading import ROW_WORDS, Reader
from xentcli.pipeline.language.samples import task_groups

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Files = tuple[Sequence[str], Sequence[str]]
"""The files of rows and those of their labels; none where these are arrays."""


def open_groups(
    reader: Reader,
    rows: Source,
    labels: Source | None,
    files: Files,
    *,
    by: "ArrayLike | str | None",
    cluster: "ArrayLike | str | None",
) -> tuple[Source | str | None, Source | str | None]:
    """Open the groups and the clusters of rows; samples of several tasks are grouped unasked.

    Raises
    ------
    InputError
        If a column that is named is in none of the files.
    """
    tasks = task_groups(rows, by)
    groups = open_group_names("groups", by, reader, rows, labels, files) if tasks is None else tasks
    return groups, open_group_names("clusters", cluster, reader, rows, labels, files)


def open_group_names(
    what: str,
    names: "ArrayLike | str | None",
    reader: Reader,
    rows: Source,
    labels: Source | None,
    files: Files,
) -> Source | str | None:
    """Open the name of a group or a cluster for each row, or return a word of `ROW_WORDS`.

    Parameters
    ----------
    what : str
        What they are called: ``groups`` or ``clusters``.
    names : array_like or str, optional
        The names themselves, the column or file that holds them, or such a word.
    reader, rows, labels, files : Reader, Source, Source or None, Files
        What opens files, and what it has opened.
    """
    if names is None:
        return None
    if not isinstance(names, str):
        values = np.asarray(names)
        if values.dtype.kind == "f" and not hasattr(names, "dtype"):
            values = np.asarray(names, object)  # floats may have rounded integers of a list
        if not values.ndim:
            raise UsageError(f"{what}: a name for each row is needed")
        of_list = not hasattr(names, "dtype")
        return MemorySource(what, with_times(values, of_list=of_list))
    if names not in ROW_WORDS and not files[0]:
        raise UsageError(f"{what}: arrays have no column {names!r}: a name for each row is needed")
    of_labels = labels.id_column if labels else None
    return reader.column(names, *files, of_labels, rows.id_column or of_labels)
