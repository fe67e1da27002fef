"""Answers as OpenAI's API has them, which vLLM, SGLang, llama.cpp and others speak too."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from xentcli.formats.logprobs.answers import (
    Answer,
    Numbers,
    Scored,
    add,
    is_list,
    is_object,
    objects,
    text,
    tokens,
    under,
)
from xentcli.formats.logprobs.lists import of_texts
from xentcli.formats.logprobs.vllm import PROMPTS, holds_prompt, of_prompt

_CHAT, _COMPLETIONS = "OpenAI chat completions", "OpenAI completions"
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
        if "prompt_logprobs" in where and holds_prompt(where):
            add(found, of_prompt(where))
    kind = text(document.get("object"))
    dialect = _COMPLETIONS if kind == "text_completion" else _CHAT
    dialect = PROMPTS if found else dialect
    for place, choice in enumerate(each):
        index = choice.get("index")
        index = index if isinstance(index, int) else place
        if is_object(told := choice.get("logprobs")):
            for scored in _of_choice(told, document, len(each), index):
                add(found, scored)
    name = text(document.get("id"))
    if kind == "chat.completion.chunk":
        return Answer(dialect, found, name, None, name or "", ends=False)
    if kind == "text_completion" and name is not None:  # whose pieces look like whole answers
        goes_on = any("finish_reason" in one and one.get("finish_reason") is None for one in each)
        return Answer(dialect, found, name, None, name, ends=not goes_on)
    return Answer(dialect, found, name)


def _of_choice(told: Any, document: Any, count: int, index: int) -> list[Scored]:
    """Return the tokens of one of several choices."""
    if is_list(told.get("token_logprobs")):
        return [each._replace(choice=index) for each in _parallel(told, document, count)]
    listed = (told.get("content"), told.get("refusal"))
    return [
        tokens("generated", entries, choice=index)
        for entries in listed
        if entries and is_list(entries)
    ]


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
