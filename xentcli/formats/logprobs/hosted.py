"""Answers of what others host: Cohere, watsonx, Triton; and what HELM keeps of all of them."""

from functools import partial
from itertools import chain
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
    objects,
    text,
    tokens,
    under,
)
from xentcli.formats.logprobs.listed_tokens import Listed, TokenPlace, of_entries


def cohere(document: Any) -> Answer | None:
    """Return an answer of Cohere: pieces of text, each with the numbers of its tokens."""
    pieces = [*objects(document.get("logprobs"))]
    if pieces and "token_ids" in pieces[0]:
        numbers: Numbers = [*chain(*(piece.get("logprobs") or () for piece in pieces))]
        ids = [*chain(*(piece["token_ids"] for piece in pieces))]
        lists = partial(_named, ids, numbers)
        found = [Scored("generated", numbers, lists=lists)] if numbers else []
        return Answer("Cohere", found, text(document.get("id")))
    made = [each for each in objects(document.get("generations")) if "likelihood" in each]
    if not made:
        return None
    found = []
    for index, each in enumerate(made):
        if is_list(entries := each.get("token_likelihoods")) and len(entries):
            scored = tokens("generated", entries, "likelihood", index)
            echoes = scored.logprobs[0] is None  # return_likelihoods ALL: the prompt comes first
            add(found, scored._replace(part=None) if echoes else scored)
    return Answer("Cohere", found, text(document.get("id")))


def _named(ids: list[int], numbers: Numbers) -> list[TokenPlace]:
    pairs = zip(ids, numbers, strict=True)
    return [TokenPlace(Listed(token, None, number)) for token, number in pairs]


def watsonx(document: Any) -> Answer | None:
    """Return an answer of IBM's watsonx, whose tokens tell a log-probability if asked to."""
    made = [each for each in objects(document.get("results")) if "generated_text" in each]
    if not made or "model_id" not in document:
        return None
    found: list[Scored] = []
    parts: tuple[tuple[AnswerPart, str], ...] = (("prompt", "input"), ("generated", "generated"))
    for index, each in enumerate(made):
        for part, key in parts:
            if is_list(entries := each.get(f"{key}_tokens")) and len(entries):
                scored = tokens(part, entries, choice=index)
                lists = partial(of_entries, [*entries], "logprob", "top_tokens")
                add(found, scored._replace(lists=lists))
    return Answer("watsonx", found)


def triton(document: Any) -> Answer | None:
    """Return an answer of Triton's TensorRT-LLM, which writes zeros where it was not asked."""
    name = "output_log_probs"
    tensors = [each for each in objects(document.get("outputs")) if each.get("name") == name]
    numbers = tensors[0].get("data") if tensors else document.get(name)
    if "model_name" not in document or not is_list(numbers):
        return None
    numbers = [*numbers]
    if any(map(is_list, numbers)) or (
        tensors and {*tensors[0].get("shape", ())} - {1, len(numbers)}
    ):
        raise Refused("log-probabilities of several beams", "ask Triton with beam_width 1")
    found = [Scored("generated", numbers)] if any(numbers) else []
    return Answer("Triton", found, text(document.get("id")))


def helm(document: Any) -> Answer | None:
    """Return a request that HELM keeps: its first token, before which nothing stands, is 0."""
    made = [*objects(under(document, "result", "completions"))]
    if not made or not is_object(document.get("request")):
        return None
    echoes = under(document, "request", "echo_prompt") is True
    alone = under(document, "request", "max_tokens") == 0
    part: AnswerPart | None = "generated" if not echoes else "prompt" if alone else None
    found: list[Scored] = []
    for index, each in enumerate(made):
        if is_list(entries := each.get("tokens")) and len(entries):
            add(found, tokens("generated", entries, choice=index)._replace(part=part))
    return Answer("HELM", found, text(under(document, "instance", "id")))
