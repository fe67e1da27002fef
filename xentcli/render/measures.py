"""Measures with their errors: a table for people, rows of CSV, and an object of JSON."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xentcli.results.records import field_names

if TYPE_CHECKING:
    from rich.table import Table

    from xentcli.results.measures import Measure
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict

_HEADER = ("metric", "value", "standard_error", "low", "high", "n")


def measure_rows(metrics: "Mapping[str, Measure]", delimiter: str) -> str:
    """Return a line for each measure, under a header; what does not apply is empty."""
    from xentcli.render.csv import text_of_rows

    rows = ([name, *(_cell(number) for number in _numbers(m))] for name, m in metrics.items())
    return text_of_rows([_HEADER, *rows], delimiter)


def records_rows(names: Sequence[str], records: Iterable[Any], delimiter: str) -> str:
    """Return a line of these fields for each record, under a header."""
    from xentcli.render.csv import text_of_rows

    rows = ([_cell(getattr(each, name)) for name in names] for each in records)
    return text_of_rows([names, *rows], delimiter)


def _numbers(measure: "Measure") -> list[float | None]:
    return [getattr(measure, name) for name in field_names(measure)]


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def provenance_fields(
    provenance: "Provenance", verdicts: "Sequence[Verdict]" = ()
) -> dict[str, Any]:
    """Return what JSON says of gates, files and the version."""
    gates = {"gates": list(verdicts)} if verdicts else {}
    return {**gates, "files": list(provenance.files), "version": provenance.version}


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
