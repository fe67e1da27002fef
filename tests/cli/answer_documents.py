"""Documents in which servers answer, piece by piece, and what a command must say of one."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from cli_tools import Run
from close_to import close_to

Object = dict[str, Any]


class Case(NamedTuple):
    """A file, the mean of its tokens, and how many tokens, sequences and requests there are."""

    content: str
    mean: float
    used: int
    sequences: int = 1
    requests: int = 1
    tokens: str = ""


def check(run: Run, case: Case) -> None:
    """Check what the command says of the content of a case."""
    tokens = ("--tokens", case.tokens) if case.tokens else ()
    outcome = run("nll", "-", "--json", *tokens, stdin=case.content.encode())
    assert outcome.code == 0, outcome.err
    found = outcome.json
    mean = found.get("loss", found.get("generated_nll"))
    assert mean == close_to(case.mean, rel=1e-15)
    counts = (found["used"], found["sequences"], found["requests"])
    assert counts == (case.used, case.sequences, case.requests)


def token(text: str, number: float) -> Object:
    return {"token": text, "logprob": number, "bytes": list(text.encode()), "top_logprobs": []}


def lines(*documents: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in documents)


def events(*documents: Any, before: str = "", end: str = "\n") -> str:
    """Return documents as a stream of server-sent events."""
    each = "".join(f"data: {json.dumps(one)}{end}{end}" for one in documents)
    return f"{before}{each}data: [DONE]{end}"


def chunk(*choices: tuple[int, str, float]) -> Object:
    """Return a piece of a chat completion that is streamed."""
    pieces = [
        {"index": i, "delta": {"content": t}, "logprobs": {"content": [token(t, number)]}}
        for i, t, number in choices
    ]
    return {"id": "c1", "object": "chat.completion.chunk", "choices": pieces}


def chat(numbers: Sequence[Any]) -> Object:
    """Return a chat completion whose tokens have 0, 2 and 4 bytes in turn."""
    tokens = [
        {"token": "é" * (i % 3), "bytes": [195, 169] * (i % 3), "logprob": x}
        for i, x in enumerate(numbers)
    ]
    choice = {"index": 0, "logprobs": {"content": tokens}}
    return {"id": "c1", "object": "chat.completion", "choices": [choice]}


def echo(numbers: Sequence[float | None], told: Object | None = None, count: int = 1) -> Object:
    """Return a completion that repeats its prompt, with what it tells of its usage."""
    choices = [{"logprobs": {"token_logprobs": numbers}} for _ in range(count)]
    more = {} if told is None else {"usage": told}
    return {"object": "text_completion", "choices": choices, **more}


def usage(prompt: int, made: int) -> Object:
    return {"prompt_tokens": prompt, "completion_tokens": made}


def legacy(text: str, number: float | None, finish: str | None) -> Object:
    told = {"tokens": [text], "token_logprobs": [number], "text_offset": [0]}
    choice = {"index": 0, "text": text, "logprobs": told, "finish_reason": finish}
    return {"id": "l1", "object": "text_completion", "choices": [choice]}


CHAT: Object = {
    "id": "c",
    "object": "chat.completion",
    "choices": [{"index": 0, "logprobs": {"content": [token("a", -1.0), token("b", -3.0)]}}],
}
