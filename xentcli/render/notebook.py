"""Results as HTML for a notebook: a table of measures, without styles of its own."""

from html import escape
from typing import TYPE_CHECKING

from xentcli.render.measures import short_number
from xentcli.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xentcli.results.comparison import Comparison
    from xentcli.results.measure import Measure
    from xentcli.results.measures import Measures

_WORST_SHOWN = 5


def evaluation_html(found: "Measures") -> str:
    """Return the measures, and the worst rows, as tables; text from files is escaped."""
    parts = [measures_html(found.metrics)]
    if found.worst_rows:
        worst = [
            [
                found.row_name(each),
                each.id or "",
                short_number(each.loss),
                "" if each.label is None else found.class_name(each.label),
                "" if each.prediction is None else found.class_name(each.prediction),
            ]
            for each in found.worst_rows[:_WORST_SHOWN]
        ]
        parts.append(_table(["worst row", "id", "loss", "label", "prediction"], worst))
    return "\n".join(parts)


def comparison_html(found: "Comparison") -> str:
    """Return the verdict, the measures, and the rows that changed most."""
    from xentcli.render.comparison_text import cells_of_changed
    from xentcli.render.comparison_verdict import verdict

    there = {name: each for name, each in found.metrics.items() if each.value is not None}
    sentence, _ = verdict(found)
    parts = [f"<p>{escape(visible(sentence))}</p>"] if sentence else []
    parts.append(measures_html(there))
    if found.changed_rows:
        shown = ["row", "id", "change", "label", "prediction_base", "prediction_new"]
        parts.append(_table(shown, [*cells_of_changed(found, shown)][:_WORST_SHOWN]))
    return "\n".join(parts)


def measures_html(metrics: "Mapping[str, Measure]") -> str:
    """Return measures as a table."""
    rows = [
        [name, repr(each.value) if each.value is not None else "", *map(short_number, errors), n]
        for name, each in metrics.items()
        for errors in [(each.standard_error, each.low, each.high)]
        for n in [f"{each.n:,}" if each.n is not None else ""]
    ]
    return _table(["metric", "value", "&plusmn;", "low", "high", "n"], rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table; the header is HTML already, the cells are not."""
    head = "".join(f"<th>{cell}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(visible(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
