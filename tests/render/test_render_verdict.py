"""The sentence that sums a comparison up, where rows and losses are laid out by hand."""

from itertools import chain
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test
from report_tools import compared, source

from xentcli.render.comparison_verdict import verdict

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


def words(margins: Any, cluster: Any = None) -> list[str]:
    found = verdicts(margins, cluster)
    for sentence, word in found:
        said = "is not clearly better or worse" if word == "unclear" else f"is {word}"
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
    assert words(margins) == [word, OTHER_WAY[word]]


def test_rows_that_are_won_in_each_cluster_are_good_news() -> None:
    clusters = [[WON] * (1 + i % 2) + [(UP, DOWN)[i % 2]] * 4 for i in range(8)]
    numbers = np.repeat(np.arange(8), [len(each) for each in clusters])
    assert words([*chain(*clusters)], numbers) == ["better", "worse"]
    assert words([UP, DOWN, DOWN, UP] * 4, np.repeat(np.arange(4), 4)) == ["unclear", "unclear"]


def test_an_infinite_loss_is_bad_news() -> None:
    assert words([(1.0, -np.inf), UP, UP, UP]) == ["worse", "better"]


def test_what_speaks_for_neither() -> None:
    opposed = [LOST] * 2 + [WON] * 14 + [DOWN] * 40  # more rows right, and a higher loss
    for sentence, word in verdicts(opposed):
        assert "is better in one way and worse in another: loss " in sentence
        assert word == "unclear"
    for sentence, word in verdicts([UP]):
        assert "one row says little of others: loss " in sentence
        assert word == "unclear"
