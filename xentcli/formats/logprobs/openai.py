"""Answers as OpenAI's API has them, which vLLM, SGLang, llama.cpp and others speak too."""

from collections.abc import Iterator
from typing import Any

from xentcli.formats.logprobs.answers import (
    Answer,
    Numbers,
    Scored,
    is_list,
    is_object,
    objects,
    text,
    tokens,
    under,
)

_CHAT, _COMPLETIONS, _PROMPTS = (
    "OpenAI chat completions",
    "OpenAI completions",
    "vLLM prompt_logprobs",
)
_FINE = (None, 200)


def failure(document: Any) -> Answer | None:
    """Return the answer to a request that failed."""
    error = document.get("error")
    if "choices" in document or not (is_object(error) or isinstance(error, str)):
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
    if not is_list(document.get("choices")):
        return None
    each = [*objects(document["choices"])]
    found: list[Scored] = []
    for where in (document, *each):
        if is_list(where.get("prompt_logprobs")):
            add(found, of_prompt(where))
    kind = text(document.get("object"))
    dialect = _COMPLETIONS if kind == "text_completion" else _CHAT
    dialect = _PROMPTS if found else dialect
    for choice in each:
        for scored in _of_choice(choice.get("logprobs"), document, len(each)):
            add(found, scored)
    name = text(document.get("id"))
    if kind == "chat.completion.chunk":
        index = each[0].get("index") if each else 0
        return Answer(dialect, found, name, None, f"{name}/{index}", ends=False)
    return Answer(dialect, found, name)


def _of_choice(told: Any, document: Any, count: int) -> Iterator[Scored]:
    """Yield the tokens of one of several choices."""
    if is_list(under(told, "token_logprobs")):
        yield from _parallel(told, document, count)
        return
    for key in ("content", "refusal"):
        entries = under(told, key)
        if is_list(entries) and len(entries):
            yield tokens("generated", entries)


def add(found: list[Scored], scored: Scored) -> None:
    """Add tokens, but a prompt only once: each of several choices may repeat it."""
    if scored.logprobs and not (scored.part == "prompt" and scored in found):
        found.append(scored)


def of_prompt(where: Any) -> Scored:
    """Return a prompt whose tokens are an object each: by token id, that of the prompt first."""
    return Scored("prompt", _chosen(where["prompt_logprobs"], where.get("prompt_token_ids")))


def _chosen(entries: Any, ids: Any) -> Numbers:
    """Return the numbers of the tokens with these ids or, where none are told, the first ones."""
    if not is_list(ids) or len(ids) != len(entries):
        return [_number(entry) for entry in entries]
    return [_number(entry, f"{token}") for entry, token in zip(entries, ids, strict=True)]


def _number(entry: Any, token: str | None = None) -> float | None:
    if not is_object(entry):
        return None
    chosen = next(iter(entry.values()), None) if token is None else entry.get(token)
    number: float | None = under(chosen, "logprob")
    return number


def _parallel(told: Any, document: Any, count: int) -> Iterator[Scored]:
    """Yield the tokens of parallel lists, of which an echo has those of the prompt first."""
    listed = told["token_logprobs"]
    numbers: Numbers = listed if isinstance(listed, list) else listed.as_list()
    prompt, made = (under(document, "usage", key) for key in ("prompt_tokens", "completion_tokens"))
    counted = isinstance(prompt, int) and isinstance(made, int)
    whole = counted and count == 1 and len(numbers) == prompt + made
    if not (numbers and numbers[0] is None) and not (whole and prompt):
        yield Scored("generated", numbers)
    elif counted and not made:
        yield Scored("prompt", numbers)
    elif whole:
        yield Scored("prompt", numbers[:prompt])
        yield Scored("generated", numbers[prompt:])
    else:
        yield Scored(None, numbers)


def responses(document: Any) -> Answer | None:
    """Return an answer of the Responses API."""
    if text(document.get("object")) != "response" or not is_list(document.get("output")):
        return None
    found = [
        tokens("generated", part["logprobs"])
        for item in objects(document["output"])
        for part in objects(item.get("content"))
        if is_list(part.get("logprobs")) and len(part["logprobs"])
    ]
    return Answer("OpenAI responses", found, text(document.get("id")))


def request_output(document: Any) -> Answer | None:
    """Return a dump of vLLM's RequestOutput, or the prompt of one."""
    if not is_list(document.get("prompt_logprobs")):
        return None
    found: list[Scored] = []
    add(found, of_prompt(document))
    for output in objects(document.get("outputs")):
        if is_list(entries := output.get("logprobs")):
            add(found, Scored("generated", _chosen(entries, output.get("token_ids"))))
    return Answer(_PROMPTS, found, text(document.get("request_id")))
