"""What a report says of a fitted temperature: measures before and after, and of which rows."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from xentcli.alignment.by_number import note_of_test_order
from xentcli.metrics.intervals import t_quantile
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.measures.inapplicable import NEEDS_A_CLASS, note_of_classes
from xentcli.pipeline.measures.loss_measures import loss_measure, with_errors
from xentcli.pipeline.temperatures.temperature import Fit
from xentcli.results.measure import NOTHING, Measure
from xentcli.results.measures import Measures
from xentcli.results.temperature import CurvePoint, FittedTemperature, Fold, TestedTemperature

_MOST_EXPONENT = 709.0  # the exponentials of more are too large for float64

_WIDER = 1.0001  # how much wider a gap may be than the widest one, which is a float32

Tested = tuple[TestedTemperature | None, tuple[str, ...]]
"""What a temperature does to other rows, and notes about these."""
MEASURES = (
    "temperature",
    "log_temperature_error",
    "loss_before",
    "loss_after",
    "ece_before",
    "ece_after",
    "ece_by_chance_after",
    "brier_before",
    "brier_after",
    "loss_out_of_fold",
    "ece_out_of_fold",
    "accuracy",
)


def report_of(
    fitted: Fit,
    before: Measures,
    after: Measures,
    again: Measured,
    of_others: Tested,
    curve: tuple[CurvePoint, ...],
    asked_folds: int,
    counted: int,
) -> FittedTemperature:
    """Return what a temperature of so many rows is, and what is measured without and with it."""
    tested, notes = of_others
    notes = tuple(dict.fromkeys((*before.notes, *notes)))
    if NEEDS_A_CLASS in before.inapplicable.values():
        notes = (*notes, note_of_classes(" and ece"))
    folds = zip(fitted.fold_rows, fitted.folds, strict=True)
    both = before_and_after(before, after)
    return FittedTemperature(
        metrics={
            **_measure_of_temperature(fitted, counted),
            **both,
            **_out_of_fold(again.results.get("held_out"), binned="ece" not in after.inapplicable),
        },
        rows=before.rows,
        used=before.used,
        num_classes=before.num_classes,
        binary=before.binary,
        passes=fitted.passes + 1,
        folds=tuple(Fold(i, count, 1.0 / beta) for i, (count, beta) in enumerate(folds)),
        bins_before=before.bins,
        bins_after=after.bins,
        tested=tested,
        clusters=before.clusters,
        clusters_fitted=fitted.clusters,
        surely_not_1=_surely_not_1(fitted, counted),
        curve=curve,
        looks_like=before.looks_like,
        notes=(
            *notes,
            *_of_higher_ece(both),
            *_notes_of(fitted, asked_folds, before.num_classes, tested=tested),
        ),
    )


def _measure_of_temperature(fitted: Fit, rows: int) -> dict[str, Measure]:
    """Return the temperature with its error; the interval is that of its logarithm."""
    value, error = fitted.temperature, fitted.log_error
    if not math.isfinite(error) or rows < 2:
        return {"temperature": Measure(value, n=rows), "log_temperature_error": Measure(n=rows)}
    reach = _quantile(fitted, rows) * error
    factor = math.exp(reach) if reach < _MOST_EXPONENT else math.inf
    return {
        "temperature": Measure(value, value * error, value / factor, value * factor, rows),
        "log_temperature_error": Measure(error, n=rows),
    }


def _surely_not_1(fitted: Fit, rows: int) -> bool:
    """Whether the loss at a temperature of 1 is higher than chance explains.

    Where logits say little, the logarithm of a high temperature has an error beyond all bounds, and
    its interval holds 1 although the loss there is far higher; where they are tiny, it leaves 1 out
    although the loss there is hardly higher. So the losses are compared: twice the difference of
    their sums, scaled as the sandwich estimate is, is about the square of a Student's t.
    """
    scale = (fitted.log_error * fitted.beta) ** 2 * fitted.curvature
    if rows < 2 or not (math.isfinite(scale) and math.isfinite(fitted.gain)):
        return False
    return 2.0 * fitted.gain > _quantile(fitted, rows) ** 2 * scale


def _quantile(fitted: Fit, rows: int) -> float:
    """Return how many errors an interval reaches to each side."""
    return t_quantile((rows if fitted.clusters is None else fitted.clusters) - 1)


def before_and_after(before: Measures, after: Measures) -> dict[str, Measure]:
    """Return what is measured before and after rows are divided by a temperature."""
    names = ("loss", "ece", "brier")
    both = {
        f"{name}_{when}": found.metrics.get(name, NOTHING)
        for name in names
        for when, found in (("before", before), ("after", after))
    }
    both["ece_by_chance_after"] = after.metrics.get("ece_by_chance", NOTHING)
    both["accuracy"] = before.metrics.get("accuracy", NOTHING)
    return {name: both[name] for name in MEASURES if name in both}


def held_out_criterion(
    fitted: Fit, bins: int, widest: float, *, clustered: bool
) -> Criterion | None:
    """Return what measures rows that took no part in a fit, if all folds have a temperature."""
    if not fitted.folds or any(map(math.isnan, fitted.folds)):
        return None
    from xentcli.metrics.calibration import CalibrationState

    parameters: dict[str, Any] = {
        "scales": tuple(beta * fitted.temperature for beta in fitted.folds),
        "widest": _WIDER * widest * fitted.beta,
        "calibration": CalibrationState(bins),
        "clustered": clustered,
    }
    return Criterion(metrics=("held_out",), parameters={"held_out": parameters})


def _out_of_fold(found: Any, *, binned: bool) -> dict[str, Measure]:
    """Return the measures of rows that took no part in a fit; None where there are none.

    `binned` says whether a calibration error applies.
    """
    if found is None:
        return {"loss_out_of_fold": NOTHING, "ece_out_of_fold": NOTHING}
    loss = {"loss": loss_measure(found.loss)}
    if found.errors is not None:
        loss = with_errors(loss, found.errors.metrics)
    ece = found.calibration.ece if binned else NOTHING
    return {"loss_out_of_fold": loss["loss"], "ece_out_of_fold": ece}


def notes_of_classes(fitted: Measures, tested: Measures, name: str) -> Iterator[str]:
    """Say that the rows to test on, which have this name, have the same classes elsewhere."""
    one, two = fitted.class_names or (), tested.class_names or ()
    if one != two and sorted(one) == sorted(two):
        yield note_of_test_order(name)


def _of_higher_ece(both: Mapping[str, Measure]) -> Iterator[str]:
    """Say that a temperature makes the calibration worse by more than chance explains."""
    names = ("ece_before", "ece_after", "ece_by_chance_after")
    before, after, chance = (both.get(name, NOTHING).value for name in names)
    if before is not None and after is not None and after > before + (chance or 0.0):
        yield "ECE is higher after than before: this temperature is the best for the loss alone"


def _notes_of(
    fitted: Fit, folds: int, num_classes: int, *, tested: TestedTemperature | None
) -> Iterator[str]:
    """Say of which rows the numbers are."""
    if tested is not None and not tested.used:
        why = "every label is ignored" if tested.rows else "there are no rows"
        yield f"of the rows to test on, nothing is used: {why}"
    elif tested is not None and tested.num_classes != num_classes:
        classes = f"{tested.num_classes:,} classes, and those that were fitted {num_classes:,}"
        yield f"the rows to test on have {classes}: are they of one model?"
    if tested is not None and fitted.clusters is not None and tested.clusters is None:
        yield "the errors of the rows to test on take each row for independent"
    lost = [i for i, beta in enumerate(fitted.folds) if math.isnan(beta)]
    if tested is None:
        yield "loss and calibration 'after' are of the rows that were fitted" + (
            "; of new rows, expect 'out of fold'" if fitted.folds and not lost else ""
        )
    if folds and not fitted.folds:
        fewer = "" if fitted.clusters == 1 else "; try fewer (--folds)"
        yield f"not every one of the {folds} folds has rows: nothing is out of fold{fewer}"
    if lost:
        yield f"without fold {lost[0]} there is no temperature: nothing is out of fold"
