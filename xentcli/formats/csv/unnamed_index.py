"""A first column without a name, which counts the rows or names them."""

from xentcli.formats.base import ReadOptions
from xentcli.formats.column_names import SHOWN_NAMES
from xentcli.formats.csv.columns import Columns
from xentcli.formats.csv.numbers import is_number
from xentcli.text import name_option


def find_index(
    names: tuple[str, ...] | None, second: list[str] | None, options: ReadOptions
) -> int | None:
    """Return what the first column counts from, if it is an index, which has no name.

    pandas counts from 0, R from 1. One that does not count is an error that its first row raises,
    unless the user says that there is a header, or which columns to read.
    """
    if not names or names[0] or len(names) < 2 or options.columns is not None or not second:
        return None
    named = (*options.drop, options.id_column, options.label_column)
    if "" in named or ("1" in named and "1" not in names):
        return None
    if second[:1] in (["0"], ["1"]):
        return int(second[0])
    return 0 if options.header is None and is_number(second[0]) else None


def index_hint(names: tuple[str, ...], columns: Columns, options: ReadOptions) -> str:
    """Say what to do about a first column without a name that stops counting the rows.

    It may name them: then rows of two files are matched by it, where both are told so.
    """
    if options.one_row:  # of class weights, which no option concerns
        return "write the numbers alone, in the order of the classes"
    ids = "''" if options.labels or "1" in names else "1"  # 1 is a class in the other file
    by_id = f"match rows by it with --id-column {ids}"
    if options.labels:
        named = [name_option(names[i]) for i in columns.values if names[i]]
        by_place = f"--label-column {named[0]}" if len(named) == 1 else None
        return f"{by_id}, or by their place with {by_place}" if by_place else by_id
    if ids == "1":
        return f"leave it out with --drop 1, or {by_id}"
    first, *_, last = columns.values * 2
    together = last - first + 1 == len(columns.values)
    chosen = ",".join(name_option(names[i]) for i in columns.values)
    if len(columns.values) > SHOWN_NAMES:
        chosen = f"{names[first]}-{names[last]}" if together else "A,B,..."
    return f"leave it out with --columns {chosen}, or {by_id}"
