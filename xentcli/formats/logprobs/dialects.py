"""Which dialect an answer is in: each is known by its keys."""

import json
from collections.abc import Callable
from typing import Any

from xentcli.formats.logprobs import hosted, openai, plain, servers, vllm
from xentcli.formats.logprobs.answers import WRAPPERS, Answer, Refused, is_list, is_object, text


def answer_of(document: Any) -> Answer | None:
    """Return what a document says, None if it is no answer that is known."""
    if is_list(document):
        return servers.sglang_samples([*document])
    if not is_object(document):
        return None
    for dialect in _DIALECTS:
        if (found := dialect(document)) is not None:
            return found
    return _kept(document)


def held_by(document: Any) -> list[tuple[str, Any]]:
    """Return what may be answers in a list, or in an object that is none, each with its place."""
    if document is None:
        return [("", _NULL)]
    if is_list(document):
        return _listed([*document])
    if not is_object(document):
        return []
    for key in _SEVERAL:
        value = document.get(key)
        inside = value.values() if is_object(value) else value if is_list(value) else ()
        if any(map(_may_hold, inside)):
            return [(f".{key}", value)]
    items = [*document.items()]
    named = len(items) > 1 and all(is_object(value) for _, value in items)
    if any(key in WRAPPERS and value is None for key, value in items):  # a record without it
        return [("", {**_NULL, "id": _name_of(document)})]
    return [(f".{key}", value) for key, value in items if named]


def _may_hold(value: Any) -> bool:
    return is_object(value) or is_list(value)


def _listed(each: list[Any]) -> list[tuple[str, Any]]:
    """Return the items of a list; only the answer after a request, and tokens as one answer."""
    if _is_request_first(each):
        why = f"{each[1][-1]}" if is_list(each[1]) and len(each[1]) else "no answer"
        return [("[1]", {"error": why} if is_list(each[1]) else each[1])]
    if each and is_object(each[0]) and "logprob" in each[0]:
        return [("", {"logprobs": each})]
    if (n := servers.samples_a_prompt(each)) > 1:
        return [(f"[{i}:{i + n}]", each[i : i + n]) for i in range(0, len(each), n)]
    if any(map(_may_hold, each)):
        each = [_NULL if one is None else one for one in each]
    return [(f"[{i}]", one) for i, one in enumerate(each) if _may_hold(one)]


def _is_request_first(each: list[Any]) -> bool:
    """Whether a list is a request, its answer and maybe more, as OpenAI's example writes them.

    Records that hold prompts too, but their answers with them, are none.
    """
    if not 1 < len(each) <= _MOST_OF_REQUEST or not _is_request(each[0]):
        return False
    if is_object(each[1]) and {*each[0].keys()} == {*each[1].keys()}:
        return False
    try:
        return answer_of(each[0]) is None
    except (Refused, TypeError, AttributeError, LookupError, ValueError):
        return False


def _is_request(value: Any) -> bool:
    return (
        is_object(value) and "choices" not in value and ("messages" in value or "prompt" in value)
    )


def _kept(document: Any) -> Answer | None:
    """Return the answer within what somebody keeps of a request; None if there is not just one."""
    wrapped = [key for key in WRAPPERS if document.get(key) is not None]
    answers = {key: answer_of(_parsed(document.get(key))) for key in wrapped}
    told = {key: found for key, found in answers.items() if found is not None}
    if told:
        one, *more = told
        if any(_differ(told[one], told[key]) for key in more):
            raise _several(one, more[0])
        return _renamed(told[one], document)
    others = ((key, value) for key, value in document.items() if is_object(value))
    within = {key: found for key, value in others if (found := answer_of(value)) is not None}
    if len(within) == 1:
        return _renamed(next(iter(within.values())), document)
    if 1 < len(within) < len(document):
        one, other, *_ = within
        raise _several(one, other)
    return None


def _differ(one: Answer, other: Answer) -> bool:
    numbers = ([each.logprobs for each in answer.scored] for answer in (one, other))
    return next(numbers) != next(numbers)


def _several(one: str, other: str) -> Refused:
    return Refused(f"several answers, {one!r} and {other!r}", "keep one of them a line")


def _renamed(answer: Answer, document: Any) -> Answer:
    return answer._replace(name=_name_of(document) or answer.name)


def _name_of(document: Any) -> str | None:
    return next((found for key in _NAMES if (found := text(document.get(key)))), None)


def _parsed(value: Any) -> Any:
    """Return a value; for a text that is an object in JSON, that object."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _batch(document: Any) -> Answer | None:
    """Return a line of a batch's output, which any answer may stand in."""
    if "custom_id" not in document:
        return None
    if "url" in document and "body" in document:
        raise Refused("requests of a batch, and no answers", "take the file that the batch gives")
    if not ("response" in document or "error" in document):
        return None
    name = text(document.get("custom_id"))
    if why := openai.failed_in_batch(document):
        return Answer("batch", [], name, why)
    inner = answer_of(document["response"].get("body")) or Answer("answers", [])
    dialect = f"{inner.dialect}, batch"
    return inner._replace(dialect=dialect, name=name, counts=True, in_batch=True)


_MOST_OF_REQUEST = 3
"""How long a list is at most that has a request, its answer and what else belongs to it."""
_NULL = {"error": "null"}
"""What null says, in a list or in a line of its own: the request failed."""
_NAMES = ("custom_id", "id", "recordId")
_SEVERAL = (
    *("samples", "responses", "completions", "generations", "request_states", "outputs"),
    *("inlinedResponses", "inlined_responses", "results", "data"),
)
"""What several answers are called."""
_DIALECTS: tuple[Callable[[Any], Answer | None], ...] = (
    openai.choices,
    _batch,
    openai.failure,
    openai.responses,
    servers.sglang,
    servers.llama_cpp,
    servers.tgi,
    servers.gemini,
    servers.ollama,
    servers.anthropic,
    hosted.cohere,
    hosted.watsonx,
    hosted.triton,
    hosted.helm,
    vllm.request_output,
    openai.bare,
    plain.numbers,
)
