"""The tables of an evaluation at a terminal: classes, confusions, bins, rows, groups."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.measures import short_number
from xentcli.render.number_columns import short_name
from xentcli.render.row_tables import class_cell, empty_table, fitted_table, left_out, narrowed
from xentcli.results.calibration import Bin
from xentcli.results.groups import measured_names

if TYPE_CHECKING:
    from xentcli.results.groups import Group
    from xentcli.results.measures import Measures
    from xentcli.results.rows import Suspect, WorstRow

_MOST_CLASSES = 20  # of a table of classes, and of a matrix of confusions
_MOST_PAIRS = 40
_CELL_WIDTHS = (24, 12, 9)  # of a name above a column of confusions; the first fitting one is used
_CORNER = "label \\ prediction"
_EMPTY_BIN = Bin(0.0, 1.0, 0)
_LEFT_OUT_OF_BINS = ("95 %", "mean", "rows")  # in this order, at a narrow terminal
_SHADES = 5  # grades of a row's share
_FIRST_GRAY, _LAST_GRAY = 235, 247  # of the 256 colours


def _name(found: "Measures", index: int, width: int) -> str:
    return short_name(found.class_name(index), width)


def worst_rows_table(found: "Measures", rows: "Sequence[WorstRow]", width: int) -> Table:
    """Return the rows with the largest losses."""
    columns = _rows_and_ids(found, rows)
    columns["loss"] = [short_number(each.loss) for each in rows]
    if any(each.label is not None for each in rows):
        columns["label"] = [class_cell(found, each.label) for each in rows]
        columns["prediction"] = [class_cell(found, each.prediction) for each in rows]
        columns["p(label)"] = [short_number(each.label_probability) for each in rows]
    columns["confidence"] = [short_number(each.confidence) for each in rows]
    names = [head for head in ("row", "id", "label", "prediction") if head in columns]
    order = ("confidence", "p(label)", "prediction")
    shown = narrowed(columns, width, order, names, ("confidence",))
    return fitted_table(shown, names, width, 1 + ("id" in columns))


def _rows_and_ids(found: "Measures", rows: "Sequence[WorstRow | Suspect]") -> dict[str, list[str]]:
    """Return the columns that name rows: their numbers, and their ids if they have some."""
    columns = {"row": [found.row_name(each) for each in rows]}
    if any(each.id is not None for each in rows):
        columns["id"] = [each.id or "" for each in rows]
    return columns


def _worst_rows(found: "Measures", width: int, most: int | None) -> RenderableType:
    return worst_rows_table(found, found.worst_rows[:most], width)


def _classes(found: "Measures", width: int, _most: int | None) -> RenderableType:
    scores = found.classes
    if len(scores) > _MOST_CLASSES:  # those with the lowest F1
        worst = sorted(scores, key=lambda each: (each.f1, each.index))[:_MOST_CLASSES]
        scores = tuple(worst)
    columns = {"class": [class_cell(found, each.index) for each in scores]}
    for name in ("support", "predicted"):
        columns[name] = [f"{getattr(each, name):,}" for each in scores]
    for name, header in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
        columns[header] = [
            short_number(getattr(each, name)) + (" (0/0)" if name in each.undefined else "")
            for each in scores
        ]
    shown_columns = narrowed(columns, width, ("predicted", "precision", "recall"), ("class",))
    table = fitted_table(shown_columns, ("class",), width)
    shown = "classes, those of the lowest F1"
    return Lines(table, *left_out(len(scores), len(found.classes), shown, "classes"))


def _confusions(found: "Measures", width: int, _most: int | None) -> RenderableType:
    confusions = found.confusions
    if confusions is None:
        return Text("no row has a label", "dim")
    if confusions.num_classes <= _MOST_CLASSES:
        matrix = confusions.dense()
        largest = f"{int(matrix.max(initial=0)):,}"
        for cell_width in _CELL_WIDTHS:
            names = [_name(found, i, cell_width) for i in range(confusions.num_classes)]
            widths = [max(cell_len(name), len(largest)) for name in names]
            first = max(map(cell_len, (_CORNER, *names)))
            if sum(widths) + len(names) + first + 1 <= width:
                return _matrix(names, matrix, widths)
    pairs = confusions.most_confused(_MOST_PAIRS)
    columns = {
        "label": [class_cell(found, label) for label, _, _ in pairs],
        "prediction": [class_cell(found, predicted) for _, predicted, _ in pairs],
        "rows": [f"{rows:,}" for _, _, rows in pairs],
    }
    table = fitted_table(columns, ("label", "prediction"), width, left=2)
    return Lines(table, *left_out(len(pairs), confusions.confused_pairs, "pairs", "confusions"))


def _matrix(names: list[str], matrix: Any, widths: list[int]) -> Table:
    """Return counts in darker cells the larger their share of the label's rows; zeros are blank."""
    table = Table(box=None, pad_edge=False, padding=0, header_style="dim")
    table.add_column(_CORNER, no_wrap=True, style="dim")
    for name, cell_width in zip(names, widths, strict=True):
        before = " " * (cell_width + 1 - cell_len(name))
        table.add_column(f"{before}{name}", justify="right", no_wrap=True)
    for i, (name, row) in enumerate(zip(names, matrix.tolist(), strict=True)):
        total = sum(row)
        cells = []
        for j, (count, cell_width) in enumerate(zip(row, widths, strict=True)):
            grade = -(-_SHADES * count // total) if total else 0
            text = f"{count:,}" if count else ""
            cells.append(Text(f"{text:>{cell_width + 1}}", _shade(grade, hit=i == j)))
        table.add_row(f"{name} ", *cells)
    return table


def _shade(grade: int, *, hit: bool) -> str:
    if not grade:
        return ""
    gray = _FIRST_GRAY + (_LAST_GRAY - _FIRST_GRAY) * (grade - 1) // (_SHADES - 1)
    light = grade > _SHADES // 2 + 1
    color = "black" if light else "green" if hit else "red"
    return f"{color} on color({gray})"


def _bins(found: "Measures", width: int, _most: int | None) -> RenderableType:
    every = {
        "confidence": [f"{each.low:.4f} to {each.high:.4f}" for each in found.bins],
        "rows": [f"{each.rows:,}" for each in found.bins],
    }
    filled = [_cells_of_bin(each) for each in found.bins]
    every |= {head: [cells[head] for cells in filled] for head in _cells_of_bin(_EMPTY_BIN)}
    columns = narrowed(every, width, _LEFT_OUT_OF_BINS)
    table = empty_table(*columns, "", left=1)
    room = min(40, max(0, width - 66))
    for each, *cells in zip(found.bins, *columns.values(), strict=True):
        gap = (each.accuracy or 0.0) - (each.confidence or 0.0)
        bar = Text("█" * round(abs(gap) * room), "red" if gap < 0 else "yellow")
        table.add_row(*cells, bar, style="" if each.rows else "dim")
    return table


def _cells_of_bin(found: Bin) -> dict[str, str]:
    """Return the numbers of a bin as text, by their headers; nothing if it has no rows."""
    if found.accuracy is None or found.confidence is None:
        return dict.fromkeys(("mean", "accuracy", "95 %", "gap"), "")
    return {
        "mean": f"{found.confidence:.4f}",
        "accuracy": f"{found.accuracy:.4f}",
        "95 %": f"{found.accuracy_low or 0.0:.4f} to {found.accuracy_high or 0.0:.4f}",
        "gap": f"{found.accuracy - found.confidence:+.4f}",
    }


def _suspects(found: "Measures", width: int, most: int | None) -> RenderableType:
    suspects = found.suspects
    if suspects is None:
        return Text("does not apply", "dim")
    rows = suspects.rows[:most]
    columns = _rows_and_ids(found, rows)
    columns["label"] = [class_cell(found, each.label) for each in rows]
    columns["perhaps"] = [class_cell(found, each.suggestion) for each in rows]
    left = len(columns)
    columns["p(label)"] = [short_number(each.label_probability) for each in rows]
    names = [head for head in ("row", "id", "label", "perhaps") if head in columns]
    shown = narrowed(columns, width, ("p(label)",), names)
    table = fitted_table(shown, names, width, left)
    counts = f"{suspects.count:,} of {suspects.n:,} labels may be wrong"
    if len(rows) < suspects.count:
        counts += f"; {len(rows):,} shown, --worst N shows more"
    return Lines(*([table] if rows else []), Text(counts, "dim"))


def _group_table(groups: "Sequence[Group]", header: str, width: int) -> RenderableType:
    """Return the measures of groups, whose names get the room that the numbers leave."""
    columns = {
        header: [group.name or "(missing)" for group in groups],
        "rows": [f"{group.rows:,}" for group in groups],
    }
    measured = measured_names(groups)
    for name in measured:
        columns[name] = [short_number(group.metrics[name].value) for group in groups]
    return fitted_table(narrowed(columns, width, measured[::-1], (header,)), (header,), width)


def _groups(found: "Measures", width: int, most: int | None) -> RenderableType:
    return _group_table(found.groups[:most], "group", width)


def _labels(found: "Measures", width: int, most: int | None) -> RenderableType:
    return _group_table(found.labels[:most], "label", width)


def _losses(found: "Measures", width: int, _most: int | None) -> RenderableType:
    histogram = found.losses
    if histogram is None:
        return Text("does not apply", "dim")
    table = empty_table("loss", "rows", left=1)
    table.add_column("")
    edges = {histogram.zero: "0", histogram.infinite: "infinite"}
    bins = [each for each in (histogram.zero, *histogram.bins, histogram.infinite) if each.rows]
    most = max((each.rows for each in bins), default=1)
    room = min(40, max(4, width - 40))
    for each in bins:
        name = edges.get(each) or f"{short_number(each.low)} to {short_number(each.high)}"
        bar = Text("█" * max(1, round(room * each.rows / most)), "cyan")
        table.add_row(name, f"{each.rows:,}", bar)
    return table


TABLES: dict[str, Callable[["Measures", int, int | None], RenderableType]] = {
    "classes": _classes,
    "confusions": _confusions,
    "bins": _bins,
    "losses": _losses,
    "worst_rows": _worst_rows,
    "suspects": _suspects,
    "groups": _groups,
    "labels": _labels,
}
"""The tables by their names for ``--metric``: each takes a result, a width and how many rows."""
