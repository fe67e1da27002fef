"""Measures with their errors: a table for people, rows of CSV, and an object of JSON."""

import math
from typing import TYPE_CHECKING

from xentcli.render.csv import cell, text_of_rows
from xentcli.results.groups import ClusteredGroup, measured_names
from xentcli.results.records import field_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table

    from xentcli.results.groups import Group
    from xentcli.results.measure import Measure

_HEADER = ("metric", "value", "standard_error", "low", "high", "n")
_NUMBERS = len(_HEADER) - 1
_LEFT_OUT = (("low", "high"), ("n",), ("±",), ())  # in this order, at a narrow terminal
_LEAST_NAME_WIDTH = 10  # columns of the terminal, with the gap to the next one
DIFFERENCES = frozenset(
    (
        "loss_difference",
        "accuracy_difference",
        "perplexity_difference",
        "log_perplexity_ratio",
        "delta_p",
    )
)
"""Measures that people read with a plus sign where the new model has more."""


def measure_rows(metrics: "Mapping[str, Measure]", delimiter: str) -> str:
    """Return a line for each measure under a header, with empty cells for what does not apply."""
    return text_of_rows(measure_cells(metrics), delimiter)


def measure_cells(metrics: "Mapping[str, Measure]") -> "Iterator[list[str]]":
    """Yield the cells of these lines."""
    yield list(_HEADER)
    for name, measure in metrics.items():
        yield [name, *_cells(measure)]


def group_cells(groups: "Sequence[Group]", header: str) -> "Iterator[list[str]]":
    """Yield a line for each group, under a header; a cell is empty if a measure does not apply."""
    measured = measured_names(groups)
    yield [header, "rows", *measured]
    for group in groups:
        values = (group.metrics[name].value if name in group.metrics else None for name in measured)
        yield [group.name, str(group.rows), *map(cell, values)]


def all_of_groups(groups: "Sequence[Group]", names: "Sequence[str]") -> bool:
    """Whether there are groups that have all measures of these names."""
    return bool(groups) and {*names} <= {*measured_names(groups)}


def _cells(measure: "Measure") -> list[str]:
    """Return a measure's numbers, or the bound with its sign if it is only bounded."""
    numbers = [getattr(measure, name) for name in field_names(type(measure))[:_NUMBERS]]
    cells = ["" if number is None else str(number) for number in numbers]
    return [shown_value(measure, ""), *cells[1:]]


def shown_value(measure: "Measure", nothing: str) -> str:
    """Return a measure's value in full, or the bounds that there are, with their signs."""
    if measure.value is not None:
        return str(measure.value)
    return getattr(measure, "text", "") or nothing


def short_number(value: float | None) -> str:
    """Return a number rounded for reading, or empty text where there is none."""
    from xentcli.render.tables import short

    return "" if value is None else short(value)


class MeasureTable:
    """Shows measures with every digit, and their errors, unless none has any.

    At a narrow terminal, intervals are left out, then how many rows count, and then errors.
    """

    def __init__(self, metrics: "Mapping[str, Measure]") -> None:
        self._metrics = metrics

    def __rich_console__(
        self, _console: "Console", options: "ConsoleOptions"
    ) -> "Iterator[RenderableType]":
        from rich.table import Table
        from rich.text import Text

        columns = self._columns()
        for left_out in _LEFT_OUT:
            taken = sum(max(map(len, (head, *cells))) + 2 for head, cells in columns.items()) - 2
            if taken <= options.max_width:
                break
            columns = {head: cells for head, cells in columns.items() if head not in left_out}
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("metric", no_wrap=True)
        # What is still too long goes on in the next line: a cut number would be another one.
        table.add_column("value", overflow="fold")
        names, values, *others = columns.values()
        for head in [*columns][2:]:
            table.add_column(head, justify="right", no_wrap=True)
        for name, value, *cells in zip(names, values, *others, strict=True):
            table.add_row(name, Text(value, "dim" if value == "-" else "bold green"), *cells)
        yield table

    def _columns(self) -> "dict[str, list[str]]":
        """Return the cells of every column, by its header."""
        measures = self._metrics.values()
        errors = {
            "±": [short_number(each.standard_error) for each in measures],
            "low": [short_number(each.low) for each in measures],
            "high": [short_number(each.high) for each in measures],
        }
        return {
            "metric": [*self._metrics],
            "value": [_signed_value(name, each) for name, each in self._metrics.items()],
            **{head: cells for head, cells in errors.items() if any(cells)},
            "n": ["" if each.n is None else f"{each.n:,}" for each in measures],
        }


def _signed_value(name: str, measure: "Measure") -> str:
    """Return the value of a measure in full, or its bounds; a difference of more has a plus."""
    value = _bounds(measure) if measure.value is None else str(measure.value)
    return f"+{value}" if name in DIFFERENCES and (measure.value or 0.0) > 0.0 else value


def group_tables(groups: "Sequence[Group]", width: int) -> "Iterator[Table]":
    """Yield the measures of groups with their errors: in several tables, if one is too wide."""
    from xentcli.render.row_tables import fitted_table

    first = {
        "group": [group.name or "(missing)" for group in groups],
        "rows": [f"{group.rows:,}" for group in groups],
    }
    if clusters := cluster_cells(groups):
        first["clusters"] = clusters
    columns = dict(first)
    for name in measured_names(groups):
        cells = [_with_error(name, group.metrics.get(name)) for group in groups]
        widths = [max(map(len, (each, *columns[each]))) + 2 for each in columns if each != "group"]
        taken = sum(widths) + _LEAST_NAME_WIDTH + max(map(len, (name, *cells)))
        if taken > width and len(columns) > len(first):
            yield fitted_table(columns, ("group",), width)
            columns = dict(first)
        columns[name] = cells
    yield fitted_table(columns, ("group",), width)


def cluster_cells(groups: "Sequence[Group]") -> list[str]:
    """Return how many clusters each group has; nothing if errors do not come from clusters."""
    return [f"{each.clusters:,}" for each in groups if isinstance(each, ClusteredGroup)]


def _with_error(name: str, measure: "Measure | None") -> str:
    """Return a measure rounded to what its error supports, with a sign if it is a difference."""
    from xentcli.render.tables import headline

    if measure is None or measure.value is None:
        return ""
    error = math.nan if measure.standard_error is None else measure.standard_error
    shown = headline(measure.value, error)
    return f"+{shown}" if name in DIFFERENCES and measure.value > 0.0 else shown


def _bounds(measure: "Measure") -> str:
    """Return two bounds rounded apart for reading, one bound in full, or a dash for none."""
    lower, upper = getattr(measure, "lower_bound", None), getattr(measure, "upper_bound", None)
    if lower is None or upper is None:
        return shown_value(measure, "-")
    return f">= {math.floor(lower * 1e4) / 1e4:.4f}, <= {math.ceil(upper * 1e4) / 1e4:.4f}"


def is_number(value: float | None) -> bool:
    """Whether there is a value, and it is not NaN."""
    return value is not None and not math.isnan(value)
