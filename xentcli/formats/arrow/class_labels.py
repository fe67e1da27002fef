"""Labels whose numbers have names in the file, as Hugging Face's `datasets` writes ClassLabel."""

import json
from collections.abc import Sequence
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.column_names import listed

_KEY = b"huggingface"  # of the metadata of a schema


def check_class_labels(schema: Any, column: str, classes: Sequence[str], file: str) -> None:
    """Raise InputError if the numbers of labels name the classes in another order than theirs.

    A class may be called more than its name: `logit_cat`. Names of anything else say nothing.
    """
    names = _names_in(schema, column) if len(classes) > 1 else []
    known = all(any(each.endswith(name) for each in classes) for name in names)
    if not names or not known:
        return
    pairs = zip(classes, names, strict=False)
    if len(names) > len(classes) or not all(each.endswith(name) for each, name in pairs):
        raise InputError(
            f"{file}: column {column!r} numbers the classes in another order than the columns are "
            f"in: {listed(names)}",
            hint="write the labels as text, or as numbers in the order of the classes",
        )


def _names_in(schema: Any, column: str) -> list[str]:
    """Return what the metadata of a schema call the numbers 0, 1, ... of a column."""
    try:
        features = json.loads((schema.metadata or {})[_KEY])["info"]["features"]
        feature = features[column]
        names = feature["names"] if feature["_type"] == "ClassLabel" else []
    except (KeyError, TypeError, ValueError, RecursionError):
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
