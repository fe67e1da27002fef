"""Errors of rows in the words of a comparison."""

from collections.abc import Iterator
from contextlib import contextmanager

from xentcli.alignment.axes import PAIR_HINT
from xentcli.alignment.misfits import BINARY_HINT
from xentcli.core.checks import SEVERAL_LABELS_HINT
from xentcli.errors import XentError

ONE_BY_ONE = (
    "compare takes one label a row; several are binary ones: "
    "xent eval --binary LOGITS --labels LABELS measures each model"
)
_WORDS = {
    BINARY_HINT: PAIR_HINT,
    SEVERAL_LABELS_HINT: ONE_BY_ONE,
    "xent loss LOGITS LABELS": "--input logits",
}
"""What hints name of other commands, and what ``xent compare`` has in its place."""


@contextmanager
def of_pairs() -> Iterator[None]:
    """Reword the hint of an error that rows of any command may have."""
    try:
        yield
    except XentError as error:
        for words, instead in _WORDS.items():
            error.hint = error.hint and error.hint.replace(words, instead)
        raise
