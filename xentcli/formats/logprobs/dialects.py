"""Which dialect an answer is in: each is known by its keys."""

from collections.abc import Callable
from typing import Any

from xentcli.formats.logprobs import openai, servers, vllm
from xentcli.formats.logprobs.answers import Answer, Refused, is_object, text


def answer_of(document: Any) -> Answer | None:
    """Return what a document says, None if it is no answer that is known."""
    if not is_object(document):
        return None
    for dialect in _DIALECTS:
        if (found := dialect(document)) is not None:
            return found
    for key in _WRAPPERS:
        inner = document.get(key)
        if is_object(inner) and (found := answer_of(inner)) is not None:
            name = text(document.get("custom_id")) or text(document.get("id"))
            return found._replace(name=name or found.name)
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
    return inner._replace(dialect=f"{inner.dialect}, batch", name=name)


_WRAPPERS = ("response", "completion", "output", "result", "answer", "body")
"""What people who keep their requests too call the answer to each."""
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
    vllm.request_output,
)
