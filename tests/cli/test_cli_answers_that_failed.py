"""Requests that failed or came without log-probabilities, and what is said if none is left."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from answer_documents import chat, echo, lines, usage
from answer_loops import check
from cli_tools import Run, refusal
from close_to import close_to
from in_one_test import in_one_test

LOST = {"custom_id": "lost", "response": None, "error": {"code": "x", "message": "expired"}}
MUTE = {"custom_id": "mute", "response": {"status_code": 200, "body": {"choices": []}}}


def cost(gap: float) -> float:
    return math.log1p(math.exp(-gap))


def write(*answers: Any) -> None:
    Path("a.jsonl").write_text(lines(*answers))


def test_failed_requests_are_counted_and_named(run: Run) -> None:
    late = {"custom_id": "late", "response": {"status_code": 500, "body": {}}, "error": None}
    fine = {"custom_id": "fine", "response": {"status_code": 200, "body": chat([-0.5])}}
    write(LOST, MUTE, late, fine, chat([-1.5]), {"error": {"message": "no such model"}})
    outcome = run("nll", "a.jsonl", "--json")
    found = check(outcome, "generated", [[-0.5], [-1.5]])
    assert [found[k] for k in ("requests", "failed_requests")] == [6, 3]
    assert found["requests_without_log_probs"] == 1
    assert (
        "requests that failed, left out: 3 (lost (expired), late (status 500), a.jsonl:6 "
        "(no such model))"
    ) in outcome.err
    assert "without such log-probabilities, left out: 1 (mute)" in outcome.err
    write(LOST, late)
    said = "every request failed: 2 (lost (expired), late (status 500))"
    assert said in refusal(run("nll", "a.jsonl")).error


@pytest.mark.parametrize("end", ["\n", ""])
def test_answers_without_numbers_before_the_last_line(run: Run, end: str) -> None:
    """The last line tells what the file holds, whether or not a newline ends it."""
    down = {"error": {"message": "overloaded"}}
    first_token = echo([None], usage(1, 0))
    for first, last in ((down, chat([-2.5])), (first_token, echo([None, -2.5], usage(2, 0)))):
        Path("a.jsonl").write_text(lines(first, last).rstrip("\n") + end)
        assert run("nll", "a.jsonl").number == 2.5


def test_a_server_that_was_down_at_first_or_all_the_time(run: Run) -> None:
    down = [
        {"error": {"message": "overloaded", "code": 503}}
    ] * 2000  # the first 64 KB have no more
    write(*down, chat([-0.5]), chat([-1.5]))
    found = check(run("nll", "a.jsonl", "--json"), "generated", [[-0.5], [-1.5]])
    assert (found["requests"], found["failed_requests"]) == (2002, 2000)
    for failure in (down[0], {"error": "no such model"}, {"object": "error", "message": "no"}):
        write(failure, failure)
        refused = refusal(run("nll", "a.jsonl")).error
        assert refused.startswith("a.jsonl: every request failed: 2 (a.jsonl:1 ("), failure


@pytest.mark.parametrize("whole", ["%s", '{"results": %s}'])
def test_what_failed_is_null_in_a_list_of_answers(run: Run, whole: str) -> None:
    """So it is where somebody gathers what many requests gave; nothing was said of it."""
    for answers in ([chat([-0.5]), None, chat([-1.5]), None], [None, None, chat([-0.5, -1.5])]):
        Path("a.json").write_text(whole % json.dumps(answers))
        outcome = run("nll", "a.json", "--json")
        sequences: list[list[float | None]] = [[-0.5], [-1.5]] if answers[0] else [[-0.5, -1.5]]
        found = check(outcome, "generated", sequences)
        assert [found[k] for k in ("requests", "failed_requests")] == [len(answers), 2]
        assert "requests that failed, left out: 2 (" in outcome.err
        assert "(null)" in outcome.err


def test_what_failed_is_null_in_a_line_of_its_own(run: Run) -> None:
    """The first line says no more of the file than any other does."""
    plain = {"tokens": ["a"], "token_logprobs": [-0.5]}
    for answer in (chat([-0.5]), plain):
        for answers in ([None, answer, None], [answer, None, None]):
            write(*answers)
            found = check(outcome := run("nll", "a.jsonl", "--json"), "generated", [[-0.5]])
            assert [found[k] for k in ("requests", "failed_requests")] == [3, 2]
            assert "a.jsonl:3 (null)" in outcome.err
    write(None, {"a": 1, "error": 0.5})
    assert "answer" not in refusal(run("nll", "a.jsonl"), 2).error


def test_rows_that_tell_of_an_error_are_no_failed_requests(run: Run) -> None:
    write({"logits": [1, 2], "error": "none"}, {"logits": [4, 2], "error": {"message": "none"}})
    assert run("loss", "a.jsonl", "1,0").number == close_to((cost(1) + cost(2)) / 2, rel=1e-14)


@pytest.mark.parametrize("plain", [True, False])
def test_one_of_several_answers_without_log_probabilities_is_named(run: Run, plain: bool) -> None:
    """Whole lines of chat completions are parsed at once, and others one by one."""
    several = chat([-1.0, -2.0])
    several["choices"] += [{"index": 1, "message": {"content": "b"}, "logprobs": None}]
    several["id"] = "two"
    write(several, chat([-3.0]), *([] if plain else [LOST]))
    outcome = run("nll", "a.jsonl", "--json")
    check(outcome, "generated", [[-1.0, -2.0], [-3.0]])
    said = (
        "answers without log-probabilities beside others that have them, left out: 1 (two, choice"
    )
    assert f"{said} 1)\n" in outcome.err
    assert outcome.json["requests_without_log_probs"] == 0
    write(chat([-1.0]), *([] if plain else [LOST]))
    assert "beside others" not in run("nll", "a.jsonl").err


def test_answers_that_are_there_twice_are_a_note(run: Run) -> None:
    """They have a name and the same numbers; of one name alone they may be drawn again.

    Not so within a batch, where no two requests have one name.
    """
    one, two, again = (
        {**chat([x, -1.0]), "id": name} for x, name in ((0, "a"), (-2, "b"), (-3, "a"))
    )
    note = "answers that repeat one before them, with its name and its numbers, and count again: "
    for name, answers in (("a", [one, two, again]), ("b", [two, one])):
        Path(f"{name}.jsonl").write_text(lines(*answers))
    assert note not in run("nll", "a.jsonl").err
    both = ("nll", "--log-probs", "a.jsonl", "--log-probs", "b.jsonl")
    for jobs in ("1", "2"):
        outcome = run(*both, "--jobs", jobs, "--json")
        assert f"{note}2\n" in outcome.err
        assert outcome.json["sequences"] == 5
    batch = [
        {"custom_id": "x", "response": {"status_code": 200, "body": each}} for each in (one, two)
    ]
    write(*batch, batch[0], LOST, LOST)
    named = "answers with the custom_id of one before them, and other numbers, which count too: 1\n"
    assert f"{note}1\nnote: {named}" in run("nll", "a.jsonl").err
    write(batch[0], batch[1] | {"custom_id": "y"})
    assert named not in run("nll", "a.jsonl").err
    nameless = {key: value for key, value in one.items() if key != "id"}
    write(nameless, nameless)
    assert note not in run("nll", "a.jsonl").err


@in_one_test
@pytest.mark.parametrize(
    ("answers", "tokens", "error", "hint"),
    [
        ([LOST], "", "every request failed: 1 (lost (expired))", "ask the server for logprobs"),
        (
            [LOST, MUTE],
            "",
            "no generated token has a log-probability",
            "ask the server for logprobs",
        ),
        (
            [chat([None])],
            "",
            "no generated token has a log-probability",
            "ask the server for logprobs",
        ),
        ([chat([-1.0])], "prompt", "no prompt has a log-probability", "--tokens generated"),
        (
            [echo([None, -1.0], usage(2, 0))],
            *("generated", "no generated token has a log-probability", "--tokens prompt"),
        ),
    ],
)
def test_where_no_token_is_left(
    run: Run, answers: list[Any], tokens: str, error: str, hint: str
) -> None:
    write(*answers)
    refused = refusal(run("nll", "a.jsonl", *(("--tokens", tokens) if tokens else ())))
    assert refused.error.endswith(f"a.jsonl: {error}")
    assert refused.hint == hint


def test_what_failed_is_null_in_what_somebody_keeps(run: Run) -> None:
    """It was an error, where null in a line of its own is a failed request."""
    kept = [{"prompt": "x", "response": each} for each in (chat([-0.5]), None, chat([-1.5]))]
    write(*kept, {"id": "late", "prompt": "x", "output": None})
    outcome = run("nll", "a.jsonl", "--json")
    found = check(outcome, "generated", [[-0.5], [-1.5]])
    assert [found[k] for k in ("requests", "failed_requests")] == [4, 2]
    assert "left out: 2 (a.jsonl:2 (null), late (null))" in outcome.err
    rows = [{"logits": [0.5, -0.5], "label": 1, "answer": None}] * 2
    write(*rows)
    assert run("loss", "a.jsonl").number == close_to(cost(-1.0), rel=1e-15)
