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
@pytest.mark.parametrize(
    ("choice", "choices", "counted", "prompts"),
    [
        (by_ids, [A, A], 6, [A, A]),  # two prompts that are the same
        (echoed, [A, A], 6, [A, A]),
        (by_ids, [A, A], 3, [A]),  # two answers to one prompt
        (echoed, [A, A], 3, [A]),
        (by_ids, [A, A, A, A], 6, [A, A]),
        (echoed, [A, A, B], 8, [A, A, B]),
        (by_ids, [A, B, A], 8, [A, B, A]),
        (echoed, [A, A, B, B], 5, [A, B]),
        (by_ids, [A, A, B, B], 10, [A, A, B, B]),
        (by_ids, [A, A, A, A, B, B], 8, [A, A, B]),
    ],
)
def test_each_prompt_of_a_request_counts_as_often_as_it_was_sent(
    run: Run, choice: Any, choices: list[Numbers], counted: int, prompts: list[Numbers]
) -> None:
    """The server's count of tokens says whether two prompts are the same or one has two answers."""
    write({"object": "text_completion", "choices": [*map(choice, choices)], **told(counted)})
    check(run("nll", "a.jsonl", "--tokens", "prompt", "--json"), "prompt", prompts)


def of_sglang(prompt: Numbers, *made: float, first: int = 7) -> dict[str, Any]:
    """Return one of the answers that SGLang's /generate gives as a list where n is above 1."""
    given = [[number, first + i, None] for i, number in enumerate(prompt)]
    triples = [[number, 5, "a"] for number in made]
    info = {"id": f"{len(made)} {made[:1]}", "prompt_tokens": len(prompt), "finish_reason": {}}
    return {"meta_info": {**info, "input_token_logprobs": given, "output_token_logprobs": triples}}


@in_one_test
@pytest.mark.parametrize("within", [None, "responses"])
@pytest.mark.parametrize(
    ("answers", "prompts", "requests"),
    [
        ([(A, -1.0), (A, -2.0), (A, -4.0, -8.0)], [A], 1),
        ([(A, -1.0), (A, -2.0), (B, -4.0), (B, -8.0)], [A, B], 2),
        ([(A, -1.0), (A, -2.0), (B, -4.0)], [A, A, B], 3),
        ([(A, -1.0), (B, -2.0), (A, -4.0)], [A, B, A], 3),
    ],
)
def test_a_prompt_counts_once_whatever_the_n_of_sglang(
    run: Run, within: str | None, answers: list[Any], prompts: list[Numbers], requests: int
) -> None:
    each = [of_sglang(*answer) for answer in answers]
    write(each if within is None else {within: each, "n": 2})
    told = run("nll", "a.jsonl", "--tokens", "prompt", "--json")
    check(told, "prompt", prompts)
    assert told.json["requests"] == requests
    made = [[*answer[1:]] for answer in answers]
    check(run("nll", "a.jsonl", "--tokens", "generated", "--json"), "generated", made)


def test_prompts_that_other_lines_repeat_are_a_note(run: Run) -> None:
    """Whether one request has several answers, or several ask the same, nothing tells by lines."""
    note = (
        "prompts that have the numbers of one before them, as in several answers to one, and count"
    )
    each = [of_sglang(A, -1.0), of_sglang(A, -2.0), of_sglang(B, -4.0), of_sglang(A, -8.0)]
    Path("a.jsonl").write_text(lines(*each))
    told = run("nll", "a.jsonl", "--tokens", "prompt", "--json")
    check(told, "prompt", [A, A, B, A])
    assert f"note: {note} again: 2\n" in told.err
    assert note not in run("nll", "a.jsonl", "--tokens", "generated").err
    alone = of_sglang([None], -1.0)  # the first tokens of a text have no numbers
    Path("a.jsonl").write_text(lines(each[0], each[2], alone, alone))
    assert note not in run("nll", "a.jsonl", "--tokens", "prompt").err


def test_answers_of_sglang_whose_prompts_have_other_tokens_are_not_of_one(run: Run) -> None:
    write([of_sglang(A, -1.0), of_sglang(A, -2.0, first=8)])
    check(run("nll", "a.jsonl", "--tokens", "prompt", "--json"), "prompt", [A, A])
    write([of_sglang([None], -1.0), of_sglang([None], -2.0)])  # they have no number that counts
    told = run("nll", "a.jsonl", "--json")
    check(told, "generated", [[-1.0], [-2.0]])
    assert told.json["requests"] == 2
    write({"prompt": "a", "response": [of_sglang(A, -1.0), of_sglang(A)]})
    told = run("nll", "a.jsonl", "--tokens", "generated", "--json")
    check(told, "generated", [[-1.0]])
    assert "choice 1" in told.err


def test_a_prompt_of_several_beside_another_is_no_second_answer(run: Run) -> None:
    """Without a count of tokens: every prompt of a request has as many answers."""
    for choices, prompts in (([A, A, B], [A, A, B]), ([A, A, B, B], [A, B]), ([A, A], [A])):
        write({"object": "text_completion", "choices": [*map(by_ids, choices)]})
        check(run("nll", "a.jsonl", "--json"), "prompt", prompts)
