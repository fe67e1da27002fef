"""Streams that begin behind whole answers, in several blocks, and choices that end one by one."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from answer_documents import events, legacy, token
from answer_loops import Numbers, check
from cli_tools import Run
from close_to import close_to
from in_one_test import in_one_test

from xentcli.formats.logprobs.source import AnswersSource

PADDING = "x" * 900
"""What makes a few pieces longer than a block."""
WHOLE = [[-0.5, -1.5, -0.25], [-3.0, -0.125]]
STREAMS = [[-0.1 * k for k in range(1, 61)], [-2.0] * 30]


def of_openai(name: str, numbers: Sequence[float], *, piece: bool) -> dict[str, Any]:
    told = {"content": [token("t", number) for number in numbers]}
    kind = "chat.completion.chunk" if piece else "chat.completion"
    choice = {"index": 0, "logprobs": told, "padding": PADDING if piece else ""}
    return {"object": kind, "id": name, "choices": [choice]}


def of_ollama(numbers: Sequence[float], *, done: bool) -> dict[str, Any]:
    told = [token("t", number) for number in numbers]
    return {"response": "" if done else PADDING, "done": done, "logprobs": told}


def written(server: str) -> bytes:
    documents: list[dict[str, Any]] = []
    for i, numbers in enumerate(WHOLE):
        documents.append(
            of_openai(f"w{i}", numbers, piece=False)
            if server == "openai"
            else of_ollama(numbers, done=True)
        )
    for i, numbers in enumerate(STREAMS):
        if server == "openai":
            documents += [of_openai(f"s{i}", [each], piece=True) for each in numbers]
        else:
            documents += [of_ollama([each], done=False) for each in numbers[:-1]]
            documents.append(of_ollama(numbers[-1:], done=True))
    return "".join(json.dumps(each) + "\n" for each in documents).encode()


@in_one_test
@pytest.mark.parametrize("server", ["openai", "ollama"])
def test_a_stream_that_begins_behind_whole_answers_is_one_sequence(
    run: Run, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    """The error of the mean is that of clusters of 3, 2, 60 and 30 tokens."""
    monkeypatch.setattr(AnswersSource, "block_bytes", 2**15)
    content = written(server)
    assert len(content) > 2 * AnswersSource.block_bytes
    Path("answers.jsonl").write_bytes(content)
    sequences = [*WHOLE, *STREAMS]
    count = sum(map(len, sequences))
    mean = -math.fsum(x for each in sequences for x in each) / count
    squares = [math.fsum(-x - mean for x in each) ** 2 for each in sequences]
    error = math.sqrt(4 / 3 * math.fsum(squares)) / count
    for given in (
        run("nll", "answers.jsonl", "--json"),
        run("nll", "answers.jsonl", "--json", "--jobs", "2"),
    ):
        found = given.json["metrics"]["generated_nll"]
        assert ("streams without an end" in given.err) == (server == "openai")
        assert given.json["sequences"] == 4
        assert found["value"] == close_to(mean, rel=1e-12)
        assert found["standard_error"] == close_to(error, rel=1e-9)
    labels = [["t"] * len(each) for each in sequences]
    Path("labels.json").write_text(json.dumps([x for each in labels for x in each]), "utf-8")
    told = run("nll", "answers.jsonl", "labels.json", "--json").json
    assert told["used"] == count


def test_each_streamed_choice_ends_by_itself(run: Run) -> None:
    """Where one ended, another one was cut into two sequences."""
    told = ((0, -1.0, None), (1, -2.0, None), (0, -3.0, "stop"), (1, -4.0, None), (1, -5.0, "stop"))
    pieces = [legacy("a", number, finish) for _, number, finish in told]
    for piece, (index, *_) in zip(pieces, told, strict=True):
        piece["choices"][0]["index"] = index
    Path("s.txt").write_text(events(*pieces, *pieces))
    logs: list[Numbers] = [[-1.0, -3.0], [-2.0, -4.0, -5.0]]
    outcome = run("nll", "s.txt", "--json")
    assert outcome.json["requests"] == 2
    check(outcome, "generated", logs * 2)
    assert "without an end" not in outcome.err
    Path("s.txt").write_text(events(*pieces[:-1]))
    assert (
        "streams without an end, whose last tokens may be missing: 1\n" in run("nll", "s.txt").err
    )


def test_streams_without_log_probabilities_are_named(run: Run) -> None:
    """One that was not asked for them, and one of the Responses API that was cut off."""
    mute = {"index": 0, "finish_reason": "stop", "logprobs": None}
    pieces = [of_openai("s", [-1.0], piece=True), {**of_openai("m", [], piece=True)}]
    Path("s.txt").write_text(events(*pieces, {**pieces[1], "choices": [mute]}))
    outcome = run("nll", "s.txt", "--json")
    assert outcome.json["requests"] == 2
    assert "requests without such log-probabilities, left out: 1 (m)\n" in outcome.err
    content = [{"logprobs": [token("t", -2.0)]}]
    whole = {"object": "response", "id": "r", "output": [{"content": content}]}
    begun = {"type": "response.created", "response": {**whole, "output": []}}
    piece = {"type": "response.output_text.delta", "logprobs": content[0]["logprobs"]}
    last = {"type": "response.completed", "response": whole}
    other = {"type": "response.created", "response": {**whole, "id": "cut", "output": []}}
    Path("s.txt").write_text(events(begun, piece, last, other, piece))
    outcome = run("nll", "s.txt", "--json")
    assert (outcome.json["requests"], outcome.json["used"]) == (2, 1)
    assert "requests without such log-probabilities, left out: 1 (cut)\n" in outcome.err
