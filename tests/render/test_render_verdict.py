"""The sentence that sums a comparison up, where rows and losses are laid out by hand."""

from itertools import chain
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from report_tools import compared, guesses, source

import xentcli as xent
from xentcli.render.comparison_verdict import percent, verdict

WON, LOST = (-0.001, 0.001), (0.001, -0.001)  # margins of the label, of the base and the new model
UP, DOWN = (1.0, 2.0), (2.0, 1.0)  # right both times, with a loss that gets lower and higher
OTHER_WAY = {"better": "worse", "worse": "better", "unclear": "unclear"}


def verdicts(margins: Any, cluster: Any = None) -> list[tuple[str, str]]:
    """Return the verdict on rows of two classes, and on the models the other way round."""
    base, new = (np.stack([each, np.zeros(len(margins))], 1) for each in np.transpose(margins))
    groups = None if cluster is None else source(np.asarray(cluster), "groups")
    labels = np.zeros(len(margins), int)
    both = [compared(models, labels, cluster=groups)[0] for models in ([base, new], [new, base])]
    return [verdict(each) for each in both]


def words(margins: Any, cluster: Any = None, by: str = "") -> list[str]:
    found = verdicts(margins, cluster)
    for sentence, word in found:
        said = "is not clearly better or worse" if word == "unclear" else f"is {word}{by}"
        assert f"{said}: loss " in sentence
    return [word for _, word in found]


@in_one_test
@pytest.mark.parametrize(
    ("lost", "won", "word"),
    [
        (4, 13, "better"),  # 2 * (1 + 17 + 136 + 680 + 2380) / 2**17 = 0.049
        (10, 22, "unclear"),  # 0.0501
        (0, 6, "better"),  # 2 / 2**6 = 0.03
        (0, 5, "unclear"),
        (3, 3, "unclear"),
    ],
)
def test_rows_decide_where_losses_do_not(lost: int, won: int, word: str) -> None:
    margins = [LOST] * lost + [WON] * won + [UP, DOWN] * 20
    assert words(margins, by=" by accuracy") == [word, OTHER_WAY[word]]


def test_the_sentence_names_what_alone_is_clear() -> None:
    """A model of a lower loss may seem to be less accurate, and the other way round."""
    assert words([UP] * 20 + [LOST] * 2 + [WON], by=" by loss") == ["better", "worse"]
    assert words([UP] * 20 + [WON] * 8) == ["better", "worse"]
    z, labels = guesses(300, 5)
    better = z.copy()
    better[np.arange(300), labels] += 0.01
    only = compared((z, better), labels)[0].only(["loss_difference"])
    assert "is better: loss " in verdict(only)[0]


def test_rows_that_are_won_in_each_cluster_are_good_news() -> None:
    clusters = [[WON] * (1 + i % 2) + [(UP, DOWN)[i % 2]] * 4 for i in range(8)]
    numbers = np.repeat(np.arange(8), [len(each) for each in clusters])
    assert words([*chain(*clusters)], numbers, by=" by accuracy") == ["better", "worse"]
    assert words([UP, DOWN, DOWN, UP] * 6, np.repeat(np.arange(6), 4)) == ["unclear", "unclear"]
    rows = [WON] + [(4.0, 4.0)] * 9  # in each cluster alike: its interval has no width
    assert words(rows * 6, np.repeat(np.arange(6), 10), by="") == ["better", "worse"]
    one_each = [LOST, WON, WON] + [(4.0, 4.0)] * 9  # 6 lost and 12 won: p = 0.24
    assert words(one_each * 6, np.repeat(np.arange(6), 12), by=" by loss") == ["better", "worse"]


def test_an_infinite_loss_is_bad_news() -> None:
    assert words([(1.0, -np.inf), UP, UP, UP], by=" by loss") == ["worse", "better"]


def test_what_speaks_for_neither() -> None:
    opposed = [LOST] * 2 + [WON] * 14 + [DOWN] * 40  # more rows right, and a higher loss
    both = "better by accuracy and worse by loss", "worse by accuracy and better by loss"
    for (sentence, word), said in zip(verdicts(opposed), both, strict=True):
        assert f"is {said}: loss " in sentence
        assert word == "unclear"
    for sentence, word in verdicts([UP]):
        assert "one row says little of others: loss " in sentence
        assert word == "unclear"


def test_one_cluster_says_as_little_as_one_row() -> None:
    for sentence, word in verdicts([UP, UP, UP], [7, 7, 7]):
        assert "one cluster says little of others: loss " in sentence
        assert word == "unclear"


def test_fewer_than_six_rows_or_clusters_say_little() -> None:
    """Of five that are alike, a sign test has p = 2 / 2**5 = 0.06, of six 0.03."""
    for rows, cluster, few in (
        ([UP] * 5, None, "5 rows say"),
        ([UP] * 40, np.repeat(np.arange(5), 8), "5 clusters say"),
        ([UP] * 5, np.arange(5), "5 rows say"),
    ):
        for sentence, word in verdicts(rows, cluster):
            assert f"1: {few} little of others: loss " in sentence
            assert word == "unclear"
    z, labels = np.eye(3)[np.r_[0, 0, 1, 1, 1, 1, 1, 1, 1]], np.r_[0, 0, [2] * 7]
    right = np.eye(3)[labels] * 2
    found = xent.compare(z, right, labels, weight=[1.0, 1.0, 0.0], jobs=1)  # two rows have a loss
    assert "is better by accuracy: loss " in verdict(found)[0]
    assert words([UP] * 6, by=" by loss") == ["better", "worse"]
    assert words([UP] * 48, np.repeat(np.arange(6), 8), by=" by loss") == ["better", "worse"]


def test_a_mean_that_few_rows_decide() -> None:
    rows = [(-9.0, 9.0)] * 8 + [(5.0, 4.0)] * 92  # far better in 8 rows, a little worse elsewhere
    there, back = verdicts(rows)
    assert "(paired), though higher in 92.0 % of the rows, accuracy 92.0 % -> 100.0 %" in there[0]
    assert "(paired), though higher in only 8.0 % of the rows, accuracy 100.0 %" in back[0]
    assert [there[1], back[1]] == ["better", "worse"]
    assert "though" not in "".join(sentence for sentence, _ in verdicts([UP] * 60 + [DOWN] * 40))
    opposed = [(-9.0, 9.0)] * 5 + [(5.0, 4.0), (4.0, 5.0)] * 40  # better in 45 of 85 rows
    assert "though" not in "".join(sentence for sentence, _ in verdicts(opposed))


def test_what_rounding_changes_is_no_news() -> None:
    """Softmax does not heed what is added to a row, but its rounding does."""
    z, labels = guesses(300, 5)
    for dtype, bias in ((np.float64, 3.7), (np.float32, 3.7), (np.float32, 50.0)):
        base = z.astype(dtype)
        there, back = (
            compared(models, labels)[0]
            for models in ((base, base + dtype(bias)), (base + dtype(bias), base))
        )
        for found in (there, back):
            assert found["loss_difference"].value
            sentence, word = verdict(found)
            assert " gives nearly the same as " in sentence
            assert word == "unclear"
    better = z.copy()
    better[np.arange(300), labels] += 1e-4
    assert [verdict(each)[1] for each in compared((z, better), labels)] == ["better"]


def test_what_only_losses_tell_is_not_the_same() -> None:
    """Changes of losses may cancel, and those of the other classes are in none."""
    swapped = [(0.0, 1.0), (1.0, 0.0)] * 6
    base, new = (np.stack([each, np.zeros(12)], 1) for each in np.transpose(swapped))
    labels = np.zeros(12, int)
    found = xent.compare(base, new, labels, metrics="loss_difference")
    assert "is not clearly better or worse: loss 0.00" in verdict(found)[0]
    z = np.tile([0.0, 1.0, 2.0], (12, 1))
    for metrics in (None, "loss_difference"):
        for cluster in (None, np.arange(12) // 2):
            found = xent.compare(z, z[:, [0, 2, 1]], labels, metrics=metrics, cluster=cluster)
            assert "is not clearly better or worse: loss 0 (paired)" in verdict(found)[0]
            same = xent.compare(z, z, labels, metrics=metrics, cluster=cluster)
            assert ("gives the same" in verdict(same)[0]) == (metrics is None)
    alone = xent.compare(z, z[:, [0, 2, 1]], metrics="kl_max")
    assert verdict(alone)[0] == f"new differs from base: KL up to {alone.kl_max.value:.4f} nats"
    assert verdict(xent.compare(z, z, metrics="loss_difference"))[0] == ""
    nothing = xent.compare(z * np.nan, z * np.nan, non_finite="propagate")
    assert verdict(nothing)[0] == "new: nothing to compare"


def test_rows_whose_kl_is_below_0_differ() -> None:
    """Their probabilities do not sum to 1: those that no label points at have grown."""
    p = np.tile([0.5, 0.3, 0.2], (12, 1))
    for grown, said in ((1e-2, "not clearly better or worse"), (1e-7, "nearly the same")):
        new = p.copy()
        new[5, 1:] += grown
        models, labels = (p, new), np.zeros(12, int)
        assert said in verdict(xent.compare(*models, labels, input="probs"))[0]
        for worst in (0, 10):
            found = xent.compare(*models, input="probs", worst=worst)
            assert found.kl_max.value == 0.0
            assert "new differs from base: KL -" in verdict(found)[0]


def test_rows_decide_even_if_losses_hardly_differ() -> None:
    margins = [(-1e-7, 1e-7)] * 6 + [(5.0, 5.0)] * 40
    for (sentence, word), said in zip(verdicts(margins), ("better", "worse"), strict=True):
        assert f"is {said}: loss " in sentence
        assert word == said


def test_losses_that_are_infinite_in_different_rows() -> None:
    for sentence, word in verdicts([(-np.inf, 1.0), (1.0, -np.inf), UP, UP, UP]):
        assert "not clearly better or worse: both losses infinite, not in the same rows" in sentence
        assert word == "unclear"


def test_one_of_many_rows_reads_neither_as_none_nor_as_all() -> None:
    shares = [0.0, 1 / 4000, 0.0006, 0.5, 0.9994, 3999 / 4000, 1.0]
    shown = ["0.0 %", "< 0.1 %", "0.1 %", "50.0 %", "99.9 %", "> 99.9 %", "100.0 %"]
    assert [percent(share) for share in shares] == shown
