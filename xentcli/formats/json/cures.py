"""What to do with a value in JSON where a number should be."""

from typing import Any

ALL_CLASSES = "pipelines of transformers give the score of every class with top_k=None"
OF_COLUMNS = (
    "if these are columns of a table, they are read from CSV: "
    "pandas.DataFrame(json.load(open(path))).to_csv('a.csv', index=False)"
)
_AS_COLUMNS = (
    "columns are read from CSV: pandas.DataFrame([{c['label']: c['score'] for c in row} "
    "for row in rows]).to_csv('a.csv', index=False)"
)


def is_scored(value: Any) -> bool:
    """Whether a value is one class with its score, as pipelines of transformers print it."""
    return isinstance(value, dict) and {"label", "score"} <= value.keys()


def cure_of(item: Any, *, labels: bool) -> str | None:
    """Return a hint at what to write in place of a value; None where none is known."""
    if is_scored(item):
        return _AS_COLUMNS
    if item is None and labels:
        return "mark rows to leave out by -100, for --ignore-index -100"
    return "NaN and Infinity are numbers, null is none" if item is None else None
