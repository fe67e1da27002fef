"""Documents as servers write them, by their formats' descriptions; means are worked out by hand."""

import json

import pytest
from answer_documents import CHAT, Case, Object, check, chunk, events, legacy, lines, token
from cli_tools import Run
from in_one_test import in_one_folder

LAST = {"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": {"prompt_tokens": 1}}

RESPONSE: Object = {
    "id": "r",
    "object": "response",
    "output": [
        {"type": "reasoning", "content": None},
        {"type": "message", "content": [{"type": "output_text", "logprobs": [token("a", -1.5)]}]},
    ],
}

RESPONSE_EVENTS: list[Object] = [
    {"type": "response.created", "response": {**RESPONSE, "output": []}},
    {"type": "response.output_text.delta", "item_id": "i", "logprobs": [token("a", -1.5)]},
    {"type": "response.output_text.done", "text": "a", "logprobs": [token("a", -1.5)]},
    {"type": "response.completed", "response": RESPONSE},
]

FIRST, SECOND = {"logprob": -4.5, "rank": 38}, {"logprob": -0.5, "rank": 1}

VLLM = {
    "prompt_token_ids": [1, 450, 6635],
    "prompt_logprobs": [
        None,
        {"450": FIRST, "338": SECOND},
        {"6635": {"logprob": -1.5, "rank": 1}},
    ],
}

SORTED = {"prompt_logprobs": [None, {"338": SECOND, "450": FIRST}]}

FLAT = {
    "prompt_token_ids": [1, 450],
    "prompt_logprobs": {
        "start_indices": [0, 0],
        "end_indices": [0, 2],
        "token_ids": [450, 338],
        "logprobs": [-4.5, -0.5],
        "ranks": [38, 1],
        "decoded_tokens": ["The", "is"],
    },
}

OUTPUT = {
    "request_id": "0",
    "prompt_token_ids": [1, 450],
    "prompt_logprobs": None,
    "outputs": [{"index": 0, "token_ids": [9], "logprobs": [{"9": {"logprob": -1.0, "rank": 1}}]}],
}

LLAMA = [
    {"content": "a", "stop": False, "completion_probabilities": [{"id": 1, **token("a", -1.0)}]},
    {"content": "b", "stop": False, "completion_probabilities": [{"id": 2, **token("b", -2.0)}]},
    {"content": "", "stop": True},
]

TGI = [
    {"token": {"id": 3, "text": "a", "logprob": -1.5}, "generated_text": None, "details": None},
    {
        "token": {"id": 2, "text": "</s>", "logprob": -0.5},
        "generated_text": "a",
        "details": {"finish_reason": "eos_token", "generated_tokens": 2},
    },
]


def sglang(*numbers: float, finish: str | None, count: int = 0) -> Object:
    """Return a piece of a stream, of which `count` tokens have come so far."""
    triples = [[number, 5, "a"] for number in numbers]
    info = {"id": "s", "completion_tokens": count or len(numbers), "finish_reason": finish}
    given = {"input_token_logprobs": [[None, 1, None], [-9.0, 2, None]]}
    return {"text": "", "meta_info": {**info, **given, "output_token_logprobs": triples}}


CANDIDATE = {"logprobs_result": {"chosen_candidates": [{"token_id": 1, "log_probability": -1.0}]}}

CASES = {
    "chat stream": Case(
        events(chunk((0, "a", -1.0)), chunk((1, "b", -2.0)), chunk((0, "c", -3.0)), LAST),
        *(2.0, 3, 2),
    ),
    "lines that end as in HTTP": Case(events(chunk((0, "a", -1.0)), LAST, end="\r\n"), 1.0, 1),
    "named events": Case(
        events(chunk((0, "a", -1.0)), before="event: message\nid: 1\n", end="\n"), 1.0, 1
    ),
    "a comment first": Case(events(chunk((0, "a", -1.0)), before=": ping\n\n"), 1.0, 1),
    "several choices a piece": Case(
        events(chunk((0, "a", -1.0), (1, "b", -2.0)), chunk((0, "a", -3.0), (1, "b", -4.0))),
        *(2.5, 4, 2),
    ),
    "completions stream": Case(events(legacy("a", -1.0, None), legacy("b", -3.0, "stop")), 2.0, 2),
    "Responses": Case(lines(RESPONSE), 1.5, 1),
    "Responses stream": Case(
        "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in RESPONSE_EVENTS), 1.5, 1
    ),
    "vLLM": Case(lines(VLLM), 3.0, 2),
    "vLLM, keys sorted": Case(lines(SORTED), 4.5, 1),
    "vLLM, flat": Case(lines(FLAT), 4.5, 1),
    "vLLM, a dump without prompts": Case(lines(OUTPUT), 1.0, 1),
    "llama.cpp stream": Case(events(*LLAMA), 1.5, 2),
    "SGLang stream": Case(
        events(sglang(-1.0, finish=None), sglang(-1.0, -3.0, finish="stop")),
        *(2.0, 2, 1, 1, "generated"),
    ),
    "SGLang stream of prompts": Case(
        events(sglang(-1.0, finish=None), sglang(-1.0, -3.0, finish="stop")),
        *(9.0, 1, 1, 1, "prompt"),
    ),
    "SGLang stream of what is new": Case(
        events(sglang(-1.0, finish=None), sglang(-3.0, finish="stop", count=2)),
        *(2.0, 2, 1, 1, "generated"),
    ),
    "no values": Case(
        lines(
            {"choices": [{"logprobs": {"content": [token("a", n) for n in (-1.0, -1e30, -1e4)]}}]}
        ),
        *(1.0, 1),
    ),
    "TGI stream": Case(events(*TGI), 1.0, 2),
    "Gemini's SDK": Case(lines({"candidates": [CANDIDATE]}), 1.0, 1),
    "Vertex batch": Case(
        lines(
            {"request": {}, "status": "", "response": {"candidates": [CANDIDATE]}},
            {"request": {}, "status": "Bad Request: no", "response": {}},
        ),
        *(1.0, 1, 1, 2),
    ),
    "beside its request": Case(lines({"prompt": "x", "response": CHAT}), 2.0, 2),
    "-inf is no value": Case(lines(CHAT).replace("-3.0", "-Infinity"), 1.0, 1),
    "NaN is no value": Case(lines(CHAT).replace("-3.0", "NaN"), 1.0, 1),
    "over several lines": Case(json.dumps(CHAT, indent=1), 2.0, 2),
}


@in_one_folder
@pytest.mark.parametrize("name", CASES)
def test_dialects(run: Run, name: str) -> None:
    check(run, CASES[name])


def test_requests_of_a_batch_are_no_answers(run: Run) -> None:
    body = {"messages": [], "logprobs": True}
    request = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    outcome = run("nll", "-", stdin=lines(request).encode())
    assert (outcome.code, outcome.out) == (1, "")
    assert "requests of a batch, and no answers\nhint: take the file that" in outcome.err


def test_prompts_of_vllm_whose_tokens_are_in_another_order(run: Run) -> None:
    """Without the tokens' ids: what stands beside K others is the token; else nothing tells."""
    second, third = ({"logprob": -float(rank), "rank": rank} for rank in (2, 3))
    one = {"1": {"logprob": -0.5, "rank": 1}}
    bare, least = {"1": {"logprob": -0.5}}, {"2": {"logprob": -2.0}}  # without ranks
    for entries, loss in (
        ([one | {"2": second}, one], 1.25),
        ([{"2": second} | one], 2.0),
        ([least | bare, bare], 1.25),
    ):
        answer = lines({"prompt_logprobs": [None, *entries]})
        assert run("nll", "-", "--quiet", stdin=answer.encode()).out == f"{loss}\n"
    for entries in (
        [one | {"3": third, "2": second}],
        [one | {"2": second, "9": third}, one | {"2": second}],  # the first place tells the order
        [bare | least, bare],
        [least | {"3": {"logprob": -3.0}} | bare],
    ):
        outcome = run("nll", "-", stdin=lines({"prompt_logprobs": [None, *entries]}).encode())
        assert (outcome.code, outcome.out) == (1, "")
        assert "another order than vLLM writes them, and no prompt_token_ids" in outcome.err


def test_answers_without_log_probabilities_are_counted(run: Run) -> None:
    """TGI's without details, and those whose choices are null, also where an error is beside."""
    bare: list[Object] = [{"generated_text": "a"}, {"id": "n", "choices": None}]
    bare.append({"choices": None, "error": "busy"})
    outcome = run("nll", "-", stdin=lines(*bare, CHAT).encode())
    assert outcome.out == "2.0\n"
    assert "without such log-probabilities, left out: 2 (<stdin>:1, n)" in outcome.err
    assert "requests that failed, left out: 1 (<stdin>:3 (busy))" in outcome.err
