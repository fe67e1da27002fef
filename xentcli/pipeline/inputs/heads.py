"""The options and arguments that name the heads which make logits of hidden states."""

import math
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from xentcli.errors import UsageError
from xentcli.formats.base import ReadOptions, Source
from xentcli.formats.files import InputFile, columns_of
from xentcli.formats.hidden.head_options import HeadOptions
from xentcli.formats.keys import MASK_KEYS

__all__ = ["ARGUMENTS", "HeadOptions", "heads_from", "holds_mask", "paths_of_models", "with_head"]

ARGUMENTS = {
    "lm_head": "path",
    "layer": "layer",
    "final_norm": "final_norm",
    "logit_scale": "logit_scale",
    "softcap": "softcap",
    "head_bias": "bias",
    "logits_dtype": "logits_dtype",
}
"""The arguments of Python's functions, and the fields of the options that each one sets."""


def paths_of_models(
    given: Sequence[str | None], kinds: Sequence[str], option: str = "--lm-head"
) -> list[str | None]:
    """Return the head of each model that holds one of these kinds; None for one without any.

    Raises
    ------
    UsageError
        If there are neither one nor as many as models, or one is for a model without logits.
    """
    if len(given) not in (0, 1, len(kinds)):
        raise UsageError(
            f"{option} is given {len(given)} times, and there are {len(kinds)} models",
            hint="once for all of them, or once for each in their order: 'none' for logits",
        )
    if len(given) < 2:
        return [next(iter(given), None) if kind == "logits" else None for kind in kinds]
    paths = [None if path == "none" else path for path in given]
    for i, (path, kind) in enumerate(zip(paths, kinds, strict=True)):
        if path is not None and kind != "logits":
            raise UsageError(f"{option} makes logits, and model {i + 1} is {kind}: it takes 'none'")
    return paths


def holds_mask(file: InputFile) -> bool:
    """Whether a column of a file of hidden states leaves labels out."""
    return file.options.head is not None and not {*MASK_KEYS}.isdisjoint(columns_of(file))


def heads_from(given: Mapping[str, Any], kinds: Sequence[str]) -> list[HeadOptions | None]:
    """Return the head that Python's arguments name for each model of these kinds.

    Raises
    ------
    UsageError
        If an argument is out of its range, or there are arguments but no head.
    """
    said = {name: given[name] for name in ARGUMENTS if given.get(name) is not None}
    heads = said.pop("lm_head", ())
    heads = [heads] if isinstance(heads, (str, PathLike)) else [*heads]
    if not heads and said:
        raise UsageError(f"{next(iter(said))} is for hidden states: lm_head")
    if not 0.0 < abs(said.get("logit_scale", 1.0)) < math.inf:
        raise UsageError(f"logit_scale is a number other than 0, not {said['logit_scale']!r}")
    if not 0.0 <= said.get("softcap", 0.0) < math.inf:
        raise UsageError(f"softcap is not below 0, and not {said['softcap']!r}")
    fields = {ARGUMENTS[name]: value for name, value in said.items()}
    if "bias" in fields:
        fields["bias"] = str(fields["bias"])
    if len(kinds) == 1 and heads and kinds[0] != "logits":
        raise UsageError(f"lm_head makes logits, which xent.loss takes, and not {kinds[0]}")
    if len(kinds) == 1 < len(heads):
        raise UsageError("lm_head is one head; compare takes one for each model")
    names = ["none" if each is None else str(each) for each in heads]
    alone = len(heads) == 1 < len(kinds)
    return [
        None if path is None else HeadOptions(path, **fields, or_logits=alone)
        for path in paths_of_models(names, kinds, "lm_head")
    ]


def with_head(array: Source, head: HeadOptions | None) -> Source:
    """Return an array, or its logits where it is hidden states and there is a head."""
    from xentcli.formats.registry import made_logits

    return made_logits(array, ReadOptions(head=head))
