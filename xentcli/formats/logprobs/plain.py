"""Numbers beside their tokens, as people write them who keep nothing else."""

from typing import Any

from xentcli.formats.logprobs.answers import Answer, AnswerPart, Numbers, Scored, is_list, text
from xentcli.formats.logprobs.listed_tokens import Listed, TokenPlace

_TOKENS = ("tokens", "token_ids", "output_ids")


def numbers(document: Any) -> Answer | None:
    """Return the log-probabilities of as many tokens, or those that promptfoo keeps of an output.

    The first is null where a prompt comes first.
    """
    kept = document.get("logProbs") if "output" in document else document.get("logprobs")
    if not is_list(kept) or not len(kept):
        return None
    told: Numbers = [*kept]
    named = next((document[key] for key in _TOKENS if is_list(document.get(key))), None)
    if named is not None and len(named) != len(told):
        return None
    if (named is None and "logProbs" not in document) or any(map(_is_other, told)):
        return None
    part: AnswerPart | None = None if told[0] is None else "generated"
    scored = Scored(part, told, lists=lambda: _places(named, told))
    return Answer("log-probabilities", [scored], text(document.get("id")))


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
