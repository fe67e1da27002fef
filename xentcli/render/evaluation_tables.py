"""The tables of an evaluation at a terminal: classes, confusions, bins, rows, groups."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xentcli.render.columns import short_name
from xentcli.render.measures import short_number
from xentcli.text import visible

if TYPE_CHECKING:
    from xentcli.results.groups import Group
    from xentcli.results.measures import Measures
    from xentcli.results.rows import WorstRow

_MOST_CLASSES = 20  # of a table of classes, and of a matrix of confusions
_MOST_PAIRS = 40
_NAME_WIDTH, _LEAST_NAME_WIDTH = 24, 9  # columns of the terminal
_CELL_WIDTH = 9  # of a name above a column of confusions, at most
_SHADES = 5  # grades of a row's share
_FIRST_GRAY, _LAST_GRAY = 235, 247  # of the 256 colours


def line_table(text: str) -> Text:
    """Return a line in which characters of control are seen, and nothing is folded."""
    return Text(visible(text), no_wrap=True, overflow="ellipsis")


def empty_table(*headers: str, left: int = 1) -> Table:
    """Return an empty table, whose first columns hold text and the others numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for i, header in enumerate(headers):
        table.add_column(header, justify="left" if i < left else "right", no_wrap=True)
    return table


def left_out(shown: int, count: int, what: str) -> list[RenderableType]:
    """Return a closing line that says how many rows of a table are shown, if not all are."""
    if shown >= count:
        return []
    return [Text(f"{shown:,} of {count:,} {what}; all: --json, or | cat", "dim")]


def _name(found: "Measures", index: int | None, width: int = _NAME_WIDTH) -> str:
    return "" if index is None else short_name(found.class_name(index), width)


def _row_name(found: "Measures", row: int) -> str:
    return ",".join(map(str, found.row_index(row)))


def worst_rows_table(found: "Measures", rows: "Sequence[WorstRow]", width: int) -> Table:
    """Return the rows with the largest losses."""
    ids = any(each.id is not None for each in rows)
    labelled = any(each.label is not None for each in rows)
    room = max(6, min(_NAME_WIDTH, (width - 46) // (2 + ids)))
    headers = ["row", *(["id"] if ids else []), "loss"]
    headers += ["label", "prediction", "p(label)", "confidence"] if labelled else ["confidence"]
    table = empty_table(*headers)
    for each in rows:
        cells = [_row_name(found, each.row)]
        cells += [short_name(each.id or "", room)] if ids else []
        cells.append(short_number(each.loss))
        if labelled:
            cells += [_name(found, each.label, room), _name(found, each.prediction, room)]
            cells.append(short_number(each.label_probability))
        table.add_row(*cells, short_number(each.confidence))
    return table


def _worst_rows(found: "Measures", width: int, most: int | None) -> RenderableType:
    return worst_rows_table(found, found.worst_rows[:most], width)


def _classes(found: "Measures", _width: int, _most: int | None) -> RenderableType:
    scores = found.classes
    if len(scores) > _MOST_CLASSES:  # those that are told least well
        worst = sorted(scores, key=lambda each: (each.f1, each.index))[:_MOST_CLASSES]
        scores = tuple(worst)
    table = empty_table("class", "support", "predicted", "precision", "recall", "F1")
    for each in scores:
        shares = [
            short_number(getattr(each, name)) + (" (0/0)" if name in each.undefined else "")
            for name in ("precision", "recall", "f1")
        ]
        table.add_row(_name(found, each.index), f"{each.support:,}", f"{each.predicted:,}", *shares)
    closing = left_out(len(scores), len(found.classes), "classes, those of the lowest F1")
    return Lines(table, *closing)


def _confusions(found: "Measures", width: int, _most: int | None) -> RenderableType:
    confusions = found.confusions
    if confusions is None:
        return Text("no row has a label", "dim")
    names = [_name(found, i, _CELL_WIDTH) for i in range(min(confusions.num_classes, 99))]
    if confusions.num_classes <= _MOST_CLASSES:
        matrix = confusions.dense()
        largest = f"{int(matrix.max(initial=0)):,}"
        widths = [max(len(name), len(largest)) for name in names]
        if sum(widths) + len(names) + _NAME_WIDTH <= width:
            return _matrix(names, matrix, widths)
    pairs = confusions.most_confused(_MOST_PAIRS)
    table = empty_table("label", "prediction", "rows", left=2)
    for label, predicted, rows in pairs:
        table.add_row(_name(found, label), _name(found, predicted), f"{rows:,}")
    mistakes = int((confusions.labels != confusions.predictions).sum())
    return Lines(table, *left_out(len(pairs), mistakes, "pairs"))


def _matrix(names: list[str], matrix: Any, widths: list[int]) -> Table:
    """Return counts, the darker the larger their share of the label's rows; zeros are blank."""
    table = Table(box=None, pad_edge=False, padding=0, header_style="dim")
    table.add_column("label \\ prediction", no_wrap=True, style="dim")
    for name, cell_width in zip(names, widths, strict=True):
        table.add_column(f"{name:>{cell_width + 1}}", justify="right", no_wrap=True)
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
    table = empty_table("confidence", "rows", "mean", "accuracy", "95 %", "gap", left=1)
    table.add_column("")
    room = min(40, max(0, width - 66))
    for each in found.bins:
        edges = f"{each.low:.4f} to {each.high:.4f}"
        if each.accuracy is None or each.confidence is None:
            table.add_row(edges, "0", style="dim")
            continue
        gap = each.accuracy - each.confidence
        interval = f"{each.accuracy_low or 0.0:.4f} to {each.accuracy_high or 0.0:.4f}"
        bar = Text("█" * round(abs(gap) * room), "red" if gap < 0 else "yellow")
        numbers = (f"{each.confidence:.4f}", f"{each.accuracy:.4f}", interval, f"{gap:+.4f}")
        table.add_row(edges, f"{each.rows:,}", *numbers, bar)
    return table


def _suspects(found: "Measures", _width: int, most: int | None) -> RenderableType:
    suspects = found.suspects
    if suspects is None:
        return Text("does not apply", "dim")
    ids = any(each.id is not None for each in suspects.rows)
    headers = ["row", *(["id"] if ids else []), "label", "perhaps"]
    table = empty_table(*headers, "p(label)", left=len(headers))
    for each in suspects.rows[:most]:
        cells = [_row_name(found, each.row)]
        cells += [short_name(each.id or "", _NAME_WIDTH)] if ids else []
        cells += [_name(found, each.label), _name(found, each.suggestion)]
        table.add_row(*cells, short_number(each.label_probability))
    counts = f"{suspects.count:,} of {suspects.n:,} labels may be wrong"
    shown = len(suspects.rows[:most])
    if shown < suspects.count:
        counts += f"; {shown:,} shown, --worst N shows more"
    return Lines(*([table] if shown else []), Text(counts, "dim"))


def _group_table(groups: "Iterable[Group]", header: str, count: int, width: int) -> RenderableType:
    """Return the measures of groups, whose names get the room that the numbers leave."""
    groups = list(groups)
    measured = list(dict.fromkeys(name for group in groups for name in group.metrics))
    rows = [
        [f"{group.rows:,}", *(short_number(group.metrics[name].value) for name in measured)]
        for group in groups
    ]
    headers = ["rows", *measured]
    taken = sum(max(map(len, column)) + 2 for column in zip(headers, *rows, strict=True))
    room = max(_LEAST_NAME_WIDTH, min(_NAME_WIDTH, width - taken - 2))
    table = empty_table(header, *headers)
    for group, cells in zip(groups, rows, strict=True):
        table.add_row(short_name(group.name, room) or "(missing)", *cells)
    return Lines(table, *left_out(len(groups), count, header + "s"))


def _groups(found: "Measures", width: int, most: int | None) -> RenderableType:
    return _group_table(found.groups[:most], "group", len(found.groups), width)


def _labels(found: "Measures", width: int, most: int | None) -> RenderableType:
    return _group_table(found.labels[:most], "label", len(found.labels), width)


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
"""By the names that ``--metric`` has for them: each takes a result, a width, and how many rows."""
