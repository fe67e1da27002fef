"""What vLLM adds to OpenAI's answers: the tokens of prompts, as objects by token id."""

import math
import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from xentcli.formats.logprobs.answers import (
    Answer,
    AnswerPart,
    Numbers,
    Refused,
    Scored,
    add,
    is_list,
    is_object,
    is_typed,
    objects,
    text,
    under,
)
from xentcli.formats.logprobs.listed_tokens import of_ids
from xentcli.text import is_count, read_float

PROMPTS = "vLLM prompt_logprobs"
_PRINTED = re.compile(r"Logprob\(logprob=([-+.\w]+)")


def of_prompt(where: Any) -> Scored:
    """Return a prompt whose tokens are an object each: by token id, that of the prompt first."""
    return _by_ids("prompt", where["prompt_logprobs"], where.get("prompt_token_ids"))


def _by_ids(part: AnswerPart, entries: Any, ids: Any, choice: int = 0) -> Scored:
    """Return the tokens with these ids or, where none are told, the first ones of each place."""
    entries = _unpacked(entries) if is_object(entries) else [*entries]
    first: Any = next((entry for entry in entries if entry), None)
    if isinstance(first, float | int):  # the tokens' own numbers alone
        return Scored(part, entries, choice=choice)
    if is_object(first) and not is_object(next(iter(first.values()))):
        entries = [_as_objects(entry) for entry in entries]
    told = [*ids] if is_list(ids) and len(ids) == len(entries) else [None] * len(entries)
    return Scored(
        part,
        _numbers(entries, told),
        choice=choice,
        lists=lambda: of_ids(entries, _chosen(entries, told)),
    )


def _as_objects(entry: Any) -> Any:
    """Return numbers by token id as objects; Python prints vLLM's with their name."""
    if not is_object(entry):
        return entry
    return {key: {"logprob": _as_number(value)} for key, value in entry.items()}


def _as_number(value: Any) -> Any:
    printed = isinstance(value, str) and _PRINTED.match(value)
    return read_float(printed.group(1)) if printed else value


def _numbers(entries: list[Any], ids: list[int | None]) -> Numbers:
    """Return the log-probability of each token."""
    pairs = zip(entries, ids, strict=True)
    if _is_typed(next(filter(None, entries), None)):
        if ids[0] is None:  # and so are the others
            return _own_typed(entries)
        return [None if entry is None else entry[token].logprob for entry, token in pairs]
    try:  # what all servers write
        return [None if entry is None else entry[f"{token}"]["logprob"] for entry, token in pairs]
    except (LookupError, TypeError):
        return [under(one, "logprob") for one in _chosen(entries, ids)]


def _is_typed(entry: Any) -> bool:
    """Whether the tokens of a place were parsed by their type, and have numbers as keys."""
    return isinstance(entry, dict) and is_typed(next(iter(entry.values()), None))


def _chosen(entries: list[Any], ids: list[int | None]) -> list[Any]:
    """Return the entry of each token itself."""
    # each place lists so many of the most probable tokens
    order = _Order(min((len(entry) for entry in entries if is_object(entry)), default=0))
    return [_own(entry, token, order) for entry, token in zip(entries, ids, strict=True)]


def _unpacked(entries: Any) -> list[dict[str, Any]]:
    """Return vLLM's FlatLogprobs, whose lists hold the tokens of all places, as an object each."""
    keys = ("start_indices", "end_indices", "token_ids", "logprobs", "ranks")
    starts, ends, tokens, numbers, ranks = ([*entries[key]] for key in keys)
    return [
        {f"{tokens[i]}": {"logprob": numbers[i], "rank": ranks[i]} for i in range(start, end)}
        for start, end in zip(starts, ends, strict=True)
    ]


def _own(entry: Any, token: int | None, order: "_Order") -> Any:
    """Return the entry of a token, or of what stands there."""
    if not is_object(entry):
        return None
    if token is not None:
        return entry.get(f"{token}")
    each = [*entry.values()]
    ranks = tuple([under(one, "rank") for one in each])
    if None in ranks:
        order.check([under(one, "logprob") for one in each])
    return each[order.standing(ranks)] if each else None


def _own_typed(entries: list[dict[int, Any] | None]) -> Numbers:
    """Return the log-probability of each entry that `_own` finds untold, all parsed by type.

    The tokens of all places are in one list, which is cut: a list of each is twice as slow.
    """
    order = _Order(min(len(entry) for entry in entries if entry is not None))
    each = [token for entry in entries if entry for token in entry.values()]
    ranks = tuple([token.rank for token in each])
    numbers: Numbers = []
    end = 0
    for entry in entries:
        if entry:
            start, end = end, end + len(entry)
            if None in ranks[start:end]:
                order.check([token.logprob for token in each[start:end]])
            numbers.append(each[start + order.standing(ranks[start:end])].logprob)
        else:
            numbers.append(None)
    return numbers


class _Order:
    """Tells which token of a place stands there, where no token ids do.

    vLLM writes it first. Whatever sorts the keys, as JavaScript does, may leave it anywhere: then
    it is the least probable one if that is not among the likeliest, or else any of them.
    """

    def __init__(self, listed: int) -> None:
        self._listed = listed
        self._is_other = self._is_needed = False

    def standing(self, ranks: tuple[Any, ...]) -> int:
        """Return the place of the token among those of these ranks."""
        place, is_sure = _standing(ranks, self._listed)
        self._is_other |= is_sure and place > 0
        self._is_needed |= not is_sure and len(ranks) > 1
        if place < 0 or (self._is_other and self._is_needed):
            raise _of_another_order()
        return place

    def check(self, numbers: Numbers) -> None:
        """Raise Refused unless numbers without ranks are in vLLM's order, as far as they tell."""
        own, *others = [-math.inf if each is None else each for each in numbers] or [0.0]
        is_beside = bool(others) and len(numbers) > self._listed
        if (is_beside and own > others[-1]) or any(a < b for a, b in pairwise(others)):
            raise _of_another_order()


@lru_cache(2**12)  # many places have the same ranks
def _standing(ranks: tuple[Any, ...], listed: int) -> tuple[int, bool]:
    """Return which token stands at a place, and whether the ranks say so by themselves.

    It is the one beside the `listed` likeliest, or else the first; -1 if their order is another.
    """
    if None in ranks:
        return 0, False
    most = max(ranks, default=0)
    if len(ranks) > listed or most > len(ranks):
        return ranks.index(most), True
    others = [*ranks[1:]]
    return (0 if others == sorted(others) else -1), False


def _of_another_order() -> Refused:
    return Refused(
        "prompt_logprobs in another order than vLLM writes them, and no prompt_token_ids",
        "keep prompt_token_ids beside prompt_logprobs",
    )


def request_output(document: Any) -> Answer | None:
    """Return a dump of vLLM's RequestOutput, the prompt of one, or one of its outputs."""
    outputs = [*objects(document.get("outputs"))]
    made = [each for each in outputs if "token_ids" in each and "logprobs" in each]
    made = [document] if not made and _is_output(document) else made
    if not (holds_prompt(document) or made):
        return None
    found: list[Scored] = []
    if holds_prompt(document):
        add(found, of_prompt(document))
    for index, output in enumerate(made):
        entries = output.get("logprobs")
        if is_list(entries) or _is_flat(entries):
            add(found, _by_ids("generated", entries, output.get("token_ids"), index))
    if not found and any(output.get("prompt_logprobs") for output in made):
        raise Refused(
            "prompt_logprobs of TensorRT-LLM, which are lists of the token after each",
            "ask for return_context_logits, and save the logits with the prompt's token ids",
        )
    return Answer(PROMPTS, found, text(document.get("request_id")))


def _is_output(document: Any) -> bool:
    """Whether this is an output, and no lists of the most probable tokens for a distillation.

    Each of its tokens is among those of its place, or the only one there beside a text.
    """
    entries = document.get("logprobs")
    listed = [*entries] if is_list(entries) else []
    each = [entry for entry in listed if entry is not None]
    if not each or not all(is_object(entry) and _is_by_ids(entry) for entry in each):
        return False
    ids = document.get("token_ids")
    if is_list(ids) and len(ids) == len(listed):
        pairs = zip(listed, [*ids], strict=True)
        return all(entry is None or f"{token}" in entry for entry, token in pairs)
    return ("generation" in document or "text" in document) and all(len(one) == 1 for one in each)


def _is_by_ids(entry: Any) -> bool:
    return all(is_count(key) for key in entry.keys())  # noqa: SIM118


def holds_prompt(where: Any) -> bool:
    """Whether an answer or a choice has the log-probabilities of a prompt."""
    told = where.get("prompt_logprobs")
    return told is not None and (is_list(told) or _is_flat(told))


def _is_flat(value: Any) -> bool:
    return is_object(value) and "start_indices" in value
