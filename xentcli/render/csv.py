"""Results as CSV, for pipes: numbers in full."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xentcli.results.records import field_names
from xentcli.text import shortest

if TYPE_CHECKING:
    from xentcli.results.explain import Explanation
    from xentcli.results.info import ArraySummary


def result_rows(results: Sequence["ArraySummary"], delimiter: str) -> str:
    """Return a line for each file, under a header."""
    names = [*field_names(results[0])]
    return text_of_rows(
        [names, *([cell(getattr(r, name)) for name in names] for r in results)], delimiter
    )


def cell(value: Any) -> str:
    """Return the text of a value: numbers in full, a shape with spaces, nothing for None."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def explanation_rows(result: "Explanation", delimiter: str) -> str:
    """Return a line for each row and class, under a header."""
    return text_of_rows(_steps(result), delimiter)


def _steps(result: "Explanation") -> Iterator[list[str]]:
    arrays: dict[str, Any] = {"logit": result.logits}
    if result.scaled_logits is not None:
        arrays["scaled_logit"] = result.scaled_logits
    arrays["softmax"] = result.softmax
    if result.one_hot is not None:
        arrays["one_hot"] = result.one_hot
    if result.label_smoothing or result.one_hot is None:
        arrays["target"] = result.targets
    if result.weight is not None:
        arrays["weight"] = [result.weight] * len(result.logits)
    arrays |= {"log_softmax": result.log_softmax, "term": result.terms, "gradient": result.gradient}
    yield ["row", "class", "label", *arrays]
    for i in range(len(result.logits)):
        label = "" if result.labels is None else result.name(int(result.labels[i]))
        for c in range(result.logits.shape[1]):
            numbers = [shortest(array[i][c]).item().decode() for array in arrays.values()]
            yield [result.row_name(i), result.name(c), label, *numbers]


def text_of_rows(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    """Return rows of cells as text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()
