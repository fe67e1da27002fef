"""Tables of a comparison: all models, rows that changed most, percentiles, groups."""

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table

from xentcli.render.comparison_verdict import difference_of, percent, signed
from xentcli.render.measures import cluster_cells, short_number
from xentcli.render.number_columns import short_names
from xentcli.render.row_tables import class_cell, empty_table, fitted_table, narrowed
from xentcli.render.tables import full, short
from xentcli.results.measure import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xentcli.results.comparison import ChangedRow, Comparison
    from xentcli.results.measure import Measure


_LEAST_NAME_WIDTH = 8  # columns of the terminal
_GAP = 2  # between two columns of a table
_LEFT_OUT = ("won", "lost", "same", "KL", "accuracy")  # in this order, at a narrow terminal
_NAMES_OF_ROWS = ("row", "id", "label", "predicted", "predicts now")
_LEFT_OUT_OF_ROWS = ("was", "now", "predicted", "label", "predicts now")
_LEFT_OUT_OF_GROUPS = ("clusters", "KL", "accuracy", "loss")


def all_models(comparisons: "Sequence[Comparison]", width: int) -> Table:
    """Return a line for each model, and its differences from the first."""
    first = comparisons[0]
    headers = ["loss", "difference", "accuracy", "lost", "won"] if first.labelled else []
    headers += ["KL", "same"]
    names, *cells = zip(_first_line(comparisons), *map(_line, comparisons), strict=True)
    every = dict(zip(headers, cells, strict=True))
    columns = narrowed(every, width - _LEAST_NAME_WIDTH - _GAP, _LEFT_OUT)
    room = width - sum(max(map(len, (head, *each))) + _GAP for head, each in columns.items())
    shown = short_names(_file_names(names), max(_LEAST_NAME_WIDTH, room))
    table = empty_table("model", *columns)
    for row in zip(shown, *columns.values(), strict=True):
        table.add_row(*row)
    return table


def _file_names(names: "Sequence[str]") -> "Sequence[str]":
    """Return names without their folders, unless only the folders tell them apart."""
    files = [name.rpartition("/")[2] for name in names]
    return files if len(set(files)) == len(names) else names


def accuracy_of_first(comparisons: "Sequence[Comparison]") -> "Measure":
    """Return the accuracy of the first model, or nothing where each comparison has another one.

    A comparison is over the rows that are finite in both of its models.
    """
    found = {each.metrics.get("accuracy_base", NOTHING) for each in comparisons}
    return found.pop() if len(found) == 1 else NOTHING


def _first_line(comparisons: "Sequence[Comparison]") -> list[str]:
    found = comparisons[0]
    if not found.labelled:
        return [found.base, "", ""]
    accuracy = accuracy_of_first(comparisons).value
    shown = "" if accuracy is None else percent(accuracy)
    return [found.base, _number(found, "loss_base", short), "", shown, "", "", "", ""]


def _line(found: "Comparison") -> list[str]:
    apart = [_number(found, "kl", short), _number(found, "agreement", percent)]
    if not found.labelled:
        return [found.new, *apart]
    return [
        found.new,
        _number(found, "loss_new", short),
        difference_of(found.metrics.get("loss_difference", NOTHING)),
        _number(found, "accuracy_new", percent),
        _number(found, "only_base_right", _count),
        _number(found, "only_new_right", _count),
        *apart,
    ]


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _number(found: "Comparison", name: str, shown: "Callable[[float], str]") -> str:
    value = found.metrics.get(name, NOTHING).value
    return "" if value is None else shown(value)


def changed_table(found: "Comparison", rows: "Sequence[ChangedRow]", width: int) -> Table:
    """Return a line for each row that changed much."""
    columns = {"row": [found.row_name(each) for each in rows]}
    if any(each.id is not None for each in rows):
        columns["id"] = [each.id or "" for each in rows]
    left = len(columns)
    if found.labelled:
        columns["loss"] = [signed(each.change) for each in rows]
        columns["was"] = [short_number(each.loss_base) for each in rows]
        columns["now"] = [short_number(each.loss_new) for each in rows]
        columns["label"] = [class_cell(found, each.label) for each in rows]
    else:
        columns["KL"] = [short_number(each.kl) for each in rows]
    columns["predicted"] = [class_cell(found, each.prediction_base) for each in rows]
    columns["predicts now"] = [class_cell(found, each.prediction_new) for each in rows]
    names = [head for head in _NAMES_OF_ROWS if head in columns]
    shown = narrowed(columns, width, _LEFT_OUT_OF_ROWS, names, ("was", "now"))
    return fitted_table(shown, names, width, left)


def percentile_table(found: "Comparison") -> Table:
    """Return a line for each percentile."""
    table = empty_table("percent", "KL", "change of p(label)", left=0)
    for each in found.percentiles:
        change = "" if each.delta_p is None else full(each.delta_p)
        change = f"+{change}" if (each.delta_p or 0.0) > 0.0 else change
        table.add_row(f"{each.percent:g}", "" if each.kl is None else full(each.kl), change)
    return table


def group_table(found: "Comparison", most: int, width: int) -> RenderableType:
    """Return a line for each of the first groups."""
    shown = found.groups[:most]
    columns = {
        "group": [group.name or "(missing)" for group in shown],
        "rows": [f"{group.rows:,}" for group in shown],
        "clusters": cluster_cells(shown),
        "loss": [_change(group.metrics, "loss", short) for group in shown],
        "difference": [
            difference_of(group.metrics.get("loss_difference", NOTHING)) for group in shown
        ],
        "accuracy": [_change(group.metrics, "accuracy", percent) for group in shown],
        "KL": [short_number(group.metrics.get("kl", NOTHING).value) for group in shown],
    }
    columns = {head: cells for head, cells in columns.items() if any(cells)}
    shown_columns = narrowed(columns, width, _LEFT_OUT_OF_GROUPS, ("group",))
    return fitted_table(shown_columns, ("group",), width)


def _change(metrics: "Mapping[str, Measure]", name: str, shown: "Callable[[float], str]") -> str:
    """Return what a measure was with the first model, and what it is with the new one."""
    values = [metrics.get(f"{name}_{which}", NOTHING).value for which in ("base", "new")]
    return " -> ".join(shown(each) for each in values if each is not None)
