"""Answers of hosts and in what people keep of them; the means are worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from answer_documents import CHAT, Case, check, chunk, events, legacy, lines, token
from cli_tools import Run
from in_one_test import in_one_folder

TOKENS = [token("a", -1.0), token("b", -3.0)]
CONTENT = {"content": TOKENS}
PARALLEL = {"tokens": ["a", "b"], "token_logprobs": [-1.0, -3.0]}
HELD = {"tokens": [{"text": "x", "logprob": 0}, {"text": "y", "logprob": -2.0}]}
ECHOED = {
    "prompt": [{"text": "x y", "logprobs": {"token_logprobs": [None, -4.0], "tokens": ["x", "y"]}}],
    "choices": [{"index": 0, "logprobs": PARALLEL}],
}
WATSONX = {
    "model_id": "m",
    "results": [
        {
            "generated_text": "ab",
            "generated_tokens": [{"text": "a", "logprob": -1.0}, {"text": "b", "logprob": -3.0}],
            "input_tokens": [{"text": "x"}, {"text": "y", "logprob": -4.0}],
        }
    ],
}
LIKELIHOODS = [{"token": "a", "likelihood": -1.0}, {"token": "b", "likelihood": -3.0}]
COHERE = {"generations": [{"text": "ab", "likelihood": -2.0, "token_likelihoods": LIKELIHOODS}]}
PIECES = [{"token_ids": [5, 6], "text": "ab", "logprobs": [-1.0, -3.0]}]
TRITON: dict[str, Any] = {"model_name": "m", "text_output": "ab", "output_log_probs": [-1.0, -3.0]}
SHIFTED = {"token_ids": [5], "logprobs": [], "prompt_logprobs": [{"2": {"logprob": -2.0}}]}
REQUEST = {"messages": [{"role": "user", "content": "x"}], "model": "m"}
OTHER = {"choices": [{"index": 0, "logprobs": {"content": [token("c", -5.0)]}}]}
REASONED = {"reasoning_content": TOKENS[:1], "content": TOKENS[1:]}
TENSOR = {"name": "output_log_probs", "shape": [1, 1, 2], "data": [-1.0, -3.0]}
BY_IDS = [{"9": {"logprob": -0.5}, "5": {"logprob": -1.0}}, {"6": {"logprob": -3.0}}]
PRINTED = "Logprob(logprob=-0.125, rank=3, decoded_token='x')"
PIECES_OF_TEXT = [legacy("a", -1.0, None), legacy("b", -3.0, "stop")]
USAGE = {"id": "l1", "object": "text_completion", "choices": [], "usage": {"prompt_tokens": 1}}
CASES = {
    "reasoning": Case(lines({"choices": [{"index": 0, "logprobs": REASONED}]}), 2.0, 2),
    "Together's prompt": Case(lines(ECHOED), 4.0, 1, tokens="prompt"),
    "Together's text": Case(lines(ECHOED), 2.0, 2, tokens="generated"),
    "Cohere": Case(lines({"id": "x", "logprobs": PIECES}), 2.0, 2),
    "Cohere, older": Case(lines(COHERE), 2.0, 2),
    "watsonx": Case(lines(WATSONX), 2.0, 2, tokens="generated"),
    "watsonx, prompt": Case(lines(WATSONX), 4.0, 1, tokens="prompt"),
    "Triton, also not asked": Case(
        lines(TRITON, {**TRITON, "output_log_probs": [0.0, 0.0]}), 2.0, 2, 1, 2
    ),
    "HELM": Case(
        lines(
            {
                "request_states": [
                    {
                        "request": {"echo_prompt": True, "max_tokens": 0},
                        "result": {"completions": [HELD]},
                    }
                ]
            }
        ),
        *(2.0, 1),
    ),
    "an error as vLLM writes it": Case(
        lines(CHAT, {"object": "error", "message": "too long", "code": 400}), 2.0, 2, 1, 2
    ),
    "a choice": Case(lines({"text": "ab", "logprobs": CONTENT}), 2.0, 2),
    "lists of a choice": Case(lines({"text": "ab", "logprobs": PARALLEL}), 2.0, 2),
    "lists": Case(lines(PARALLEL), 2.0, 2),
    "tokens": Case(json.dumps(TOKENS, indent=1), 2.0, 2),
    "numbers": Case(lines({"tokens": [5, 6], "logprobs": [-3.0, -1.0]}), 2.0, 2),
    "promptfoo": Case(
        lines({"results": {"results": [{"response": {"output": "", "logProbs": [-1, -3]}}]}}),
        *(2.0, 2),
    ),
    "any key": Case(lines({"prompt": "x", "raw_response": CHAT}), 2.0, 2),
    "a message of LangChain": Case(
        lines({"content": "ab", "response_metadata": {"logprobs": CONTENT}}), 2.0, 2
    ),
    "in a text": Case(lines({"response": json.dumps(CHAT)}), 2.0, 2),
    "several": Case(lines({"id": 1, "completions": [CHAT, CHAT]}), 2.0, 4, 2, 2),
    "by name": Case(json.dumps({"q1": CHAT, "q2": CHAT}, indent=1), 2.0, 4, 2, 2),
    "a log of Inspect": Case(
        json.dumps({"version": 2, "results": {"scores": [{}]}, "samples": [{"output": CHAT}]}),
        *(2.0, 2),
    ),
    "request and answer": Case(lines([REQUEST, CHAT], [REQUEST, ["busy", "late"]]), 2.0, 2, 1, 2),
    "a request, its answer and more": Case(json.dumps([REQUEST, CHAT, {"row": 1}]), 2.0, 2),
    "records with their prompts": Case(
        json.dumps([{"prompt": "x", "answer": each} for each in (CHAT, OTHER)]), 3.0, 3, 2, 2
    ),
    "dumped outputs with their prompts": Case(
        json.dumps(
            [
                {"prompt": "x", "outputs": [{"token_ids": [5], "logprobs": [{"5": number}]}]}
                for number in (-1.0, -2.0)
            ]
        ),
        *(1.5, 2, 2, 2),
    ),
    "values after one another": Case(
        json.dumps(CHAT, indent=1) + json.dumps(CHAT, indent=2), 2.0, 4, 2, 2
    ),
    "Triton's tensors": Case(lines({"model_name": "m", "outputs": [TENSOR]}), 2.0, 2),
    "an output of vLLM": Case(lines({"token_ids": [5, 6], "logprobs": BY_IDS}), 2.0, 2),
    "numbers by ids": Case(
        lines({"prompt_token_ids": [1, 4], "prompt_logprobs": [None, {"9": -1.0, "4": -2.0}]}),
        *(2.0, 1),
    ),
    "as Python prints vLLM's": Case(
        lines({"outputs": [{"token_ids": [5], "logprobs": [{"5": PRINTED}]}]}), 0.125, 1
    ),
    "numbers of a prompt": Case(lines({"prompt_logprobs": [None, -2.0, -4.0]}), 3.0, 2),
    "TensorRT-LLM": Case(
        lines({"outputs": [{"token_ids": [5, 6], "logprobs": [-1.0, -3.0]}]}), 2.0, 2
    ),
    "Llama at Bedrock": Case(
        lines({"modelOutput": {"generation": "ab", "logprobs": [{"5": -1.0}, {"6": -3.0}]}}),
        *(2.0, 2),
    ),
    "an error as FastAPI writes it": Case(lines(CHAT, {"detail": "Not Found"}), 2.0, 2, 1, 2),
    "Azure's filter, and the usage of a stream": Case(
        events({"id": "", "object": "", "choices": []}, *PIECES_OF_TEXT, USAGE), 2.0, 2
    ),
    "a prompt that was blocked": Case(
        lines(CHAT, {"promptFeedback": {"blockReason": "SAFETY"}}), 2.0, 2, 1, 2
    ),
    "a record of Bedrock": Case(
        lines({"error": {"errorMessage": "bad"}, "recordId": "2"}, {"modelOutput": CHAT}),
        *(2.0, 2, 1, 2),
    ),
    "a transcript": Case(
        events(
            {"type": "transcript.text.delta", "logprobs": TOKENS[:1]},
            {"type": "transcript.text.done", "logprobs": TOKENS},
        ),
        *(2.0, 2),
    ),
    "pieces in a list": Case(json.dumps([chunk((0, "a", -1.0)), chunk((0, "b", -3.0))]), 2.0, 2),
}


@in_one_folder
@pytest.mark.parametrize("name", CASES)
def test_kept_answers(run: Run, name: str) -> None:
    check(run, CASES[name])


def test_what_is_kept_and_cannot_be_read(run: Run) -> None:
    """Each with the words of its line; the choices of a question are rows of classes."""
    several = {"base": CHAT, "tuned": CHAT, "prompt": "x"}
    beams = {**TRITON, "output_log_probs": [[-1.0], [-2.0]]}
    stream = events({**TRITON, "output_log_probs": [-1.0]}, TRITON)
    for content, why in (
        (lines(several), "several answers, 'base' and 'tuned'\nhint: keep one of them a line"),
        (lines({"response": CHAT, "answer": OTHER}), "several answers, 'response' and 'answer'"),
        (lines(beams), "several beams\nhint: ask Triton with beam_width 1"),
        (lines({"outputs": [SHIFTED]}), "prompt_logprobs of TensorRT-LLM, which are lists"),
        (lines({"type": "message", "stop_reason": "end_turn"}), "gives no log-probabilities"),
        (lines({"object": "chat.completion", "choices": [{}]}), "no generated token has a log-"),
        (lines({"candidates": [{"avgLogprobs": -2.0}]}), "no generated token has a log-"),
        (lines({"tokens": ["a", "b"], "logprobs": [-1, -3]}), "or is this the list of one place?"),
        (stream, "pieces of a stream of Triton"),
        (lines({"tokens": ["a", "b"], "logprobs": [None, -3.0]}), "nothing says where its prompt"),
    ):
        outcome = run("nll", "-", stdin=content.encode())
        assert (outcome.code, outcome.out) == (1, ""), content
        assert why in outcome.err
    Path("q.jsonl").write_text(lines({"choices": ["a", "b"], "logprobs": [-1.0, -0.5], "label": 0}))
    assert run("nll", "q.jsonl", "--key", "logprobs", "--quiet").out == "1.0\n"
    assert run("loss", "q.jsonl", "--key", "logprobs", "--quiet").code == 0
    lists = {"input_ids": [5, 6], "logprobs": [{"5": -1.0, "6": -3.0}] * 2}
    Path("lists.jsonl").write_text(lines(lists, lists))
    assert "lists of the most probable classes, and where are" in run("nll", "lists.jsonl").err
