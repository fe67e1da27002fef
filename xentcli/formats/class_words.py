"""Names of classes in which a word stands that else says that a column is none."""

from collections.abc import Sequence

from xentcli.formats.column_words import OF_THE_REST, words_of
from xentcli.formats.side_by_side import TAGS

_OPPOSITES = {
    "true": ("false",),
    "correct": ("incorrect", "wrong"),
    "loss": ("win", "profit", "gain"),
    "y": ("n",),
}
"""What a class beside such a one is called: `win, draw, loss`, or `home_win, home_loss`."""


def has_opposite(word: str, name: str, names: Sequence[str]) -> bool:
    """Whether another name is the opposite of this word, or of a name in which it stands.

    Examples
    --------
    >>> has_opposite("loss", "loss", ["win", "draw", "loss"])
    True
    >>> has_opposite("loss", "loss", ["cat", "dog", "loss"])
    False
    """
    opposites = _OPPOSITES.get(word)
    if opposites is None:
        return False
    own, others = words_of(name), {words_of(other) for other in names}
    if word == "y":  # y, n, unknown; a point or a count beside others
        rest = {other.lower() for other in names} - {"y", "n"}
        return own == ("y",) and ("n",) in others and rest <= OF_THE_REST
    changed = {tuple(each if part == word else part for part in own) for each in opposites}
    alone = {(each,) for each in opposites}
    return not others.isdisjoint(changed | alone)


def is_tag(name: str, names: Sequence[str]) -> bool:
    """Whether a name is that of a tag of words, beside O of those that have none: B-TARGET."""
    return "O" in names and len(name) > 2 and name[0] in TAGS and name[1] in "-_"
