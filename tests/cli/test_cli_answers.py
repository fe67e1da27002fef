"""Answers of servers of language models: the loss of their tokens, against loops over the JSON."""

import json
import math
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from answer_documents import chat, chunk, echo, events, lines, usage
from answer_loops import (
    ANSWERS,
    EACH,
    Numbers,
    check,
    lines_of,
    pieces_of_ollama,
)
from cli_tools import Run, refusal
from close_to import close_to
from in_one_test import in_one_folder, in_one_test

import xentcli as xent


@in_one_folder
@pytest.mark.parametrize("case", [*EACH, "ollama_stream generated"])
def test_each_dialect(run: Run, case: str) -> None:
    file, part = case.split()
    answers = lines_of(file)
    if file == "ollama_stream":
        sequences = [*pieces_of_ollama(answers)]
    else:
        sequences = [sequence for answer in answers for sequence in EACH[case](answer)]
    outcome = run("nll", ANSWERS / f"{file}.jsonl", "--tokens", part, "--json")
    check(outcome, part, sequences)
    assert ("generated tokens: the mean NLL" in outcome.err) == (part == "generated")


@in_one_folder
@pytest.mark.parametrize("case", {case.split()[0]: case for case in EACH}.values())
def test_one_document_and_a_pipe(run: Run, case: str) -> None:
    """A list of answers over several lines is the same as a line each."""
    file, part = case.split()
    answers = lines_of(file)
    content = json.dumps(answers, indent=1).encode()
    outcome = run("nll", "-", "--tokens", part, "--json", stdin=content)
    check(outcome, part, [sequence for answer in answers for sequence in EACH[case](answer)])


@in_one_folder
@pytest.mark.parametrize("file", ["sglang", "tgi"])
def test_both_kinds_of_tokens_are_never_mixed(run: Run, file: str) -> None:
    refused = refusal(run("nll", ANSWERS / f"{file}.jsonl"))
    assert refused.hint == "--tokens prompt or --tokens generated"
    shown = run("info", ANSWERS / f"{file}.jsonl", "--json").json["files"][0]
    assert shown["looks_like"].startswith("log-probabilities of prompts, and of generated tokens")
    assert shown["fits"] == f"xent nll --tokens prompt {quote(f'{ANSWERS / file}.jsonl')}"


def write(*answers: Any, name: str = "a.jsonl") -> None:
    Path(name).write_text(lines(*answers))


def test_what_stands_for_no_value_is_left_out_and_counted(run: Run) -> None:
    numbers: list[Numbers] = [[-1.5, -9999.0, -0.25], [None, -3.4028234663852886e38, -2.0]]
    write(*map(chat, numbers))
    outcome = run("nll", "a.jsonl", "--json")
    check(outcome, "generated", numbers)
    assert "note: tokens at -9999, -Infinity or the like, left out: 2; they are the" in outcome.err
    assert "note: tokens without a log-probability (null or NaN), left out: 1\n" in outcome.err
    for zeros, told in (([0.0, 0.0], 1), ([0.0, -0.5], 0)):
        write(chat(zeros))
        assert run("nll", "a.jsonl").err.count("every token has the log-probability 0") == told


def test_numbers_that_are_no_json(run: Run) -> None:
    """Python writes NaN, which is no value."""
    write(chat([-1.5, math.nan, -0.5]), chat([-3.0]))
    assert run("nll", "a.jsonl", "--quiet").out == f"{5 / 3!r}\n"


def test_bits_per_byte(run: Run) -> None:
    numbers: list[Numbers] = [[-1.0, -2.0, -3.0, -0.5], [-0.125, -4.0]]
    write(*map(chat, numbers))
    found = check(run("nll", "a.jsonl", "--json"), "generated", numbers)
    size = sum(2 * (i % 3) for each in numbers for i in range(len(each)))
    total = -sum(x for each in numbers for x in each if x)
    assert found["bytes"] == size
    assert found["generated_bits_per_byte"] == close_to(total / math.log(2) / size, rel=1e-14)
    answer = chat([-1.0, -2.0])
    answer["choices"][0]["logprobs"]["content"][0]["bytes"] = None
    write(answer, chat([-1.0, -2.0]))
    found = run("nll", "a.jsonl", "--json").json
    assert (found["bytes"], found["generated_bits_per_byte"]) == (None, None)
    for odd in (
        "é",
        [32, *"\ufffd".encode()],
    ):  # a code, or any part of a letter
        answer["choices"][0]["logprobs"]["content"][0]["bytes"] = odd
        write(answer)
        found = run("nll", "a.jsonl", "--json").json
        assert (found["bytes"], found["generated_bits_per_byte"]) == (None, None)


def test_an_echo_ends_where_its_usage_says(run: Run) -> None:
    numbers: Numbers = [None, -1.5, -2.5, -0.125]
    write(echo(numbers, usage(3, 1)))
    assert "--tokens prompt or --tokens generated" in run("nll", "a.jsonl").err
    check(run("nll", "a.jsonl", "--tokens", "prompt", "--json"), "prompt", [numbers[:3]])
    check(run("nll", "a.jsonl", "--tokens", "generated", "--json"), "generated", [numbers[3:]])
    write(echo(numbers))
    refused = refusal(run("nll", "a.jsonl"))
    assert refused.hint == "if nothing was generated (max_tokens 0): --tokens prompt"
    assert run("nll", "a.jsonl", "--tokens", "generated").code == 1
    said = run("nll", "a.jsonl", "--tokens", "prompt").err
    assert "do not tell where their prompt ends, all counted as its own: 4\n" in said
    write(echo([-1.0, -2.0], usage(7, 2)))
    check(run("nll", "a.jsonl", "--json"), "generated", [[-1.0, -2.0]])


def test_the_choices_of_an_echo_end_their_prompt_where_the_usage_says(run: Run) -> None:
    """Tokens that were generated are never read as a prompt's, whatever is asked for."""
    numbers: list[Numbers] = [[None, -1.5, -2.5, -0.125], [None, -1.5, -2.5], [None, -1.5, -2.5]]
    numbers[2] += [-3.0, -4.5]
    told = echo([], usage(3, 3), 3)
    for choice, each in zip(told["choices"], numbers, strict=True):
        choice["logprobs"]["token_logprobs"] = each
    write(told)
    assert "--tokens prompt or --tokens generated" in run("nll", "a.jsonl").err
    check(run("nll", "a.jsonl", "--tokens", "prompt", "--json"), "prompt", [numbers[0][:3]])
    made = [numbers[0][3:], numbers[2][3:]]
    check(run("nll", "a.jsonl", "--tokens", "generated", "--json"), "generated", made)
    write(told | {"usage": usage(6, 3)})  # of two prompts, whose lengths are not told
    for part in ((), ("--tokens", "prompt"), ("--tokens", "generated")):
        refused = refusal(run("nll", "a.jsonl", *part))
        assert "nothing says where its prompt ends" in refused.error, part
        assert refused.hint == "ask for one prompt at a time"


def test_streamed_choices_are_in_the_order_of_whole_ones(run: Run) -> None:
    pieces = [chunk((1, "a", -1.0)), chunk((0, "b", -2.0)), chunk((1, "c", -3.0))]
    for content in (events(*pieces), lines(*pieces)):
        Path("s.txt").write_text(content)
        assert run("nll", "s.txt", "--reduction", "none", "--json").json["losses"] == [2, 1, 3]


def test_the_prompts_own_token_counts_wherever_it_stands(run: Run) -> None:
    """Some tools sort the keys of objects."""
    entries = [None, {"7": {"logprob": -0.5}, "30": {"logprob": -2.0}}]
    write({"prompt_token_ids": [1, 30], "prompt_logprobs": entries})
    assert run("nll", "a.jsonl", "--quiet").out == "2.0\n"
    write({"prompt_logprobs": entries})
    assert run("nll", "a.jsonl", "--quiet").out == "0.5\n"


def test_the_loss_is_one_number_wherever_it_stands(run: Run) -> None:
    """Totals of sequences that were rounded one by one add up to another last digit."""
    logs: list[Numbers] = [[-math.sqrt(2 * i + j + 2) for j in range(6)] for i in range(9)]
    write(*(chat(each) for each in logs))
    found = check(run("nll", "a.jsonl", "--json"), "generated", logs)
    mean = -math.fsum(x or 0.0 for each in logs for x in each) / 54
    assert found["generated_nll"] == found["metrics"]["generated_nll"]["value"] == mean


def test_a_stream_of_events(run: Run) -> None:
    """Two choices, whose pieces come in turn."""
    Path("s.txt").write_text(events(*(chunk((i % 2, "a", -float(i))) for i in range(4))))
    outcome = run("nll", "s.txt", "--json")
    found = check(outcome, "generated", [[-0.0, -2.0], [-1.0, -3.0]])
    assert found["bytes"] == 4
    assert "streams without an end, whose last tokens may be missing: 1\n" in outcome.err
    last = [{"index": i, "finish_reason": "stop", "logprobs": None} for i in range(2)]
    Path("s.txt").write_text(events(chunk((0, "a", -1.0)), {**chunk(), "choices": last}))
    assert "without an end" not in run("nll", "s.txt").err


def test_other_keys(run: Run) -> None:
    """The Responses API, a dump of vLLM's, and what the SDK of Gemini writes, in a batch."""
    part = {"type": "output_text", "logprobs": [{"token": "a", "logprob": -0.5, "bytes": [97]}]}
    write({"object": "response", "output": [{"type": "reasoning"}, {"content": [part]}]})
    check(run("nll", "a.jsonl", "--json"), "generated", [[-0.5]])
    made = [{"5": {"logprob": -1.0}, "6": {"logprob": -0.5}}]
    given = [None, {"4": {"logprob": -2.0}}]
    outputs = [{"token_ids": [6], "logprobs": made}]
    write({"prompt_token_ids": [3, 4], "prompt_logprobs": given, "outputs": outputs})
    check(run("nll", "a.jsonl", "--tokens", "prompt", "--json"), "prompt", [[None, -2.0]])
    check(run("nll", "a.jsonl", "--tokens", "generated", "--json"), "generated", [[-0.5]])
    result = {"logprobs_result": {"chosen_candidates": [{"log_probability": -0.75}]}}
    write({"key": "k", "response": {"candidates": [result]}})
    check(run("nll", "a.jsonl", "--json"), "generated", [[-0.75]])


@in_one_test
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"completion_probabilities": [{"prob": 0.5}]}, "after the sampler"),
        ({"completion_probabilities": [{"content": "a", "probs": []}]}, "older servers"),
        (chat(["-0.5"]), 'the log-probability "-0.5" is not a number'),
        (chat([[]]), "the log-probability a list is not a number"),
        (chat([10**400]), "is not a number of float64"),
        ({"meta_info": {"output_token_logprobs": [[]]}}, "are not as servers write them"),
        (chat([2.5]), "log-probability 2.5 is above 0"),
        ({"id": 7}, "no answer of a server of language models that is known"),
    ],
)
def test_what_is_no_log_probability_is_named(run: Run, answer: Any, message: str) -> None:
    write(chat([-1.0]), answer)
    refused = refusal(run("nll", "a.jsonl"))
    assert refused.error.startswith("a.jsonl:2: ")
    assert message in refused.error
    assert refused.hint == "leave out what is no answer" or answer != {"id": 7}


def test_other_commands_say_what_it_is(run: Run) -> None:
    for command, *labels in (("loss", "y.npy"), ("eval", "y.npy"), ("softmax",)):
        refused = refusal(run(command, ANSWERS / "gemini.jsonl", *labels))
        assert "log-probabilities of tokens (Gemini), and no rows of classes" in refused.error


def test_losses_of_tokens(run: Run) -> None:
    write(echo([None, -1.5, -0.25], usage(3, 0)))
    assert run("nll", "a.jsonl", "--reduction", "none").out == "nan\n1.5\n0.25\n"
    assert run("nll", "a.jsonl", "--reduction", "sum").out == "1.75\n"
    found = run("nll", "a.jsonl", "--reduction", "none", "--json").json
    assert (found["losses"], found["loss"]) == ([None, 1.5, 0.25], 0.875)


def test_several_files(run: Run) -> None:
    write(echo([None, -1.5], usage(2, 0)), name="p-1.jsonl")
    write(echo([None, -2.5], usage(2, 0)), name="p-2.jsonl")
    check(run("nll", "p-*.jsonl", "--json"), "prompt", [[None, -1.5], [None, -2.5]])
    write(chat([-1.0]), name="p-3.jsonl")
    assert "hint: --tokens prompt or --tokens generated" in run("nll", "p-*.jsonl").err


def test_a_file_that_is_missing_or_given_twice_is_a_note(run: Run) -> None:
    """Of answers, of lists of classes and of bases alike, as of arrays."""
    data = ANSWERS.parent
    for file in (ANSWERS / "openai_echo.jsonl", data / "top20.npz", data / "text_base.kld"):
        names = [f"part-{i}{file.suffix}" for i in (1, 2, 4)]
        for name in names:
            Path(name).write_bytes(file.read_bytes())
        pattern, missing = f"part-*{file.suffix}", f"part-3{file.suffix}: there is no such file"
        outcome = run("nll", pattern)
        assert outcome.err.startswith(f"note: {missing}"), outcome.err
        assert any(note.startswith(missing) for note in xent.nll(pattern).notes)
    twice = run("nll", "--log-probs", "part-*.jsonl", "--log-probs", "part-2.jsonl")
    assert "note: part-2.jsonl: given 2 times, and its rows count each time\n" in twice.err


def test_gates(run: Run) -> None:
    file = ANSWERS / "vllm_prompt.jsonl"
    last = Path("last.json")
    last.write_bytes(run("nll", file, "--json").stdout)
    line = ("nll", file, "--quiet", "--baseline", last, "--fail-if")
    assert run(*line, "perplexity > baseline + 2 se").code == 0
    assert run(*line, "loss > baseline - 0.5").code == 3
    assert run("nll", file, "--fail-if", "generated_nll > 1").code == 2
    assert run("nll", ANSWERS / "gemini.jsonl", "--fail-if", "loss > 1").code == 2
    assert run("nll", ANSWERS / "gemini.jsonl", "--fail-if", "generated_nll > 1").code == 3


def test_options_of_rows_are_refused(run: Run) -> None:
    for option, value in (("--rows", "0:1"), ("--shift", "1"), ("--sample-weight", "w.npy")):
        assert option in refusal(run("nll", ANSWERS / "gemini.jsonl", option, value), 2).error


def test_blocks_give_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from xentcli.formats.logprobs.source import AnswersSource

    marked = Path("marked.jsonl")
    content = (ANSWERS / "openai_batch.jsonl").read_bytes()
    marked.write_bytes(b"\xef\xbb\xbf" + content.rstrip())  # the last line has no end
    answers, pieces = ANSWERS / "openai_batch.jsonl", ANSWERS / "ollama_stream.jsonl"
    files = (answers, pieces, marked)
    want = [run("nll", file, "--json").stdout for file in files]
    monkeypatch.setattr(AnswersSource, "block_bytes", 256)
    for jobs, some in (("1", files), ("2", files[:1])):
        found = [run("nll", file, "--json", "--jobs", jobs).stdout for file in some]
        assert found == want[: len(some)], jobs
        piped = run("nll", "-", "--json", "--jobs", jobs, stdin=content)  # blocks carry their bytes
        assert piped.stdout == want[0].replace(str(answers).encode(), b"<stdin>"), jobs
