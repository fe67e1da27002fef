"""Labels beside answers: exact where a list of theirs has them, bounded by its rest where not."""

import json
import math
from pathlib import Path

import pytest
from answer_documents import CHAT, Object, lines, token
from cli_tools import Run, refusal
from close_to import close_to
from in_one_test import in_one_test


def listed(*numbers: float) -> Object:
    """Return a token with a list of texts t0, t1, ... that have these log-probabilities."""
    tops = [token(f"t{i}", number) for i, number in enumerate(numbers)]
    return {**token("own", -9999.0), "top_logprobs": tops}


def chat_of(*tokens: Object) -> Object:
    return {**CHAT, "choices": [{"index": 0, "logprobs": {"content": [*tokens]}}]}


def test_labels_of_ones_own(run: Run) -> None:
    """Three labels are listed, one is not: the worked example of a lower bound."""
    tops = (-0.5, -2.0, -3.5, -4.1, -4.8)
    content = lines(chat_of(*[listed(*tops)] * 4)).encode()
    for labels in ('["t0", "other", "t1", "t2"]', '["t0", "other"]\n["t1", "t2"]\n'):
        Path("labels.json").write_text(labels, "utf-8")
        outcome = run("nll", "-", "labels.json", "--json", stdin=content)
        found = outcome.json
        assert found["loss"] is None
        assert found["lower_bound"] == close_to((0.5 + 4.8 + 2.0 + 3.5) / 4, rel=1e-14)
        assert found["perplexity_lower_bound"] == pytest.approx(14.8797, abs=5e-5)
        assert (found["exact_rows"], found["bounded_rows"]) == (3, 1)
    Path("labels.json").write_text('["t0", null, "t1", "t2"]', "utf-8-sig")
    assert run("nll", "-", "labels.json", stdin=content).out == "2.0\n"


def test_a_list_for_each_sequence_has_a_label_for_each_of_its_tokens(run: Run) -> None:
    """The lines of a batch are in any order: lists in another one are not shifted into it."""
    content = lines(chat_of(*[listed(-0.5)] * 2), chat_of(*[listed(-1.0)] * 3)).encode()
    Path("y.json").write_text('[["t0", "t0"], ["t0", null, "t0"]]')
    assert run("nll", "-", "y.json", stdin=content).out == "0.75\n"
    Path("y.json").write_text('["t0", "t0", "t0"]\n["t0", "t0"]\n')
    told = refusal(run("nll", "-", "y.json", stdin=content)).error
    assert told == "<stdin>: 2 tokens in sequence 1, and 3 labels"


@in_one_test
@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ('["a"]', "4 tokens, and 1 labels"),
        (
            "[1, 2, 3, 4]",
            "the answers name their tokens by texts, the labels numbers\nhint: save the labels as",
        ),
        ("[1.5, 2, 3, 4]", "a label is a token's number or its text"),
        ("[1, ", "the JSON ends too early"),
        (json.dumps(CHAT), "y.json: answers of a server, and no labels of their tokens"),
    ],
)
def test_labels_that_do_not_fit(run: Run, labels: str, why: str) -> None:
    Path("y.json").write_text(labels, "utf-8")
    content = lines(chat_of(*[listed(-0.5, -2.0)] * 4)).encode()
    outcome = run("nll", "-", "y.json", stdin=content)
    assert (outcome.code, outcome.out) == (1, "")
    assert why in outcome.err
    raw = run("nll", "-", "y.json", stdin=lines(chat_of(listed(-0.5, -0.1))).encode())
    assert raw.code == 1


def test_a_text_of_several_tokens_is_bounded_by_the_most_probable(run: Run) -> None:
    """Parts of letters all read "\ufffd": the list does not say which of them the label is."""
    part, other = "\ufffd", token("x", -4.0)
    twice = {**token(part, -3.0), "top_logprobs": [token(part, -0.5), token(part, -3.0), other]}
    beyond = {**token(part, -6.0), "top_logprobs": [token(part, -0.25), other]}
    rounded = {**token(part, -0.70001), "top_logprobs": [token(part, -0.7), other]}
    Path("y.json").write_text(json.dumps([part] * 3), "utf-8")
    content = lines(chat_of(twice, beyond, rounded)).encode()
    found = run("nll", "-", "y.json", "--json", stdin=content).json
    assert found["lower_bound"] == close_to((0.5 + 0.25 + 0.7) / 3, rel=1e-4)
    assert (found["loss"], found["exact_rows"], found["bounded_rows"]) == (None, 1, 2)


def test_a_number_in_a_list_that_is_a_text_is_named(run: Run) -> None:
    """The label would be bounded by the tokens below it."""
    tops = [token("a", -0.5), {**token("b", -1.0), "logprob": "-1.0"}, token("c", -2.0)]
    content = lines(chat_of({**token("a", -0.5), "top_logprobs": tops})).encode()
    Path("y.json").write_text('["b"]', "utf-8")
    told = refusal(run("nll", "-", "y.json", stdin=content)).error
    assert told == '<stdin>:1: the log-probability "-1.0" is not a number of float64'


def test_the_zero_of_a_first_token_is_no_log_probability_of_a_label(run: Run) -> None:
    told = {"tokens": ["A", "b", "c"], "token_logprobs": [0.0, -1.0, -2.0]}
    told["top_logprobs"] = [{"A": 0.0}, {"b": -1.0, "z": -1.5}, {"c": -2.0}]
    usage = {"prompt_tokens": 3, "completion_tokens": 0}
    echo = {"object": "text_completion", "choices": [{"logprobs": told}], "usage": usage}
    Path("y.json").write_text('["A", "z", "c"]', "utf-8")
    outcome = run("nll", "-", "y.json", "--json", stdin=lines(echo).encode())
    assert (outcome.json["loss"], outcome.json["used"]) == (1.75, 2)


# The token 450 was taken, at -4.5; the list beside it has 338 and 9 as well.

TOPS = [{"id": 338, "logprob": -0.5}, {"id": 9, "logprob": -1.0}]
LISTS: dict[str, Object] = {
    "vLLM": {
        "prompt_token_ids": [450],
        "prompt_logprobs": [
            {
                "450": {"logprob": -4.5, "rank": 38},
                "338": {"logprob": -0.5, "rank": 1},
                "9": {"logprob": -1.0, "rank": 2},
            }
        ],
    },
    "SGLang": {
        "text": "a",
        "meta_info": {
            "output_token_logprobs": [[-4.5, 450, "a"]],
            "output_top_logprobs": [[[-0.5, 338, None], [-1.0, 9, None]]],
        },
    },
    "TGI": {
        "generated_text": "a",
        "details": {
            "tokens": [{"id": 450, "text": "a", "logprob": -4.5}],
            "top_tokens": [[{"text": "b", **TOPS[0]}, TOPS[1]]],
        },
    },
    "Gemini": {
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
    },
    "llama.cpp": {
        "completion_probabilities": [{"id": 450, **token("a", -4.5), "top_logprobs": TOPS}]
    },
    "chat": chat_of(
        {
            "token": "token_id:450",
            "logprob": -4.5,
            "top_logprobs": [
                {"token": f"token_id:{top['id']}", "logprob": top["logprob"]} for top in TOPS
            ],
        }
    ),
    "completions": {
        "object": "text_completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": {
                    "tokens": ["token_id:450"],
                    "token_logprobs": [-4.5],
                    "top_logprobs": [
                        {"token_id:450": -4.5, "token_id:338": -0.5, "token_id:9": -1}
                    ],
                },
            }
        ],
    },
}


@in_one_test
@pytest.mark.parametrize("name", LISTS)
def test_lists_of_each_dialect(run: Run, name: str) -> None:
    """The token there and those of the list are exact; what all of them leave bounds any other."""
    Path("y.json").write_text("[450, 338, 9]", "utf-8")
    content = lines(*[LISTS[name]] * 3).encode()
    outcome = run("nll", "-", "y.json", "--reduction", "none", stdin=content)
    assert outcome.out == "4.5\n0.5\n1.0\n", outcome.err
    Path("y.json").write_text("[7]", "utf-8")
    bound = -math.log(1 - math.exp(-0.5) - math.exp(-1.0) - math.exp(-4.5) + 1e-6)
    outcome = run("nll", "-", "y.json", stdin=lines(LISTS[name]).encode())
    assert float(outcome.out.removeprefix(">= ")) == close_to(bound, rel=1e-12)
