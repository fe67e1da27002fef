"""Tables of a comparison: all models, rows that changed most, percentiles, groups."""

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table

from xentcli.render.comparison_verdict import difference_of, percent, signed
from xentcli.render.evaluation_tables import empty_table, left_out
from xentcli.render.measures import short_number
from xentcli.render.number_columns import short_name, short_names
from xentcli.render.tables import full, short
from xentcli.results.measure import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentcli.results.comparison import ChangedRow, Comparison


_NAME_WIDTH, _LEAST_NAME_WIDTH = 24, 8  # columns of the terminal
_LEFT_OUT = ("won", "lost", "same", "KL", "accuracy")  # in this order, at a narrow terminal


def all_models(comparisons: "Sequence[Comparison]", width: int) -> Table:
    """Return a line for each model, and its differences from the first."""
    first = comparisons[0]
    headers = ["loss", "difference", "accuracy", "lost", "won"] if first.labelled else []
    headers += ["KL", "same"]
    names, *cells = zip(_first_line(first), *map(_line, comparisons), strict=True)
    columns = dict(zip(headers, cells, strict=True))
    taken = {head: max(map(len, (head, *each))) + 2 for head, each in columns.items()}
    for head in _LEFT_OUT:  # drop columns before cutting a number
        if _LEAST_NAME_WIDTH + sum(taken[each] for each in columns) > width:
            columns.pop(head, None)
    room = width - sum(taken[each] for each in columns)
    shown = short_names(_file_names(names), max(_LEAST_NAME_WIDTH, min(_NAME_WIDTH, room)))
    table = empty_table("model", *columns)
    for row in zip(shown, *columns.values(), strict=True):
        table.add_row(*row)
    return table


def _file_names(names: "Sequence[str]") -> "Sequence[str]":
    """Return names without their folders, unless only the folders tell them apart."""
    files = [name.rpartition("/")[2] for name in names]
    return files if len(set(files)) == len(names) else names


def _first_line(found: "Comparison") -> list[str]:
    if not found.labelled:
        return [found.base, "", ""]
    loss, accuracy = _number(found, "loss_base", short), _number(found, "accuracy_base", percent)
    return [found.base, loss, "", accuracy, "", "", "", ""]


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


def _number(found: "Comparison", name: str, shown: object) -> str:
    measure = found.metrics.get(name)
    if measure is None or measure.value is None or not callable(shown):
        return ""
    return str(shown(measure.value))


def changed_table(found: "Comparison", rows: "Sequence[ChangedRow]", width: int) -> Table:
    """Return a line for each row that changed much."""
    ids = any(each.id is not None for each in rows)
    labelled = found.labelled
    room = max(6, min(_NAME_WIDTH, (width - 36) // (3 + ids)))
    headers = ["row", *(["id"] if ids else [])]
    headers += ["loss", "was", "now"] if labelled else ["KL"]
    headers += ["label"] if labelled else []
    table = empty_table(*headers, "predicted", "predicts now")
    for each in rows:
        cells = [short_name(found.row_name(each), _NAME_WIDTH)]
        cells += [short_name(each.id or "", room)] if ids else []
        if labelled:
            cells += [
                signed(each.change),
                short_number(each.loss_base),
                short_number(each.loss_new),
            ]
            cells.append(_name(found, each.label, room))
        else:
            cells.append(short_number(each.kl))
        predictions = (each.prediction_base, each.prediction_new)
        table.add_row(*cells, *(_name(found, one, room) for one in predictions))
    return table


def _name(found: "Comparison", index: int | None, room: int) -> str:
    return "" if index is None else short_name(found.class_name(index), room)


def percentile_table(found: "Comparison") -> Table:
    """Return a line for each percentile."""
    table = empty_table("percent", "KL", "change of p(label)", left=0)
    for each in found.percentiles:
        cells = ("" if number is None else full(number) for number in (each.kl, each.delta_p))
        table.add_row(f"{each.percent:g}", *cells)
    return table


def group_table(found: "Comparison", most: int) -> RenderableType:
    """Return a line for each of the first groups, and a note on the others."""
    from rich.console import Group as Lines

    shown = found.groups[:most]
    columns = ("loss_base", "loss_new", "loss_difference", "accuracy_base", "accuracy_new", "kl")
    there = [name for name in columns if any(name in group.metrics for group in shown)]
    heads = [name.replace("_difference", " ±").replace("_", " ") for name in there]
    table = empty_table("group", "rows", *heads)
    for group in shown:
        cells = []
        for name in there:
            measure = group.metrics.get(name)
            if measure is None:
                cells.append("")
            elif name == "loss_difference":
                cells.append(difference_of(measure))
            else:
                cells.append(short_number(measure.value))
        table.add_row(short_name(group.name, _NAME_WIDTH) or "(missing)", f"{group.rows:,}", *cells)
    return Lines(table, *left_out(len(shown), len(found.groups), "groups"))
