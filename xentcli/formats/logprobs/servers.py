"""Answers of servers with keys of their own: SGLang, llama.cpp, Ollama, TGI, Gemini."""

from functools import partial
from typing import Any

from xentcli.formats.logprobs.answers import (
    Answer,
    AnswerPart,
    Numbers,
    Refused,
    Scored,
    add,
    answers_a_prompt,
    is_list,
    is_object,
    is_typed,
    objects,
    text,
    tokens,
    under,
)
from xentcli.formats.logprobs.listed_tokens import beside, of_triples

_TGI = "Text Generation Inference"
_CAMEL = ("logprobsResult", "chosenCandidates", "logProbability", "topCandidates")
_SNAKE = ("logprobs_result", "chosen_candidates", "log_probability", "top_candidates")


def sglang(document: Any) -> Answer | None:
    """Return an answer of SGLang: triples of log-probability, token id and text.

    A piece of a stream has all tokens so far, or, by an option of the server, those that are new.
    """
    info = document.get("meta_info")
    if not is_object(info):
        return None
    found: list[Scored] = []
    parts: tuple[tuple[AnswerPart, str], ...] = (("prompt", "input"), ("generated", "output"))
    for part, key in parts:
        triples = info.get(f"{key}_token_logprobs")
        if is_list(triples) and len(triples):
            triples = [*triples]  # once: simdjson makes each list anew
            numbers = _firsts(triples)
            tops = info.get(f"{key}_top_logprobs")
            whole = part == "prompt" or info.get("completion_tokens") == len(numbers)
            lists = partial(of_triples, triples, tops)
            add(found, Scored(part, numbers, lists=lists, whole=whole))
    name = text(info.get("id"))
    ends = "finish_reason" not in info or info.get("finish_reason") is not None
    return Answer("SGLang", found, name, None, name, ends)


def sglang_samples(each: list[Any]) -> Answer | None:
    """Return the answers to one prompt (`n` of SGLang) as one; None if a list holds others too."""
    if not 1 < len(each) == samples_a_prompt(each):
        return None
    found: list[Scored] = []
    answers = [sglang(one) or Answer("SGLang", []) for one in each]
    for choice, answer in enumerate(answers):
        for scored in answer.scored:
            add(found, scored._replace(choice=choice))
    made = {scored.choice for scored in found if scored.part == "generated"}
    silent = tuple(i for i in range(len(each)) if made and i not in made)
    return Answer("SGLang", found, answers[0].name, silent=silent)


def samples_a_prompt(each: list[Any]) -> int:
    """Return how many answers of SGLang in a list there are to each prompt, which they repeat."""
    if len(each) < 2 or (first := _prompt(each[0])) is None or first != _prompt(each[1]):
        return 1
    prompts = [_prompt(one) for one in each]
    return 1 if None in prompts else answers_a_prompt([one for one in prompts if one])


def _prompt(document: Any) -> list[Any] | None:
    """Return the log-probability and number of each token of a prompt; None without any."""
    triples = under(document, "meta_info", "input_token_logprobs")
    if not is_list(triples):
        return None
    try:
        found = [None if one is None else [*one][:2] for one in triples]
    except TypeError:  # `sglang` says what is wrong
        return None
    return found if any(one and one[0] is not None for one in found) else None


def _firsts(triples: list[Any]) -> Numbers:
    """Return the log-probabilities of triples."""
    if is_typed(next(filter(None, triples), None)):
        return [None if triple is None else triple.logprob for triple in triples]
    return [None if triple is None else triple[0] for triple in triples]


def llama_cpp(document: Any) -> Answer | None:
    """Return an answer of llama.cpp's server."""
    entries = document.get("completion_probabilities")
    if not is_list(entries):
        last = document.get("stop") is True and isinstance(document.get("content"), str)
        return Answer("llama.cpp", [], None, None, "") if last else None
    first = next(objects(entries), None)
    if first is not None and "logprob" not in first:
        if "prob" in first:
            raise Refused(
                "probabilities after the sampler (post_sampling_probs), which are not the model's",
                "ask llama.cpp's server without post_sampling_probs",
            )
        raise Refused(
            "probabilities as older servers of llama.cpp write them, and no log-probabilities",
            "ask a newer server of llama.cpp, whose n_probs gives logprob",
        )
    found = [tokens("generated", entries)] if len(entries) else []
    streamed = "stop" in document
    return Answer("llama.cpp", found, None, None, "" if streamed else None, _is_last(document))


def _is_last(document: Any) -> bool:
    return document.get("stop") is not False


def ollama(document: Any) -> Answer | None:
    """Return an answer of Ollama, or a piece of one."""
    if "done" not in document or not ("response" in document or "message" in document):
        return None
    entries = document.get("logprobs")
    found = [tokens("generated", entries)] if is_list(entries) and len(entries) else []
    return Answer("Ollama", found, None, None, "", ends=document.get("done") is not False)


def tgi(document: Any) -> Answer | None:
    """Return an answer of Text Generation Inference."""
    details = document.get("details")
    token = document.get("token")
    if "generated_text" in document and is_object(token) and "logprob" in token:  # of a stream
        ends = document.get("generated_text") is not None
        return Answer(_TGI, [tokens("generated", [token])], None, None, "", ends=ends)
    if not isinstance(document.get("generated_text"), str):
        return None
    if not is_object(details):  # they were not asked for
        return Answer(_TGI, [])
    found: list[Scored] = []
    parts: tuple[tuple[AnswerPart, str], ...] = (("prompt", "prefill"), ("generated", "tokens"))
    for each in (details, *objects(details.get("best_of_sequences"))):
        for part, key in parts:
            if is_list(entries := each.get(key)):
                tops = each.get("top_tokens") if part == "generated" else None
                lists = partial(beside, entries, tops)
                add(found, tokens(part, entries)._replace(lists=lists))
    return Answer(_TGI, found)


def gemini(document: Any) -> Answer | None:
    """Return an answer of Gemini, by itself or in a batch, as the API or the SDK writes it."""
    inner = document if "candidates" in document else document.get("response")
    if not is_list(under(inner, "candidates")):
        return _failed_gemini(document)
    found: list[Scored] = []
    for candidate in objects(inner["candidates"]):
        for result, chosen, number, top in (_CAMEL, _SNAKE):
            if is_list(entries := under(candidate, result, chosen)):
                scored = tokens("generated", entries, number)
                tops = under(candidate, result, top)
                listed = [under(one, "candidates") for one in tops] if is_list(tops) else None
                add(found, scored._replace(lists=partial(beside, entries, listed, number)))
    return Answer("Gemini", found, text(document.get("key")))


def _failed_gemini(document: Any) -> Answer | None:
    """Return a prompt that was blocked, or a line of a batch of Vertex AI whose request failed."""
    for key in ("promptFeedback", "prompt_feedback"):
        if is_object(told := document.get(key)):
            why = text(told.get("blockReason")) or text(told.get("block_reason"))
            return Answer("Gemini", [], None, f"blocked: {why}" if why else "blocked")
    status = text(document.get("status"))
    if not status or "request" not in document:
        return None
    return Answer("Gemini", [], text(document.get("key")), status)


def anthropic(document: Any) -> Answer | None:
    """Refuse an answer of Anthropic's API."""
    if text(document.get("type")) == "message" and "stop_reason" in document:
        raise Refused(
            "an answer of Anthropic's API, which gives no log-probabilities",
            "ask another server for them",
        )
    return None
