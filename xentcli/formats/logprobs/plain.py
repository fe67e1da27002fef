"""Numbers beside their tokens, as people write them who keep nothing else."""

import math
from itertools import pairwise
from typing import Any

from xentcli.formats.logprobs.answers import (
    Answer,
    AnswerPart,
    Numbers,
    Refused,
    Scored,
    is_list,
    text,
)
from xentcli.formats.logprobs.listed_tokens import Listed, TokenPlace

_TEXTS, _IDS = ("tokens",), ("token_ids", "output_ids")
_LABELS = {"label", "labels", "target", "targets"}  # beside which numbers are of classes
_MADE = {"text", "generated_text", "stop_reason", "finish_reason"}
_LARGEST_SUM = 1.001  # of probabilities, as they are rounded


def numbers(document: Any) -> Answer | None:
    """Return the log-probabilities of as many tokens, or those that promptfoo keeps of an output.

    The first is null where a prompt comes first.
    """
    kept = document.get("logProbs") if "output" in document else document.get("logprobs")
    keys = {*document.keys()}
    if not is_list(kept) or not len(kept) or keys & _LABELS:
        return None
    told: Numbers = [*kept]
    names = (*_TEXTS, *_IDS) if keys & _MADE else _TEXTS
    named = next((document[key] for key in names if is_list(document.get(key))), None)
    if (named is None and "logProbs" not in document) or any(map(_is_other, told)):
        return None
    if named is not None and len(named) != len(told):
        return None
    if not keys & {*_MADE, "logProbs"}:
        _check_no_list(told)
    part: AnswerPart | None = None if told[0] is None else "generated"
    scored = Scored(part, told, lists=lambda: _places(named, told))
    return Answer("log-probabilities", [scored], text(document.get("id")))


def _check_no_list(told: Numbers) -> None:
    """Raise Refused if numbers may be of the most probable tokens of one place."""
    each = [number for number in told if number is not None]
    falling = 1 < len(each) == len(told) and all(a >= b for a, b in pairwise(each))
    if falling and max(each) <= 0 and math.fsum(map(math.exp, each)) < _LARGEST_SUM:
        raise Refused(
            "tokens in the order of their probabilities: do they follow one another, or is this "
            "the list of one place?",
            "keep the text beside them, as the server answers",
        )


def _is_other(value: Any) -> bool:
    return value is not None and not isinstance(value, float | int)


def _places(named: Any, told: Numbers) -> list[TokenPlace]:
    each = [None] * len(told) if named is None else [*named]
    return [
        TokenPlace(
            Listed(token, None, number) if isinstance(token, int) else Listed(None, token, number)
        )
        for token, number in zip(each, told, strict=True)
    ]
