"""How often a prompt of an answer counts: several choices repeat it, or it was sent twice."""

from pathlib import Path
from typing import Any

import pytest
from answer_documents import lines, usage
from answer_loops import Numbers, check, lines_of, prompts_of_vllm
from cli_tools import Run
from in_one_test import in_one_test


def write(answer: Any) -> None:
    Path("a.jsonl").write_text(lines(answer))


def test_a_prompt_counts_once_whatever_the_number_of_its_choices(run: Run) -> None:
    answer = lines_of("vllm_prompt")[0]
    write({**answer, "choices": answer["choices"] * 3})
    check(run("nll", "a.jsonl", "--json"), "prompt", [*prompts_of_vllm(answer)])


def by_ids(numbers: list[Any]) -> dict[str, Any]:
    """Return a choice with the log-probabilities of its prompt, as vLLM writes it."""
    entries = [None if x is None else {f"{i}": {"logprob": x}} for i, x in enumerate(numbers)]
    return {"prompt_logprobs": entries, "prompt_token_ids": [*range(len(numbers))]}


def echoed(numbers: list[Any]) -> dict[str, Any]:
    return {"logprobs": {"token_logprobs": numbers}}


def told(prompt_tokens: int) -> dict[str, Any]:
    return {"usage": usage(prompt_tokens, 0)}


A: Numbers = [None, -1.0, -3.0]
B: Numbers = [None, -0.5]


@in_one_test
@pytest.mark.parametrize("choice", [by_ids, echoed])
@pytest.mark.parametrize(
    ("choices", "counted", "prompts"),
    [
        ([A, A], 6, [A, A]),  # two prompts that are the same
        ([A, A], 3, [A]),  # two answers to one prompt
        ([A, A, A, A], 6, [A, A]),
        ([A, A, B], 8, [A, A, B]),
        ([A, B, A], 8, [A, B, A]),
        ([A, A, B, B], 5, [A, B]),
        ([A, A, B, B], 10, [A, A, B, B]),
        ([A, A, A, A, B, B], 8, [A, A, B]),
    ],
)
def test_each_prompt_of_a_request_counts_as_often_as_it_was_sent(
    run: Run, choice: Any, choices: list[Numbers], counted: int, prompts: list[Numbers]
) -> None:
    """The server's count of tokens says whether two prompts are the same or one has two answers."""
    write({"object": "text_completion", "choices": [*map(choice, choices)], **told(counted)})
    check(run("nll", "a.jsonl", "--tokens", "prompt", "--json"), "prompt", prompts)


def test_a_prompt_of_several_beside_another_is_no_second_answer(run: Run) -> None:
    """Without a count of tokens: every prompt of a request has as many answers."""
    for choices, prompts in (([A, A, B], [A, A, B]), ([A, A, B, B], [A, B]), ([A, A], [A])):
        write({"object": "text_completion", "choices": [*map(by_ids, choices)]})
        check(run("nll", "a.jsonl", "--json"), "prompt", prompts)
