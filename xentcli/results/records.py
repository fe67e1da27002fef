"""The fields of records: results and states are named tuples or frozen dataclasses."""

from typing import Any


def field_names(record: Any) -> tuple[str, ...]:
    """Return the names of the fields of a record or of its class; anything else has none.

    Examples
    --------
    >>> from xentcli.results.accuracy import Accuracy
    >>> field_names(Accuracy())
    ('value', 'low', 'high', 'hits', 'n')
    >>> field_names((1, 2))
    ()
    """
    if not hasattr(record, "__dataclass_fields__"):
        names: tuple[str, ...] = getattr(record, "_fields", ())
        return names
    from dataclasses import fields

    return tuple(field.name for field in fields(record))
