"""Pages of comparisons and temperatures."""

import re

import numpy as np
import pytest
from formulas import mean_cross_entropy
from hostile_names import HOSTILE
from in_one_test import in_one_test
from page_reader import read, words_of
from report_tools import (
    compared,
    comparison_page,
    digits_arrays,
    guesses,
    page_of_models,
    page_of_temperature,
    source,
    temperature,
    two_models,
)

from xentcli.render.comparison_tables import all_models
from xentcli.render.comparison_verdict import percent
from xentcli.text import visible


def test_a_comparison_begins_with_its_verdict() -> None:
    text = words_of(page_of_models("two models"))
    assert "xent compare: <i>0 and <i>1 450 rows, 450 used; 10 classes Verdict ✗ <i>1" in text
    assert "is worse: loss +0.565 ± 0.021 (paired), accuracy 96.9 % -> 86.4 %" in text
    gain = two_models()[0].metrics["accuracy_difference"]
    assert gain.value is not None
    assert f"accuracy_difference {100 * gain.value:.1f} ± 1.5 points 95 %: " in text
    assert text.count("loss_difference +0.5654 ± 0.0205") == 2, "differences have signs"
    assert "delta_p -0.3434 ±" in text
    assert "loss now KL label predicted predicts 68 +2.4083 0.1521 2.5605" in text
    assert "1 of 2 gates failed." in text
    assert "a <b>warning</b>" in text
    headings = [text for tag, text in read(page_of_models("two models")).headings if tag == "h2"]
    assert headings == [
        *("Verdict", "Numbers", "How rows changed", "Losses of both models"),
        *("Reliability of both models", "Predictions of both models", "Rows that changed most"),
        "Where this comes from",
    ]
    wanted = [each.value for each in two_models()[0].metrics.values()]
    values = read(page_of_models("two models")).values_of("value")
    assert {repr(value) for value in wanted if isinstance(value, float)} <= set(values)


def test_of_many_models_each_has_its_numbers_and_the_first_ones_pictures() -> None:
    html = page_of_models("many models")
    headings = [text for tag, text in read(html).headings if tag == "h2"]
    assert headings.count("How rows changed") == 4
    assert sum(text.startswith("Numbers: ") for text in headings) == 5
    most = "The 10 whose losses changed most of 60; all of them: --json, of <i>5"
    assert most in words_of(html)
    assert headings[1] == "Models"


def test_an_accuracy_of_other_rows_than_the_others_is_not_shown() -> None:
    """Rows that one model has NaN in count in its own comparison with the first alone."""
    z, labels = guesses(30, 3)
    lost = z * 0.5
    lost[np.flatnonzero(z.argmax(axis=1) == labels)[0], 1] = np.nan
    for models, shown in (((z, lost, z * 2), False), ((z, z * 0.5, z * 2), True)):
        found = compared(models, labels, pictures=False)
        accuracy = found[-1]["accuracy_base"].value or 0.0
        column = next(each for each in all_models(found, 80).columns if each.header == "accuracy")
        assert next(iter(column.cells)) == (percent(accuracy) if shown else "")
        first = re.search(r"<i>0 \S+ ± \S+ (\S+) <i>1 ", words_of(comparison_page(found)))
        assert first is not None
        assert first[1] == (f"{accuracy:.4f}" if shown else "–")


def test_a_page_says_of_how_many_clusters_errors_are() -> None:
    z, labels = guesses(6, 3)
    for groups, said in (
        ([0, 0, 1, 1, 2, 2], "Errors are those of 3 clusters of rows that depend on one another."),
        ([0, 0, 0, 0, 0, 0], "All rows are one cluster, which tells no errors."),
    ):
        found = compared((z, z[::-1]), labels, cluster=source(groups, "groups"), pictures=False)
        assert said in words_of(comparison_page(found))


def test_a_page_of_models_without_labels_or_rows() -> None:
    without = words_of(page_of_models("models without labels"))
    assert "3 classes; no labels" in without
    assert "How far the probabilities of rows are apart" in without
    assert "Losses of both models" not in without
    assert "nothing to compare" in words_of(page_of_models("no rows of models"))
    assert "no row differs" in words_of(page_of_models("the same model"))


@in_one_test
@pytest.mark.parametrize("hostile", [name for name in HOSTILE if name])
def test_names_in_a_comparison_are_text(hostile: str) -> None:
    html = page_of_models("hostile models")
    found = read(html)
    places = [found.text, *found.values_of("title")]
    assert any(visible(hostile)[:200] in place for place in places)
    assert hostile.isprintable() or hostile not in html


def test_a_temperature_says_what_it_changes() -> None:
    html = page_of_temperature()
    text = words_of(html)
    assert "Dividing the logits by 0.5725 takes the loss from 0.1565 to 0.1112" in text
    interval = "Interval of the temperature, 95 % 0.4619 to 0.7095: the model is not confident"
    assert interval in text
    assert "The loss is least at T = 0.5725" in text
    headings = [text for tag, text in read(html).headings if tag == "h2"]
    assert headings == [
        *("Verdict", "Numbers", "Reliability before and after", "Loss over the temperature"),
        *("Other files", "Folds", "Where this comes from"),
    ]
    tested = temperature().tested
    assert tested is not None
    ece_of_tested = [tested[f"ece_{when}"].value for when in ("before", "after")]
    _, weak, labels = digits_arrays()
    fitted = temperature().temperature.value
    losses = [mean_cross_entropy(weak / scale, labels) for scale in (1.0, fitted)]
    said = (
        "On the other files it takes the loss from {:.4f} to {:.4f} and ECE from {:.4f} to {:.4f}"
    )
    assert said.format(*losses, *ece_of_tested) in text
    for which, (before, after) in (("", [0.0690, 0.0115]), ("Test files: ", ece_of_tested)):
        said = f"{which}ECE {before:.4f} with T = 1, {after:.4f} with T = 0.5725"
        assert said in text
    wanted = [each.value for each in temperature().metrics.values()]
    assert {repr(value) for value in wanted} <= set(read(html).values_of("value"))
