"""Lists of pairs of a token and its log-probability, as distillation with axolotl keeps them."""

from typing import Any

from xentcli.text import read_int

_NAMES = ("token_id", "id", "token")
_ID = "token_id:"


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


def of_pairs(value: Any) -> tuple[list[list[Any]], list[list[int]]]:
    """Return the log-probabilities of each position, and the tokens.

    Raises
    ------
    ValueError, TypeError, LookupError or AttributeError
        If the positions hold anything else.
    """
    pairs = [_of_position(each) for each in value]
    return [[number for _, number in each] for each in pairs], [
        [token for token, _ in each] for each in pairs
    ]


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
    return read_int(told.removeprefix(_ID)) if isinstance(told, str) else int(told)


def _number(entry: Any) -> Any:
    return entry["logprob"] if isinstance(entry, dict) else entry
