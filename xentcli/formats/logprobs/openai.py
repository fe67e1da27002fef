"""Answers as OpenAI's API has them, which vLLM, SGLang, llama.cpp and others speak too."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from xentcli.formats.logprobs.answers import (
    Answer,
    Numbers,
    Part,
    Refused,
    Scored,
    is_list,
    is_object,
    is_typed,
    objects,
    text,
    tokens,
    under,
)
from xentcli.formats.logprobs.lists import of_ids, of_texts

_CHAT, _COMPLETIONS, _PROMPTS = (
    "OpenAI chat completions",
    "OpenAI completions",
    "vLLM prompt_logprobs",
)
_RESPONSES = "OpenAI responses"
_LAST_EVENTS = ("completed", "incomplete", "failed", "done")
_FINE = (None, 200)


def failure(document: Any) -> Answer | None:
    """Return the answer to a request that failed."""
    error = document.get("error")
    if document.get("choices") is not None or not (is_object(error) or isinstance(error, str)):
        return None
    why = text(under(error, "message")) or text(error) or "error"
    return Answer("error", [], text(document.get("id")) or text(document.get("key")), why)


def failed_in_batch(document: Any) -> str | None:
    """Return why a request of a batch has no answer; None if it has one."""
    response, error = document.get("response"), document.get("error")
    status = under(response, "status_code")
    if is_object(response) and error is None and status in _FINE:
        return None
    why = text(under(error, "message") or under(response, "body", "error", "message"))
    return f"status {status}" if status not in _FINE else why or "no response"


def choices(document: Any) -> Answer | None:
    """Return an answer with choices, and with the prompt as vLLM adds it."""
    told = document.get("choices", ...)
    if not (is_list(told) or (told is None and not document.get("error"))):
        return None
    each = [choice for choice in told or () if is_object(choice)]
    found: list[Scored] = []
    for where in (document, *each):
        if _holds_prompt(where):
            add(found, of_prompt(where))
    kind = text(document.get("object"))
    dialect = _COMPLETIONS if kind == "text_completion" else _CHAT
    dialect = _PROMPTS if found else dialect
    for place, choice in enumerate(each):
        index = choice.get("index")
        index = index if isinstance(index, int) else place
        for scored in _of_choice(choice.get("logprobs"), document, len(each), index):
            add(found, scored)
    name = text(document.get("id"))
    if kind == "chat.completion.chunk":
        return Answer(dialect, found, name, None, name or "", ends=False)
    goes_on = any("finish_reason" in one and one.get("finish_reason") is None for one in each)
    if kind == "text_completion" and name is not None:  # whose pieces look like whole answers
        return Answer(dialect, found, name, None, name, ends=not goes_on)
    return Answer(dialect, found, name)


def _of_choice(told: Any, document: Any, count: int, index: int) -> Iterator[Scored]:
    """Yield the tokens of one of several choices."""
    if not is_object(told):
        return
    if is_list(told.get("token_logprobs")):
        for scored in _parallel(told, document, count):
            yield scored._replace(choice=index)
        return
    for key in ("content", "refusal"):
        entries = told.get(key)
        if is_list(entries) and len(entries):
            yield tokens("generated", entries, choice=index)


def add(found: list[Scored], scored: Scored) -> None:
    """Add tokens, but a prompt only once: each of several choices may repeat it."""
    if not scored.logprobs:
        return
    given = (each.logprobs for each in found if each.part == "prompt")
    if scored.part != "prompt" or scored.logprobs not in given:
        found.append(scored)


def of_prompt(where: Any) -> Scored:
    """Return a prompt whose tokens are an object each: by token id, that of the prompt first."""
    return _by_ids("prompt", where["prompt_logprobs"], where.get("prompt_token_ids"))


def _by_ids(part: Part, entries: Any, ids: Any, choice: int = 0) -> Scored:
    """Return the tokens with these ids or, where none are told, the first ones of each place."""
    entries = _unpacked(entries) if is_object(entries) else [*entries]
    told = [*ids] if is_list(ids) and len(ids) == len(entries) else [None] * len(entries)
    return Scored(
        part,
        _numbers(entries, told),
        choice=choice,
        lists=lambda: of_ids(entries, _chosen(entries, told)),
    )


def _numbers(entries: list[Any], ids: list[int | None]) -> Numbers:
    """Return the log-probability of each token."""
    pairs = zip(entries, ids, strict=True)
    if _is_typed(next(filter(None, entries), None)):
        if ids[0] is None:  # and so are the others
            listed = _listed(entries)
            return [_own_typed(entry, listed).logprob if entry else None for entry in entries]
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
    listed = _listed(entries)
    return [_own(entry, token, listed) for entry, token in zip(entries, ids, strict=True)]


def _listed(entries: list[Any]) -> int:
    """Return how many of the most probable tokens are listed at each place."""
    return min((len(entry) for entry in entries if is_object(entry)), default=0)


def _unpacked(entries: Any) -> list[dict[str, Any]]:
    """Return vLLM's FlatLogprobs, whose lists hold the tokens of all places, as an object each."""
    keys = ("start_indices", "end_indices", "token_ids", "logprobs", "ranks")
    starts, ends, tokens, numbers, ranks = ([*entries[key]] for key in keys)
    return [
        {f"{tokens[i]}": {"logprob": numbers[i], "rank": ranks[i]} for i in range(start, end)}
        for start, end in zip(starts, ends, strict=True)
    ]


def _own(entry: Any, token: int | None, listed: int) -> Any:
    """Return the entry of a token, or of what stands there."""
    if not is_object(entry):
        return None
    if token is not None:
        return entry.get(f"{token}")
    each = [*entry.values()]
    return each[_standing([under(one, "rank") for one in each], listed)] if each else None


def _own_typed(entry: dict[int, Any], listed: int) -> Any:
    """Return what `_own` returns of a token not told, where all were parsed by their type."""
    each = [*entry.values()]
    return each[_standing([one.rank for one in each], listed)]


def _standing(ranks: list[Any], listed: int) -> int:
    """Return which token stands at a place: beside the `listed` likeliest, or else the first."""
    if None in ranks:
        return 0
    if len(ranks) > listed or max(ranks) > len(ranks):
        return ranks.index(max(ranks))
    if ranks[1:] != sorted(ranks[1:]):
        raise Refused(
            "prompt_logprobs in another order than vLLM writes them, and no prompt_token_ids",
            "keep prompt_token_ids beside prompt_logprobs",
        )
    return 0


def _parallel(told: Any, document: Any, count: int) -> Iterator[Scored]:
    """Yield the tokens of parallel lists, of which an echo has those of the prompt first."""
    listed = told["token_logprobs"]
    numbers: Numbers = listed if isinstance(listed, list) else listed.as_list()
    lists = partial(of_texts, told.get("tokens") or (), numbers, told.get("top_logprobs"))
    prompt, made = (under(document, "usage", key) for key in ("prompt_tokens", "completion_tokens"))
    counted = isinstance(prompt, int) and isinstance(made, int)
    whole = counted and count == 1 and len(numbers) == prompt + made
    if not (numbers and numbers[0] is None) and not (whole and prompt):
        yield Scored("generated", numbers, lists=lists)
    elif counted and not made:
        yield Scored("prompt", numbers, lists=lists)
    elif whole:
        yield Scored("prompt", numbers[:prompt], lists=lambda: lists()[:prompt])
        yield Scored("generated", numbers[prompt:], lists=lambda: lists()[prompt:])
    else:
        yield Scored(None, numbers, lists=lists)


def responses(document: Any) -> Answer | None:
    """Return an answer of the Responses API, or an event of its stream; the last one has it all."""
    event = text(document.get("type")) or ""
    if event.startswith("response."):
        inner = document.get("response")
        if event.partition(".")[2] in _LAST_EVENTS and is_object(inner):
            return responses(inner)
        return Answer(_RESPONSES, [], counts=False)
    if text(document.get("object")) != "response" or not is_list(document.get("output")):
        return None
    found = [
        tokens("generated", part["logprobs"])
        for item in objects(document["output"])
        for part in objects(item.get("content"))
        if is_list(part.get("logprobs")) and len(part["logprobs"])
    ]
    return Answer(_RESPONSES, found, text(document.get("id")))


def request_output(document: Any) -> Answer | None:
    """Return a dump of vLLM's RequestOutput, or the prompt of one."""
    outputs = [*objects(document.get("outputs"))]
    made = [each for each in outputs if "token_ids" in each and "logprobs" in each]
    if not (_holds_prompt(document) or made):
        return None
    found: list[Scored] = []
    if _holds_prompt(document):
        add(found, of_prompt(document))
    for index, output in enumerate(made):
        entries = output.get("logprobs")
        if is_list(entries) or _is_flat(entries):
            add(found, _by_ids("generated", entries, output.get("token_ids"), index))
    return Answer(_PROMPTS, found, text(document.get("request_id")))


def _holds_prompt(where: Any) -> bool:
    told = where.get("prompt_logprobs")
    return told is not None and (is_list(told) or _is_flat(told))


def _is_flat(value: Any) -> bool:
    return is_object(value) and "start_indices" in value
