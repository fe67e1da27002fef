"""Answers as OpenAI's API has them, which vLLM, SGLang, llama.cpp and others speak too."""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

from xentcli.formats.logprobs.answers import (
    FAILED,
    Answer,
    AnswerPart,
    Numbers,
    Scored,
    add,
    add_prompts,
    is_list,
    is_object,
    objects,
    text,
    tokens,
    under,
)
from xentcli.formats.logprobs.listed_tokens import of_texts
from xentcli.formats.logprobs.vllm import PROMPTS, holds_prompt, of_prompt

_CHAT, _COMPLETIONS = "OpenAI chat completions", "OpenAI completions"
_RESPONSES = "OpenAI responses"
_FIRST_EVENT = "created"
_LAST_EVENTS = ("completed", "incomplete", "failed", "done")
_FINE = (None, 200)
_NAMES = ("id", "key", "recordId")
_TEXTS = ("reasoning_content", "content", "refusal")
"""The texts whose tokens a choice may have; DeepSeek tells those of its reasoning apart."""


def failure(document: Any) -> Answer | None:
    """Return the answer to a request that failed."""
    error = document if text(document.get("object")) == "error" else document.get("error")
    if len(document) == 1 and "detail" in document:  # as FastAPI writes them
        return Answer(FAILED, [], None, f"{document['detail']}")
    if document.get("choices") is not None or not (is_object(error) or isinstance(error, str)):
        return None
    told = text(under(error, "message")) or text(under(error, "errorMessage"))  # Bedrock's
    name = next((found for key in _NAMES if (found := text(document.get(key)))), None)
    return Answer(FAILED, [], name, told or text(error) or "error")


def failed_in_batch(document: Any) -> str | None:
    """Return why a request of a batch has no answer; None if it has one."""
    response, error = document.get("response"), document.get("error")
    status = under(response, "status_code")
    if is_object(response) and error is None and status in _FINE:
        return None
    why = text(under(error, "message") or under(response, "body", "error", "message"))
    if status not in _FINE:
        return f"status {status}: {why}" if why else f"status {status}"
    return why or "no response"


def choices(document: Any) -> Answer | None:
    """Return an answer with choices, and with the prompt as vLLM or Together adds it."""
    told = document.get("choices", ...)
    if not (is_list(told) or (told is None and not document.get("error"))):
        return None
    each = [choice for choice in told or () if is_object(choice)]
    if told and not each:  # those of a question
        return None
    kind = text(document.get("object"))
    counted = under(document, "usage", "prompt_tokens")
    found = _prompts(document, each, counted)
    dialect = _COMPLETIONS if kind == "text_completion" else _CHAT
    dialect = PROMPTS if found and found[0].whole else dialect
    end, made = _end_of_prompt(document, each)
    silent: list[int] = []
    echoed: list[Scored] = []
    for place, choice in enumerate(each):
        index = choice.get("index")
        index = index if isinstance(index, int) else place
        if not is_object(told := choice.get("logprobs")):
            silent.append(index)
        else:
            for scored in _of_choice(told, end, made, index):
                if scored.part == "prompt":
                    echoed.append(scored)
                else:
                    add(found, scored)
    add_prompts(found, echoed, counted)
    name = text(document.get("id"))
    finished = tuple(_finished(each))
    if kind == "chat.completion.chunk":  # usage may follow the last piece
        return Answer(dialect, found, name, None, name or "", ends=False, finished=finished)
    if kind == "text_completion" and name is not None:  # its pieces look like whole answers
        goes_on = any("finish_reason" in one and one.get("finish_reason") is None for one in each)
        counts = bool(each)
        return Answer(dialect, found, name, None, name, not goes_on, counts, finished=finished)
    counts = bool(each) or name != ""  # Azure's filter has none
    others = tuple(silent) if len(silent) < len(each) else ()
    return Answer(dialect, found, name, counts=counts, silent=others)


def _finished(each: list[Any]) -> Iterator[int]:
    """Yield the choices that end with a piece of a stream."""
    for place, choice in enumerate(each):
        if choice.get("finish_reason"):
            index = choice.get("index")
            yield index if isinstance(index, int) else place


def _prompts(document: Any, each: list[Any], counted: Any) -> list[Scored]:
    """Return what vLLM adds, whose prompts are whole, or what Together does."""
    found: list[Scored] = []
    for answered in ([document], each):
        told = [one for one in answered if "prompt_logprobs" in one and holds_prompt(one)]
        add_prompts(found, [of_prompt(one)._replace(whole=True) for one in told], counted)
    told = [
        _listed("prompt", one["logprobs"])
        for one in objects(document.get("prompt"))
        if is_list(under(one, "logprobs", "token_logprobs"))
    ]
    add_prompts(found, told, counted)
    return found


def _end_of_prompt(document: Any, each: list[Any]) -> tuple[int | None, int | None]:
    """Return how many tokens of a prompt each choice of an echo has, and how many all made.

    A server counts the prompt once, whatever the number of choices; several prompts of a request
    are counted together, and no choice tells how long its own is.
    """
    prompt, made = (under(document, "usage", key) for key in ("prompt_tokens", "completion_tokens"))
    if not (isinstance(prompt, int) and isinstance(made, int)):
        return None, None
    told = (under(choice, "logprobs", "token_logprobs") for choice in each)
    echoed = sum(len(numbers) for numbers in told if is_list(numbers))
    return prompt if echoed == len(each) * prompt + made else None, made


def _of_choice(told: Any, end: int | None, made: int | None, index: int) -> list[Scored]:
    """Return the tokens of one of several choices."""
    if is_list(told.get("token_logprobs")):
        return [each._replace(choice=index) for each in _parallel(told, end, made)]
    each = [one for key in _TEXTS if (one := told.get(key)) and is_list(one)]
    if not each:
        return []
    return [tokens("generated", each[0] if len(each) == 1 else [*chain(*each)], choice=index)]


def _parallel(told: Any, end: int | None, made: int | None) -> Iterator[Scored]:
    """Yield the tokens of parallel lists, of which an echo has those of the prompt first."""
    both = _listed("generated", told)
    numbers, lists = both.logprobs, both.lists or list
    if not (numbers and numbers[0] is None) and not end:
        yield both
    elif made == 0:
        yield Scored("prompt", numbers, lists=lists)
    elif end is not None:
        yield Scored("prompt", numbers[:end], lists=lambda: lists()[:end])
        if numbers[end:]:  # of several choices, one may have made nothing
            yield Scored("generated", numbers[end:], lists=lambda: lists()[end:])
    else:
        yield Scored(None, numbers, lists=lists, mixed=bool(made))


def _listed(part: AnswerPart, told: Any) -> Scored:
    """Return the tokens of parallel lists."""
    listed = told["token_logprobs"]
    numbers: Numbers = listed if isinstance(listed, list) else listed.as_list()
    lists = partial(of_texts, told.get("tokens") or (), numbers, told.get("top_logprobs"))
    return Scored(part, numbers, lists=lists)


def bare(document: Any) -> Answer | None:
    """Return what somebody keeps of a choice: its lists of tokens, and maybe its text."""
    told = document.get("logprobs")
    if is_object(told) and (is_list(told.get("content")) or is_list(told.get("token_logprobs"))):
        return choices({"choices": [document]})
    if is_list(document.get("token_logprobs")):
        return choices({"choices": [{"logprobs": document}]})
    if is_list(told) and len(told) and is_object(told[0]) and "logprob" in told[0]:
        return Answer(_CHAT, [tokens("generated", told)])
    return None


def responses(document: Any) -> Answer | None:
    """Return an answer of the Responses API, or an event of its stream; the last one has it all."""
    event = text(document.get("type")) or ""
    if event.startswith("response."):
        inner, what = document.get("response"), event.partition(".")[2]
        name = text(under(inner, "id"))
        if what in _LAST_EVENTS and is_object(inner):
            answer = responses(inner)
            return answer and answer._replace(stream=name)
        if what == _FIRST_EVENT and name is not None:
            return Answer(_RESPONSES, [], name, stream=name, ends=False)
        return Answer(_RESPONSES, [], counts=False)
    if event == "transcript.text.delta":  # its last event has it all, too
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
