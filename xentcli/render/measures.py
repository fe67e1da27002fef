"""Measures with their errors: a table for people, rows of CSV, and an object of JSON."""

import math
from typing import TYPE_CHECKING

from xentcli.render.csv import text_of_rows
from xentcli.results.records import field_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.table import Table

    from xentcli.results.measures import Measure

_HEADER = ("metric", "value", "standard_error", "low", "high", "n")


def measure_rows(metrics: "Mapping[str, Measure]", delimiter: str) -> str:
    """Return a line for each measure, under a header; what does not apply is empty."""
    return text_of_rows(measure_cells(metrics), delimiter)


def measure_cells(metrics: "Mapping[str, Measure]") -> "Iterator[list[str]]":
    """Yield the cells of these lines."""
    yield list(_HEADER)
    for name, measure in metrics.items():
        yield [name, *("" if number is None else str(number) for number in _numbers(measure))]


def _numbers(measure: "Measure") -> list[float | None]:
    return [getattr(measure, name) for name in field_names(measure)]


def short_number(value: float | None) -> str:
    """Return a number to look at; nothing where there is none."""
    from xentcli.render.tables import short

    return "" if value is None else short(value)


def measure_table(metrics: "Mapping[str, Measure]") -> "Table":
    """Return the measures with every digit, and their errors."""
    from rich.table import Table
    from rich.text import Text

    from xentcli.render.tables import full

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("metric", no_wrap=True)
    table.add_column("value", no_wrap=True)
    for name in ("±", "low", "high", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, each in metrics.items():
        value = "-" if each.value is None else full(each.value)
        table.add_row(
            name,
            Text(value, "bold green" if each.value is not None else "dim"),
            *(short_number(number) for number in (each.standard_error, each.low, each.high)),
            "" if each.n is None else f"{each.n:,}",
        )
    return table


def is_number(value: float | None) -> bool:
    """Whether a value is there and no NaN."""
    return value is not None and not math.isnan(value)
