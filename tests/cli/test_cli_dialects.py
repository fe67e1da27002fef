"""Documents as servers write them, by their formats' descriptions; means are worked out by hand."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cli_tools import Run
from in_one_test import in_one_test

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
    assert mean == pytest.approx(case.mean, rel=1e-15)
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


def legacy(text: str, number: float | None, finish: str | None) -> Object:
    told = {"tokens": [text], "token_logprobs": [number], "text_offset": [0]}
    choice = {"index": 0, "text": text, "logprobs": told, "finish_reason": finish}
    return {"id": "l1", "object": "text_completion", "choices": [choice]}


LAST = {"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": {"prompt_tokens": 1}}
CHAT: Object = {
    "id": "c",
    "object": "chat.completion",
    "choices": [{"index": 0, "logprobs": {"content": [token("a", -1.0), token("b", -3.0)]}}],
}
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


@in_one_test
@pytest.mark.parametrize("name", CASES)
def test_dialects(run: Run, name: str) -> None:
    check(run, CASES[name])


def test_requests_of_a_batch_are_no_answers(run: Run) -> None:
    body = {"messages": [], "logprobs": True}
    request = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    outcome = run("nll", "-", stdin=lines(request).encode())
    assert (outcome.code, outcome.out) == (1, "")
    assert "requests of a batch, and no answers\nhint: take the file that" in outcome.err


def listed(*numbers: float) -> Object:
    """Return a token with a list of texts t0, t1, ... that have these log-probabilities."""
    tops = [token(f"t{i}", number) for i, number in enumerate(numbers)]
    return {**token("own", -9999.0), "top_logprobs": tops}


def chat_of(*tokens: Object) -> str:
    return lines({**CHAT, "choices": [{"index": 0, "logprobs": {"content": [*tokens]}}]})


def test_labels_of_ones_own(run: Run) -> None:
    """Three labels are listed, one is not: the worked example of a lower bound."""
    tops = (-0.5, -2.0, -3.5, -4.1, -4.8)
    content = chat_of(*[listed(*tops)] * 4).encode()
    for labels in ('["t0", "other", "t1", "t2"]', '["t0", "other"]\n["t1", "t2"]\n'):
        Path("labels.json").write_text(labels, "utf-8")
        outcome = run("nll", "-", "labels.json", "--json", stdin=content)
        found = outcome.json
        assert found["loss"] is None
        assert found["lower_bound"] == pytest.approx((0.5 + 4.8 + 2.0 + 3.5) / 4, rel=1e-14)
        assert found["perplexity_lower_bound"] == pytest.approx(14.8797, abs=5e-5)
        assert (found["exact_rows"], found["bounded_rows"]) == (3, 1)
    Path("labels.json").write_text('["t0", null, "t1", "t2"]', "utf-8")
    assert run("nll", "-", "labels.json", stdin=content).out == "2.0\n"


ENTRY = {"450": {"logprob": -4.5, "rank": 38}, "338": {"logprob": -0.5, "rank": 1}}
ENTRY |= {"9": {"logprob": -1.0, "rank": 2}}
SGLANG = {
    "text": "a",
    "meta_info": {
        "output_token_logprobs": [[-4.5, 450, "a"]],
        "output_top_logprobs": [[[-0.5, 338, None], [-1.0, 9, None]]],
    },
}
TGI_LISTS = {
    "generated_text": "a",
    "details": {
        "tokens": [{"id": 450, "text": "a", "logprob": -4.5}],
        "top_tokens": [[{"id": 338, "text": "b", "logprob": -0.5}, {"id": 9, "logprob": -1.0}]],
    },
}
GEMINI_LISTS = {
    "candidates": [
        {
            "logprobsResult": {
                "chosenCandidates": [{"token": "a", "tokenId": 450, "logProbability": -4.5}],
                "topCandidates": [
                    {
                        "candidates": [
                            {"token": "b", "tokenId": 338, "logProbability": -0.5},
                            {"token": "c", "tokenId": 9, "logProbability": -1.0},
                        ]
                    }
                ],
            }
        }
    ]
}
LLAMA_LISTS = {
    "completion_probabilities": [
        {
            "id": 450,
            **token("a", -4.5),
            "top_logprobs": [{"id": 338, "logprob": -0.5}, {"id": 9, "logprob": -1.0}],
        }
    ]
}
CHAT_IDS = {
    "choices": [
        {
            "index": 0,
            "logprobs": {
                "content": [
                    {
                        "token": "token_id:450",
                        "logprob": -4.5,
                        "top_logprobs": [
                            {"token": "token_id:338", "logprob": -0.5},
                            {"token": "token_id:9", "logprob": -1.0},
                        ],
                    }
                ]
            },
        }
    ]
}
LEGACY_IDS = {
    "object": "text_completion",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": {
                "tokens": ["token_id:450"],
                "token_logprobs": [-4.5],
                "top_logprobs": [{"token_id:450": -4.5, "token_id:338": -0.5, "token_id:9": -1.0}],
            },
        }
    ],
}
LISTS = {
    "vLLM": {"prompt_token_ids": [450], "prompt_logprobs": [ENTRY]},
    "SGLang": SGLANG,
    "TGI": TGI_LISTS,
    "Gemini": GEMINI_LISTS,
    "llama.cpp": LLAMA_LISTS,
    "chat": CHAT_IDS,
    "completions": LEGACY_IDS,
}


@in_one_test
@pytest.mark.parametrize("name", LISTS)
def test_lists_of_each_dialect(run: Run, name: str) -> None:
    """The token there and those of the list are exact; what all of them leave bounds any other."""
    content = lines(LISTS[name]).encode()
    for label, number in ((450, 4.5), (338, 0.5), (9, 1.0)):
        Path("y.json").write_text(f"[{label}]", "utf-8")
        outcome = run("nll", "-", "y.json", stdin=content)
        assert float(outcome.out) == number, outcome.err
    Path("y.json").write_text("[7]", "utf-8")
    bound = -math.log(1 - math.exp(-0.5) - math.exp(-1.0) - math.exp(-4.5) + 1e-6)
    outcome = run("nll", "-", "y.json", stdin=content)
    assert float(outcome.out.removeprefix(">= ")) == pytest.approx(bound, rel=1e-12)


def test_prompts_of_vllm_whose_tokens_are_in_another_order(run: Run) -> None:
    """Without the tokens' ids: what stands beside K others is the token; else nothing tells."""
    second, third = ({"logprob": -float(rank), "rank": rank} for rank in (2, 3))
    one = {"1": {"logprob": -0.5, "rank": 1}}
    for entries, loss in (([one | {"2": second}, one], 1.25), ([{"2": second} | one], 2.0)):
        answer = lines({"prompt_logprobs": [None, *entries]})
        assert run("nll", "-", "--quiet", stdin=answer.encode()).out == f"{loss}\n"
    mixed = lines({"prompt_logprobs": [None, one | {"3": third, "2": second}]})
    outcome = run("nll", "-", stdin=mixed.encode())
    assert (outcome.code, outcome.out) == (1, "")
    assert "another order than vLLM writes them, and no prompt_token_ids" in outcome.err


def test_answers_without_log_probabilities_are_counted(run: Run) -> None:
    """TGI's without details, and those whose choices are null, also where an error is beside."""
    bare: list[Object] = [{"generated_text": "a"}, {"id": "n", "choices": None}]
    bare.append({"choices": None, "error": "busy"})
    outcome = run("nll", "-", stdin=lines(*bare, TGI_LISTS).encode())
    assert outcome.out == "4.5\n"
    assert "without such log-probabilities, left out: 2 (<stdin>:1, n)" in outcome.err
    assert "requests that failed, left out: 1 (<stdin>:3 (busy))" in outcome.err


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ('["a"]', "4 tokens, and 1 labels"),
        ("[1, 2, 3, 4]", "the answers name their tokens by texts, the labels numbers"),
        ("[1.5, 2, 3, 4]", "a label is a token's number or its text"),
        ("[1, ", "the JSON ends too early"),
    ],
)
def test_labels_that_do_not_fit(run: Run, labels: str, why: str) -> None:
    Path("y.json").write_text(labels, "utf-8")
    content = chat_of(*[listed(-0.5, -2.0)] * 4).encode()
    outcome = run("nll", "-", "y.json", stdin=content)
    assert (outcome.code, outcome.out) == (1, "")
    assert why in outcome.err
    raw = run("nll", "-", "y.json", stdin=chat_of(listed(-0.5, -0.1)).encode())
    assert raw.code == 1
