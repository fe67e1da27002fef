"""Files that keep the most probable classes of each row: which array is what, by its name."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.keys import LABELS_KEYS, LOGITS_KEYS
from xentcli.storage.inputs import Input

_TOP = r"(?:teacher_|target_)?top_?k?_?"
_NAMES = {
    "values": _TOP + r"(?:logits?|values?|log_?probs?|log_?probabilities|probs?)|target_logprobs",
    "indices": _TOP + r"(?:indices|index|ids?|idx|token_ids?|tokens?|classes)|target_token_ids",
    "log_sum_exp": r"(?:" + _TOP + r")?(?:log_?sum_?exp|lse)(?:_logits)?",
    "mask": r"loss_mask|target_mask|mask",
    "num_classes": r"num_classes|n_classes|vocab_size|n_vocab|vocabulary_size",
}
_PLAIN = {"values": ("values",), "indices": ("indices", "ids", "token_ids")}
_MOST_BYTES = 2**31  # of JSON lines, whose numbers are held in memory
_PIECE_BYTES = 2**22
_TEXTS = (b"indices", b"_ids", b"_idx", b"_tokens")  # one of them stands in a file of such lists


class TopKeys(NamedTuple):
    """The names of a file's arrays; None where there is none.

    Attributes
    ----------
    values, indices : str
        The largest logits, log-probabilities or probabilities of each row, and their classes.
    log_sum_exp : str or None
        The logarithm of the sum over all classes.
    labels, mask, num_classes : str or None
        The labels, which rows count, and how many classes there are.
    """

    values: str
    indices: str
    log_sum_exp: str | None = None
    labels: str | None = None
    mask: str | None = None
    num_classes: str | None = None


def top_keys(names: Iterable[str]) -> TopKeys | None:
    """Return which array is what, if the names say that a file holds lists of classes.

    Examples
    --------
    >>> keys = top_keys(["topk_logits", "topk_token_ids", "labels"])
    >>> keys.values, keys.indices, keys.labels
    ('topk_logits', 'topk_token_ids', 'labels')
    >>> top_keys(["logits", "labels"])
    """
    plain = {name: re.sub(r"[\W_]+", "_", name).casefold() for name in names}
    found: dict[str, str | None] = {}
    for role, pattern in _NAMES.items():
        fitting = [name for name, text in plain.items() if re.fullmatch(pattern, text)]
        fitting = fitting or [n for n, text in plain.items() if text in _PLAIN.get(role, ())]
        found[role] = fitting[0] if len(fitting) == 1 else None
    labels = [name for name, text in plain.items() if text in LABELS_KEYS]
    values, indices = found.pop("values"), found.pop("indices")
    dense = [name for name, text in plain.items() if text in LOGITS_KEYS and name != values]
    if values is None or indices is None or dense:
        return None
    return TopKeys(values, indices, labels=labels[0] if len(labels) == 1 else None, **found)


def may_hold_lists(data: Input) -> bool:
    """Whether the beginning of a text names what such lists are called."""
    head = data.peek(2**16)
    return any(text in head for text in _TEXTS)


class Lines(NamedTuple):
    """The rows of JSON lines, those of all lines one behind the other.

    Attributes
    ----------
    values, indices : ndarray of shape (N, K)
        Padded with -inf, and -1.
    others : mapping of str to ndarray of shape (N,)
        Log-sum-exps, labels, masks, by their role; NaN is null.
    lines : ndarray of shape (N,)
        The number of the line of each row, from 1.
    """

    values: NDArray[np.float64]
    indices: NDArray[np.int64]
    others: Mapping[str, NDArray[np.float64]]
    lines: NDArray[np.int64]


def read_lines(data: Input, keys: TopKeys) -> Lines:
    """Return the lists of JSON lines, of one row or of the positions of a sequence each.

    Raises
    ------
    InputError
        If a line has not what the others have, or lists that do not belong together.
    """
    rows: list[tuple[list[Any], list[Any]]] = []
    roles = {role: getattr(keys, role) for role in ("log_sum_exp", "labels", "mask")}
    others: dict[str, list[float]] = {role: [] for role, key in roles.items() if key}
    places: list[int] = []
    for number, line in _lines(data):
        try:
            document = json.loads(line)
            values, indices = document[keys.values], document[keys.indices]
            beside = {role: document[roles[role]] for role in others}
            first = values[0] if values else next(iter(beside.values()), None)
            one = not isinstance(first, list)
            values, indices = ([values], [indices]) if one else (values, indices)
            beside = {role: [each] if one else each for role, each in beside.items()}
            lengths = {len(values), len(indices), *map(len, beside.values())}
            if len(lengths) > 1 or any(
                len(v) != len(i) for v, i in zip(values, indices, strict=True)
            ):
                raise InputError(f"{data.name}:{number}: lists of different lengths")
            if "mask" in beside:
                values, beside["mask"] = _masked(values, beside["mask"])
            rows += zip(values, indices, strict=True)
            for role, each in beside.items():
                others[role] += map(_number, each)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            what = f"no lists under {keys.values!r} and {keys.indices!r}, as the lines before have"
            raise InputError(f"{data.name}:{number}: {what}") from error
        places += [number] * len(values)
    try:
        padded = _padded(rows)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{data.name}: the lists hold something else than numbers") from error
    return Lines(
        *padded, {k: np.array(v, np.float64) for k, v in others.items()}, np.array(places, np.int64)
    )


def _lines(data: Input) -> Iterator[tuple[int, bytes]]:
    parts, size = [], 0
    while part := data.read(_PIECE_BYTES):
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise InputError(
                f"{data.name}: more than {_MOST_BYTES} bytes of JSON, whose numbers are held in "
                "memory",
                hint="save the lists as arrays: NPZ or safetensors",
            )
    for number, line in enumerate(b"".join(parts).split(b"\n"), 1):
        if line.strip():
            yield number, line


def _masked(values: list[Any], mask: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return values without those that a mask of each leaves out, and a mask of rows."""
    if not mask or not isinstance(mask[0], list):
        return values, mask
    kept = [
        [value if counts else None for value, counts in zip(row, each, strict=True)]
        for row, each in zip(values, mask, strict=True)
    ]
    return kept, [any(each) for each in mask]


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _padded(
    rows: list[tuple[list[Any], list[Any]]],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    longest = max((len(values) for values, _ in rows), default=0)
    found = np.full((len(rows), longest), -np.inf)
    indices = np.full((len(rows), longest), -1, np.int64)
    for i, (values, classes) in enumerate(rows):
        found[i, : len(values)] = [_number(value) for value in values]
        indices[i, : len(values)] = [-1 if each is None else each for each in classes]
    return found, indices
