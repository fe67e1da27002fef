"""Sums a comparison up in one sentence for readers without statistics."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from xentcli.render.tables import FEWEST, counted, ends, headline, row_word, short, too_few
from xentcli.results.measure import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xentcli.results.comparison import Comparison
    from xentcli.results.measure import Measure

_SURE_P = 0.05  # chance does not explain a lower p of McNemar's test
_ROUNDED = 1e-5  # nats, by row: float32 rounds logits up to 100 by less
_ERROR_DIGITS = 2
_DECIMALS_OF_POINTS = 2
_WORDS = {-1: "better", 0: "unclear", 1: "worse"}


def verdict(found: "Comparison") -> tuple[str, str]:
    """Return the sentence, and whether it is good news: 'better', 'worse' or 'unclear'.

    The sentence is empty if what it is made of was not asked for.
    """
    kl = found.metrics.get("kl_max")
    difference = found.metrics.get("loss_difference")
    of_losses = difference is not None and difference.value is not None
    nothing = not (found.used and (found.measured or of_losses))
    if nothing or (kl is None and not of_losses):
        return f"{found.new}: nothing to compare" if nothing else "", "unclear"
    if _is_same(found):
        return f"{found.new} gives the same as {found.base}: no row differs", "unclear"
    of_rows = _accuracy(found), _moved(found)
    details = ", ".join(part for part in (_loss(found), *of_rows) if part)
    if difference is None or difference.value is None:
        apart = f": {parts}" if (parts := _apart(found)) else ""
        return f"{found.new} differs from {found.base}{apart}", "unclear"
    if few := _few(found, difference):
        return f"{found.new}: {few} little of others: {details}", "unclear"
    if _is_nearly_same(found, difference):
        return f"{found.new} gives nearly the same as {found.base}: {details}", "unclear"
    judgement, word = _judgement(found)
    details = ", ".join(part for part in (_loss(found), _most(found), *of_rows) if part)
    return f"{found.new} is {judgement}: {details}", word


def _few(found: "Comparison", difference: "Measure") -> str:
    """Return how few rows or clusters tell how sure a difference is, or empty text."""
    fewest = FEWEST if math.isfinite(difference.value or 0.0) else 2  # one infinite loss decides
    return too_few(found.used, found.clusters, fewest)


def _most(found: "Comparison") -> str:
    """Return how many losses are higher, where the mean moved the other way than most for sure."""
    worse, by_loss = found.metrics.get("share_worse"), _sign_of_losses(found)
    if worse is None or worse.value is None or worse.low is None or worse.high is None:
        return ""
    if by_loss < 0 and worse.low > 0.5:
        return f"though higher in {percent(worse.value)} of the rows"
    if by_loss > 0 and worse.high < 0.5:
        return f"though higher in only {percent(worse.value)} of the rows"
    return ""


def _is_same(found: "Comparison") -> bool:
    """Whether no row differs, which KL tells alone: losses of other probabilities may be alike.

    The KL of rows that do not sum to 1 may be below 0, where its largest is 0.
    """
    kl = found.metrics.get("kl_max", NOTHING)
    names = ("loss_difference", "infinite_rows", "share_worse", "kl", "kl_reverse")
    differs = any(found.metrics.get(name, NOTHING).value for name in names)
    differs |= any(row.change for row in found.changed_rows)
    return kl.value == 0.0 and kl.n == found.measured and not differs


def _is_nearly_same(found: "Comparison", difference: "Measure") -> bool:
    """Whether losses differ by so little that rounding may be all of it, however sure that is."""
    value, error, n = difference.value, difference.standard_error, difference.n
    if value is None or error is None or n is None or _sign_of_rows(found):
        return False
    names = ("kl_max", "kl", "infinite_rows")  # of classes that are not the labels' too
    kl, *others = (found.metrics.get(name, NOTHING).value for name in names)
    if kl is None or max(kl, *(abs(each or 0.0) for each in others)) > _ROUNDED:
        return False
    # Changes may cancel within clusters, and rows that changed most need not be listed.
    if found.clusters is not None and not found.changed_rows:
        return False
    largest = max((abs(row.change or 0.0) for row in found.changed_rows), default=0.0)
    return max(largest, math.hypot(value, error * math.sqrt(n))) <= _ROUNDED


def _judgement(found: "Comparison") -> tuple[str, str]:
    """Return what loss and accuracy say together, and one word for it.

    If only one of them is sure, the judgement names it, since the other may seem to contradict it.
    """
    by_loss = _sign_of_losses(found)
    by_rows = _sign_of_rows(found)
    if by_loss * by_rows < 0:
        return f"{_WORDS[by_rows]} by accuracy and {_WORDS[by_loss]} by loss", "unclear"
    word = _WORDS[by_loss or by_rows]
    if word == "unclear":
        return "not clearly better or worse", word
    measured = found.metrics.get("accuracy_difference", NOTHING).value is not None
    if (by_loss and by_rows) or not measured:
        return word, word
    return f"{word} by {'loss' if by_loss else 'accuracy'}", word


def _sign_of_losses(found: "Comparison") -> int:
    """Return 1 where the loss grew for sure, -1 where it fell, else 0.

    Rows that weigh 0 have no loss, so that there may be fewer losses than rows, and clusters.
    """
    difference, clusters = found.metrics["loss_difference"], found.clusters_of_losses
    n = (difference.n or 0) if clusters is None else clusters
    few = n < FEWEST and math.isfinite(difference.value or 0.0)
    return 0 if few else _sign(difference)


def _sign_of_rows(found: "Comparison") -> int:
    """Return 1 where rows were lost for sure, -1 where they were won, else 0."""
    p, gain = found.metrics.get("mcnemar_p"), found.metrics.get("accuracy_difference")
    if gain is None or gain.value is None:
        return 0
    by_test = p is not None and p.value is not None and p.value < _SURE_P and gain.value != 0.0
    if found.clusters is not None:  # the test takes each row for independent, and heeds how many
        doubted = p is not None and not by_test
        return 0 if doubted else -_sign(gain)
    if not by_test:
        return 0
    return -1 if gain.value > 0 else 1


def _sign(difference: "Measure") -> int:
    """Return 1 where a difference is above 0 for sure, -1 where it is below, else 0."""
    value, low, high = difference.value, difference.low, difference.high
    if value is not None and math.isinf(value):
        return 1 if value > 0 else -1
    if low is None or high is None:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0


def _loss(found: "Comparison") -> str:
    each = found.metrics.get("loss_difference")
    if each is None or each.value is None:
        return ""
    both = (found.metrics.get(f"loss_{name}") for name in ("base", "new"))
    if math.isnan(each.value) and all(of and of.value == math.inf for of in both):
        return "both losses infinite, not in the same rows"
    if each.standard_error is None:
        return f"loss {signed(each.value)}"
    return f"loss {difference_of(each)} (paired)"


def _accuracy(found: "Comparison") -> str:
    base, new = (found.metrics.get(f"accuracy_{name}") for name in ("base", "new"))
    if base is None or new is None or base.value is None or new.value is None:
        return ""
    return f"accuracy {percent(base.value)} -> {percent(new.value)}"


def _moved(found: "Comparison") -> str:
    lost, won = (found.metrics.get(f"only_{name}_right") for name in ("base", "new"))
    if lost is None or won is None or lost.value is None or won.value is None:
        return ""
    return f"{lost.value:,.0f} {row_word(lost.value)} lost, {won.value:,.0f} won"


def _apart(found: "Comparison") -> str:
    kl, agreement = found.metrics.get("kl"), found.metrics.get("agreement")
    parts = []
    if kl is not None and kl.value is not None:
        parts.append(f"KL {headline(kl.value, kl.standard_error or math.nan)} nats")
        parts += infinite_rows(found.metrics)
    elif kl is None and (largest := found.metrics.get("kl_max", NOTHING).value) is not None:
        parts.append(f"KL up to {short(largest)} nats")
    if agreement is not None and agreement.value is not None:
        parts.append(f"the same prediction in {percent(agreement.value)} of the rows")
    return ", ".join(parts)


def infinite_rows(metrics: "Mapping[str, Measure]") -> list[str]:
    """Return in how many rows KL is infinite, which its measures leave out: forth, and back."""
    rows = metrics.get("infinite_rows", NOTHING).n
    texts = []
    for name, text in (("kl", "infinite in {}"), ("kl_reverse", "back infinite in {}")):
        n = metrics.get(name, NOTHING).n
        if rows is not None and n is not None and n < rows:
            texts.append(text.format(counted(rows - n, "row")))
    return texts


def difference_of(measure: "Measure") -> str:
    """Return a difference with its sign, and its error to two digits."""
    if measure.value is None:
        return ""
    error = math.nan if measure.standard_error is None else measure.standard_error
    return with_sign(headline(measure.value or 0.0, error, _ERROR_DIGITS))


def difference_in_points(share: "Measure") -> str:
    """Return a difference of shares with its error, in percentage points."""
    points = _in_points(share)
    if points.value is not None and not points.standard_error:  # one row, or rows all alike
        return f"{with_sign(f'{points.value:.1f}' if points.value else '0')} points"
    return f"{difference_of(points)} points"


def interval_in_points(share: "Measure") -> str:
    """Return the interval of a difference of shares, or empty text where it is none or no wider."""
    points = _in_points(share)
    if points.low is None or points.high is None or points.low == points.high:
        return ""
    return ends(points.low, points.high, points.standard_error or 0.0, _DECIMALS_OF_POINTS)


def _in_points(share: "Measure") -> "Measure":
    names = ("value", "standard_error", "low", "high")
    numbers = {name: getattr(share, name) for name in names}
    return replace(share, **{n: None if v is None else 100.0 * v for n, v in numbers.items()})


def percent(share: float) -> str:
    """Return a share of rows in percent; one of some rows does not read as none or as all."""
    rounded = f"{100.0 * share:.1f} %"
    if share > 0.0 and rounded == "0.0 %":
        return "< 0.1 %"
    return "> 99.9 %" if share < 1.0 and rounded == "100.0 %" else rounded


def signed(value: float) -> str:
    """Return a difference rounded for reading, with its sign."""
    return with_sign(short(value))


def with_sign(text: str) -> str:
    """Return the text of a number with its sign, which one that reads as 0 does not have.

    Examples
    --------
    >>> with_sign("0.565 ± 0.021"), with_sign("-1.5"), with_sign("0.000 ± 0.020"), with_sign("0")
    ('+0.565 ± 0.021', '-1.5', '0.000 ± 0.020', '0')
    """
    return f"+{text}" if float(text.partition(" ")[0]) > 0.0 else text
