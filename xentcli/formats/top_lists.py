"""Files that keep the most probable classes of each row: which array is what, by its name."""

import re
from collections.abc import Iterable

from xentcli.errors import InputError
from xentcli.formats.keys import LABELS_KEYS, LOGITS_KEYS
from xentcli.records import Record
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
_TEXTS = (b"indices", b"_ids", b"_idx", b"_tokens", b"token_id")
"""Every file of such lists contains one of these."""
_COMPRESSED = ("compressed_logprobs", "bytepacked_indices", "packed_indices")
"""What DistillKit calls the lists that it keeps in polynomials and packed bits."""


class TopKeys(Record):
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
    names = [*names]
    group = names[0].rpartition("/")[0] + "/" if names else "/"  # the one that holds all
    group = group if all(name.startswith(group) for name in names) else ""
    plain = {name: re.sub(r"[\W_]+", "_", name.removeprefix(group)).casefold() for name in names}
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


def packed_names(names: Iterable[str]) -> list[str]:
    """Return the names of arrays that DistillKit has compressed."""
    there = [*names]
    return [name for name in there if name in _COMPRESSED] if _COMPRESSED[0] in there else []


def check_plain(name: str, names: Iterable[str]) -> None:
    """Raise InputError if lists are compressed, since reading them takes another file."""
    if packed_names(names):
        raise InputError(
            f"{name}: lists that DistillKit has compressed, to which a file of settings belongs",
            hint="decompress_to_sparse of DistillKit, then save the values and their indices",
        )


def may_hold_lists(data: Input) -> bool:
    """Whether the beginning of a text names what such lists are called."""
    head = data.peek(2**16)
    return any(text in head for text in _TEXTS)
