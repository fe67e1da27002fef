"""What to say of a table whose columns are several arrays side by side, as their names tell."""

from collections.abc import Sequence

from xentcli.errors import DoubtfulColumns
from xentcli.formats.column_looks import Column
from xentcli.formats.column_names import listed
from xentcli.formats.doubt_hints import NAME_THEM, listed_or_range
from xentcli.formats.side_by_side import option_of, sides
from xentcli.text import name_option


def check_sides(file: str, columns: Sequence[Column], names: Sequence[str]) -> list[str]:
    """Return a note where columns may be several arrays; `names` are those of all columns.

    Raises
    ------
    DoubtfulColumns
        If their names can hardly be those of the classes of one array.
    """
    own = [column.name for column in columns]
    found = sides(own)
    if found is None:
        return []
    shown = [listed(own[i] for i in places) for places in found.arrays[:2]]
    ways = []
    for places in found.arrays:
        pattern = option_of(places, own, names)
        those = listed_or_range([columns[i] for i in places], names)
        if way := those if pattern is None else name_option(pattern):
            ways.append(f"--columns {way}")
    if not found.sure:
        what = f"{len(columns)} columns are read as classes of one array"
        alike = f"{shown[0]} are named as {shown[1]} are"
        return [f"{file}: {what}, though {alike}" + (f" (else {ways[0]})" if ways else "")]
    what = f"{len(found.arrays)} arrays side by side: {shown[0]} and {shown[1]}"
    hint = f"say which to read: {', or '.join(ways)}" if ways else NAME_THEM
    if ways and (every := listed_or_range(columns, names)):
        hint += f"; if each is a class of one array: --columns {every}"
    raise DoubtfulColumns(f"{file}: columns may be {what}", hint=hint)
