"""Names that a measure from outside cannot have."""

from xentcli.metrics.names import (
    GATE_WORDS,
    HOMES,
    MEASURES,
    OF_BASES,
    OF_PAIRS,
    PAIR_HOMES,
    TABLES,
    top_of,
)

_COUNTS = ("rows", "sequences", "documents")  # gates know them of every result
_CHOICES = ("all", "bins", "confusions")  # of `xent eval --metric`, beside measures and tables


def check_measure(name: str) -> None:
    """Raise ValueError if a measure of this name could not be told from something else.

    What is a field of a result would hide the measure there: ``result.used`` is a count.
    """
    from xentcli.results.loss import LossSummary
    from xentcli.results.measures import Measures

    if not name.isidentifier():
        raise ValueError(f"the measure {name!r} is no word of letters, digits and _, as in a gate")
    if name in HOMES or MEASURES.get(name, name) != name or top_of(name) is not None:
        raise ValueError(f"there is a measure {name!r} in xent: give yours another name")
    others = (*_COUNTS, *_CHOICES, *GATE_WORDS, *TABLES, *PAIR_HOMES, *OF_PAIRS, *OF_BASES)
    fields = (*_fields(Measures), *_fields(LossSummary))
    if name in others or name in fields:
        raise ValueError(f"{name!r} is a word of xent's gates or results: give yours another name")


def _fields(result: type) -> tuple[str, ...]:
    return (*result.__annotations__, *(each for each in vars(result) if each[0] != "_"))
