"""The pictures of comparisons and of temperatures, and what each of them shows.

matplotlib is imported where something is drawn.
"""

from typing import TYPE_CHECKING, Any

from xentcli.render.pictures.pictures import Pictures
from xentcli.results.comparison import Comparison
from xentcli.results.temperature import FittedTemperature

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _is_pair_drawn(kind: str, found: Comparison) -> bool:
    shown = found.pictures
    if shown is None:
        return False
    there: dict[str, Any] = {
        "changes": shown.changes.n > shown.changes.zero.rows,
        "losses": shown.losses,
        "reliability": shown.base.bins and shown.new.bins,
        "predictions": shown.predictions,
    }
    return bool(there[kind])


def _figure_of_pair(kind: str, found: Comparison) -> "Figure":
    shown = found.pictures
    assert shown is not None  # noqa: S101 - there is something to draw
    if kind == "reliability":
        from xentcli.render.pictures.two_reliabilities import Side, two_reliabilities

        base = Side("the first model", shown.base.bins, shown.base.ece.value)
        return two_reliabilities((base, Side("the new one", shown.new.bins, shown.new.ece.value)))
    if kind == "predictions":
        from xentcli.render.pictures.confusion import OF_PREDICTIONS, pairs_of_classes

        assert shown.predictions is not None  # noqa: S101 - there is something to draw
        return pairs_of_classes(shown.predictions, found.class_name, OF_PREDICTIONS)
    from xentcli.render.pictures.changes import both_losses, changes

    return changes(found) if kind == "changes" else both_losses(found)


def _is_temperature_drawn(kind: str, found: FittedTemperature) -> bool:
    if kind == "curve":
        return len(found.curve) > 1
    shown = found.tested if kind == "tested" else found
    return shown is not None and any(each.rows for each in shown.bins_before)


def _figure_of_temperature(kind: str, found: FittedTemperature) -> "Figure":
    if kind == "curve":
        from xentcli.render.pictures.curve import curve

        return curve(found)
    from xentcli.render.pictures.two_reliabilities import Side, two_reliabilities

    tested = found.tested if kind == "tested" else None
    rows, which = (found, "") if tested is None else (tested, "Test files: ")
    fitted = f"T = {found.metrics['temperature'].value:.4g}"
    before = Side("T = 1", rows.bins_before, rows.metrics["ece_before"].value)
    after = Side(fitted, rows.bins_after, rows.metrics["ece_after"].value)
    return two_reliabilities((before, after), which, binary=found.binary)


OF_PAIRS = Pictures(
    {
        "changes": "Histogram of how much the losses of rows changed, on a logarithmic axis: rows "
        "that are worse above, and better below.",
        "losses": "The losses of the rows with the first model and with the new one: squares whose "
        "colour is the stronger the more rows they hold.",
        "reliability": "Reliability diagram of both models: for each bin of confidence the "
        "accuracy, with an interval of 95 %, and the number of rows.",
        "predictions": "How many rows the first model predicts to be which class, and the new one "
        "to be which.",
    },
    {
        "changes": "There are no rows that can be compared, or none differs.",
        "losses": "There are no rows with a loss.",
        "reliability": "There are no rows whose confidence can be judged.",
        "predictions": "There are no rows that can be compared.",
    },
    _is_pair_drawn,
    _figure_of_pair,
)
OF_TEMPERATURES = Pictures(
    {
        "reliability": "Reliability diagram before and after: for each bin of confidence the "
        "accuracy, with an interval of 95 %, and the number of rows.",
        "curve": "The loss over the temperature, on a logarithmic axis, and where it is least.",
        "tested": "Reliability diagram of the test files before and after: for each bin of "
        "confidence the accuracy, with an interval of 95 %, and the number of rows.",
    },
    {
        "reliability": "There are no rows whose confidence can be judged.",
        "curve": "The loss was computed at no other temperature.",
        "tested": "There are no rows of test files whose confidence can be judged.",
    },
    _is_temperature_drawn,
    _figure_of_temperature,
)
