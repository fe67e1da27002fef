"""Tables of many rows at a terminal: they fit its width, and say what they leave out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.number_columns import fitted, told_apart
from xentcli.text import visible

if TYPE_CHECKING:
    from xentcli.results.comparison import Comparison
    from xentcli.results.measures import Measures

_ID_WIDTH = 20  # columns of the terminal
_LEAST_WIDTH = 9  # of names that are cut


def line_table(text: str) -> Text:
    """Return a line that shows control characters, and is not folded."""
    return Text(visible(text), no_wrap=True, overflow="ellipsis")


def class_cell(found: "Measures | Comparison", index: int | None) -> str:
    """Return the name of a class, or nothing if there is none."""
    return "" if index is None else found.class_name(index)


def empty_table(*headers: str, left: int = 1) -> Table:
    """Return an empty table, whose first columns hold text and the others numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for i, header in enumerate(headers):
        table.add_column(header, justify="left" if i < left else "right", no_wrap=True)
    return table


def fitted_table(
    columns: Mapping[str, Sequence[str]], names: Collection[str], width: int, left: int = 1
) -> Table:
    """Return a table of columns by their headers; columns of names share the room that is left."""
    there = [header for header in columns if header in names]
    others = ((header, *cells) for header, cells in columns.items() if header not in names)
    taken = sum(max(map(len, each)) for each in others) + 2 * (len(columns) - 1)
    whole = [whole_width(header) for header in there]
    fit = fitted(
        [[header, *columns[header]] for header in there], width - taken, _LEAST_WIDTH, whole
    )
    shown = {**columns} | {header: cells for header, (_, *cells) in zip(there, fit, strict=True)}
    if "row" in there:  # a place in a file: the files differ in the middle of their names
        shown["row"] = told_apart(columns["row"], max(map(cell_len, ("row", *shown["row"]))))
    headers = dict(zip(there, (header for header, *_ in fit), strict=True))
    table = empty_table(*(headers.get(header, header) for header in shown), left=left)
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    return table


def narrowed(
    columns: Mapping[str, Sequence[str]],
    width: int,
    order: Sequence[str],
    names: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> dict[str, Sequence[str]]:
    """Return columns that fit a terminal: others are left out, in this order, and no number is cut.

    Columns of `names` may be cut, but those left out that are named in `whole` make room first for
    names that are better seen whole.
    """
    widths = {head: max(map(cell_len, (head, *cells))) for head, cells in columns.items()}
    short = {head: min(widths[head], _LEAST_WIDTH) for head in names}
    long = {head: min(widths[head], max(each, whole_width(head))) for head, each in short.items()}
    for out, least in ((whole, long), (order, short)):
        there = dict(columns)
        for head in ("", *out):
            there.pop(head, None)
            if sum((widths | least)[each] + 2 for each in there) - 2 <= width:
                return there
    return there


def whole_width(header: str) -> int:
    """Return up to which width a column of names is cut last: two tell which row it is."""
    return _ID_WIDTH if header in ("row", "id") else len(header)


def left_out(shown: int, count: int, what: str, name: str) -> list[RenderableType]:
    """Return a closing line on how many rows of a table are shown, unless all are.

    `name` is that of the table for ``--metric``: a pipe gets all of one that is asked for alone.
    """
    if shown >= count:
        return []
    return [Text(f"{shown:,} of {count:,} {what}; all: --metric {name} | cat", "dim")]


def side_by_side(left: Iterable[Any], right: Iterable[Any], *, gap: int) -> Table:
    """Return lines with others beside them, so many columns of the terminal apart."""
    beside = Table.grid(padding=(0, gap, 0, 0))
    for pair in zip_longest(left, right, fillvalue=Text()):
        beside.add_row(*pair)
    return beside


def titled(title: str, shown: int, count: int, name: str) -> Text:
    """Return the title of a table on a screen, which says by which ``--metric`` all rows come."""
    note = f"  {shown} of {count:,}; all: --metric {name}" if count > shown else ""
    return Text.assemble((title, "bold"), (note, "dim"))
