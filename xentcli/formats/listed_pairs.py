"""Lists of pairs of a token and its log-probability, as distillation with axolotl keeps them."""

from typing import Any, NamedTuple

from xentcli.text import read_int

_NAMES = ("token_id", "id", "token")
ID = "token_id:"
"""What vLLM writes in place of a token's text, before its number."""


def is_pairs(value: Any) -> bool:
    """Whether positions hold objects, each a token by its number with a log-probability.

    Examples
    --------
    >>> is_pairs([[], [{"logprob": -0.5, "token": "token_id:7"}]]), is_pairs([{"7": -0.5}])
    (True, True)
    >>> is_pairs([[-0.5, -1.0]]), is_pairs([[{"logprob": -0.5, "token": "the"}]])
    (False, False)
    """
    if not isinstance(value, list):
        return False
    first = next((each for each in value if each), None)
    try:
        pairs = _of_position(first) if isinstance(first, list | dict) else []
    except (ValueError, TypeError, LookupError, AttributeError):
        return False
    return bool(pairs)


class Pairs(NamedTuple):
    """Pairs of all positions."""

    numbers: list[list[Any]]
    """The log-probabilities of each position."""
    tokens: list[list[int]]
    largest: list[int]
    """How many tokens of each position are the most probable of all."""


def of_pairs(value: Any) -> Pairs:
    """Return the log-probabilities of each position, the tokens, and how many are the largest.

    Raises
    ------
    ValueError, TypeError, LookupError or AttributeError
        If the positions hold anything else.
    """
    pairs = [_of_position(each) for each in value]
    numbers = [[number for _, number in each] for each in pairs]
    tokens = [[token for token, _ in each] for each in pairs]
    return Pairs(numbers, tokens, [_largest_of(each or []) for each in value])


def _of_position(position: Any) -> list[tuple[int, Any]]:
    if position is None:
        return []
    if isinstance(position, dict):
        return [(read_int(key), _number(one)) for key, one in position.items()]
    return [(_token(one), one["logprob"]) for one in position]


def _token(entry: Any) -> int:
    told = next((entry[name] for name in _NAMES if name in entry), None)
    if told is None:
        raise LookupError(entry)
    return read_int(told.removeprefix(ID)) if isinstance(told, str) else int(told)


def _number(entry: Any) -> Any:
    return entry["logprob"] if isinstance(entry, dict) else entry


def _largest_of(position: Any) -> int:
    """Return how many tokens have the ranks 1, 2, ... without a gap, or all where ranks lack.

    A server lists a chosen token that is less probable with its rank, and none in between.
    """
    entries = [*position.values()] if isinstance(position, dict) else position
    ranks = {one.get("rank") if isinstance(one, dict) else None for one in entries}
    if not all(isinstance(rank, int | float) for rank in ranks):
        return len(entries)
    start = 0 if 0 in ranks else 1
    return next(count for count in range(len(ranks) + 1) if start + count not in ranks)
