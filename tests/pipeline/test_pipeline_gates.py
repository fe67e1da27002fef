"""Gates: what they say, and what they say of a result, against Python and exact arithmetic."""

import math
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.errors import UsageError
from xentcli.metrics.names import MEASURES
from xentcli.pipeline.gating.gate_text import parse_gate
from xentcli.pipeline.gating.gates import judge
from xentcli.results.measure import Measure
from xentcli.results.verdict import Verdict

OF_LOSS = ("loss", "perplexity", "bits", "accuracy")
EVERY = (*MEASURES, "top5_accuracy")


def verdict(
    gate: str, this: Measure | None, before: Measure | None = None, *, compared: bool = True
) -> Verdict:
    metrics = {} if this is None else {"loss": this}
    baseline = ({} if before is None else {"loss": before}) if compared else None
    (found,) = judge([parse_gate(gate, OF_LOSS)], metrics, baseline)
    return found


# What a gate says


NUMBERS = st.one_of(
    st.floats(0, 1e300).map(repr),
    st.integers(0, 10**20).map(str),
    st.sampled_from([".5", "1.", "2E-3"]),
)
TERMS = st.one_of(NUMBERS, st.just("baseline"), st.just("se"), NUMBERS.map(lambda n: f"{n} se"))
SPACES = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str, str]:
    """Return a gate with one space between words, the same with others, and its bound in Python."""
    name, comparison = draw(st.sampled_from(EVERY)), draw(st.sampled_from(["<", "<=", ">", ">="]))
    start = draw(st.sampled_from(["", "-"]))
    first, *rest = draw(st.lists(TERMS, min_size=1, max_size=5))
    signs = [draw(st.sampled_from("+-")) for _ in rest]
    bound = start + first
    bound += "".join(f" {sign} {term}" for sign, term in zip(signs, rest, strict=True))
    words = [name, comparison, start, *first.split(" ")]
    words += [
        word for sign, term in zip(signs, rest, strict=True) for word in (sign, *term.split(" "))
    ]
    spaced = "".join(draw(SPACES) + word for word in words) + draw(SPACES)
    return (
        f"{name} {comparison} {bound}",
        spaced,
        bound.replace(" se", "*se").replace("+*", "+ ").replace("-*", "- "),
    )


@settings(max_examples=15)
@given(written())
def test_spaces_are_free_and_the_text_reads_back(case: tuple[str, str, str]) -> None:
    plain, spaced, _ = case
    gate = parse_gate(spaced, EVERY)
    assert gate.text == plain
    assert parse_gate(gate.text, EVERY) == gate


FINITE = st.floats(-1e300, 1e300)
ERRORS = st.floats(0, 1e150)


@settings(max_examples=15)
@given(written(), FINITE, FINITE, ERRORS, ERRORS)
def test_the_bound_is_what_python_makes_of_it(
    case: tuple[str, str, str], value: float, base: float, error: float, other: float
) -> None:
    """Also one number below and above it, which tells float64 from anything else."""
    plain, _, bound = case
    names = {"baseline": base, "se": math.hypot(error, other), "__builtins__": {}}
    right = eval(bound, names)  # noqa: S307
    gate = parse_gate(plain, EVERY)
    for this in (value, right, math.nextafter(right, -math.inf), math.nextafter(right, math.inf)):
        measures = {gate.measure: Measure(this, error)}
        (found,) = judge([gate], measures, {gate.measure: Measure(base, other)})
        if math.isnan(this):
            assert found.failed
        else:
            holds = eval(f"this {gate.comparison} right", {"this": this, "right": right})  # noqa: S307
            assert found.failed == (holds or math.isnan(right))


@in_one_test
@pytest.mark.parametrize(
    ("typed", "said", "hint"),
    [
        ("", "it ends where the name of a measure should", "'accuracy < 0.95'"),
        (" ", "it ends where the name of a measure should", "'accuracy < 0.95'"),
        ("loss", "it ends where one of < <= > >= should", "'accuracy < 0.95'"),
        ("0.5 > loss", "'0.5' at character 1 stands where the name of", "'accuracy < 0.95'"),
        ("loss = 1", "'=' at character 6 stands where one of < <= > >= should", "like"),
        ("loss == 1", "'=' at character 6 stands", "like"),
        ("loss ≤ 1", "'≤' at character 6 stands", "like"),
        ("loss <> 1", "'>' at character 7 stands where a number, baseline or se should", None),
        ("loss > ", "it ends where a number, baseline or se should", None),
        ("loss > -", "it ends where a number, baseline or se should", None),
        ("loss > 1 +", "it ends where a number, baseline or se should", None),
        ("loss > --1", "'-' at character 9 stands where a number", None),
        ("loss > 5%", "a gate takes no percents", "write the number itself"),
        ("loss > baseline + 5 %", "a gate takes no percents", "from 0 to 1"),
        ("loss > 1,5", "',' at character 9 stands where +, - or the end", "a point"),
        ("loss > 1, accuracy < 1", "',' at character 9 stands", "an option of its own"),
        ("loss > 1 or accuracy < 1", "'or' at character 10", "an option of its own"),
        ("loss > 2 * se", "'*' at character 10", "such as 2 se"),
        ("loss > 2 baseline", "'baseline' at character 10", "K se"),
        ("loss > (1)", "'(' at character 8", "a sum or difference"),
        ("loss > basline", "'basline' at character 8", "did you mean baseline?"),
        ("loss > Baseline", "'Baseline' at character 8", "did you mean baseline?"),
        ("loss > accuracy", "'accuracy' at character 8", None),
        ("loss > nan", "'nan' at character 8 stands where a number", None),
        ("loss > 1 2", "'2' at character 10 stands where +, - or the end should", None),
        ("loss > 1 < 2", "'<' at character 10", None),
        ("loss > 1_000", "'_000' at character 9", None),
        ("loss > 0x10", "'x10' at character 9", None),
        ("loss > 1e999", "1e999 is larger than any float64", None),
        ("los > 1", "there is no measure 'los'", "did you mean loss?"),
        ("Loss > 1", "there is no measure 'Loss'", "did you mean loss?"),
        ("ppl > 1", "there is no measure 'ppl'", "did you mean perplexity?"),
        ("zzz > 1", "there is no measure 'zzz'", "there are loss, perplexity, bits, accuracy"),
        ("brier > 1", "there is no measure 'brier' here", "xent eval Z Y has brier"),
        ("top7_accuracy < 1", "there is no measure 'top7_accuracy' here", "has top7_accuracy"),
        ("macro-f1 < 1", "there is no measure 'macro-f1' here", "has macro_f1"),
    ],
)  # fmt: skip
def test_what_is_no_gate(typed: str, said: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        parse_gate(typed, OF_LOSS, elsewhere="xent eval Z Y")
    assert caught.value.message.startswith(f"--fail-if {typed!r}: {said}")
    assert (caught.value.hint is None) == (hint is None)
    assert hint is None or hint in (caught.value.hint or "")


def test_a_long_gate_is_cut() -> None:
    with pytest.raises(UsageError) as caught:
        parse_gate("loss > " + "1 + " * 1000, OF_LOSS)
    assert len(caught.value.message) < 150


def test_any_k_is_a_measure_where_one_is() -> None:
    assert parse_gate("top17_accuracy < 1", EVERY).measure == "top17_accuracy"
    with pytest.raises(UsageError):
        parse_gate("top0_accuracy < 1", EVERY)


@settings(max_examples=15)
@given(st.text(max_size=30))
def test_any_text_is_a_gate_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert parse_gate(text, OF_LOSS).measure in OF_LOSS


# What it says of a result


NO_ERROR = "loss has no standard error"


@in_one_test
@pytest.mark.parametrize(
    ("gate", "this", "before", "failed", "message"),
    [
        ("loss > 0.5", Measure(0.72), None, True, "loss is 0.72"),
        ("loss > 0.5", Measure(0.5), None, False, "loss is 0.5"),
        ("loss >= 0.5", Measure(0.5), None, True, "loss is 0.5"),
        ("loss > 0.25 + 0.25", Measure(0.75), None, True, "loss is 0.75"),
        ("loss > baseline", Measure(0.75), Measure(0.5), True, "0.75 > 0.5"),
        ("loss > baseline", Measure(0.25), Measure(0.5), False, "0.25 <= 0.5"),
        ("loss < baseline - 0.5", Measure(0.25), Measure(1), True, "0.25 < 1 - 0.5"),
        ("loss > -baseline", Measure(0.25), Measure(0.5), True, "0.25 > -0.5"),
        ("loss > baseline + 2 se", Measure(9, 3.0), Measure(0, 4.0), False, "9 <= 0 + 2 x 5.0"),
        ("loss > baseline + se", Measure(9, 3.0), Measure(0, 4.0), True, "9 > 0 + 5.0"),
        ("loss > 1 + 2 se", Measure(9, 3.0), Measure(0, 4.0), False, "9 <= 1 + 2 x 5.0"),
        ("loss > 0.5", Measure(math.inf), None, True, "loss is inf"),
        ("loss < 0.5", Measure(math.nan), None, True, "loss is nan"),
        ("loss < 0.5", Measure(), None, True, "loss has no value"),
        ("loss < 0.5", None, None, True, "loss has no value"),
        ("loss < baseline", Measure(1.0), None, True, "the baseline has no loss"),
        ("loss < baseline", Measure(1), Measure(), True, "the baseline's loss has no value"),
        ("loss < baseline", Measure(1), Measure(math.nan), True, "the baseline's loss is nan"),
        ("loss < 0.5", Measure(1), Measure(math.nan), False, "loss is 1"),
        ("loss > 5 + se", Measure(1), Measure(1, 1.0), True, NO_ERROR),
        ("loss > 5 + se", Measure(1, math.inf), Measure(1, 1.0), True, NO_ERROR),
        ("loss > 5 + se", Measure(1, 1), Measure(1), True, f"the baseline's {NO_ERROR}"),
        ("loss > baseline - baseline", Measure(1), Measure(math.inf), True, "inf - inf is nan"),
    ],
)  # fmt: skip
def test_verdicts(
    gate: str, this: Measure | None, before: Measure | None, failed: bool, message: str
) -> None:
    assert verdict(gate, this, before) == (gate, failed, message)


def test_without_a_baseline_the_error_is_that_of_the_measure() -> None:
    assert verdict("loss > 1 + 2 se", Measure(8, 3.0), compared=False).message == "8 > 1 + 2 x 3.0"


ORDINARY = st.floats(-1e6, 1e6)


@settings(max_examples=15)
@given(ORDINARY, ORDINARY, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(0, 9))
def test_standard_errors_add_as_squares(
    value: float, base: float, error: float, other: float, k: int
) -> None:
    """Against exact arithmetic, without a root: d > k se where d > 0 and d**2 > k**2 se**2."""
    found = verdict(f"loss > baseline + {k} se", Measure(value, error), Measure(base, other))
    excess = Fraction(value) - Fraction(base)
    squares = k**2 * (Fraction(error) ** 2 + Fraction(other) ** 2)
    scale = Fraction(value) ** 2 + Fraction(base) ** 2 + squares
    if abs(excess * abs(excess) - squares) > scale / 10**12:  # else rounding may decide
        assert found.failed == (excess * abs(excess) > squares)
