"""What answers of servers say, by loops over their JSON: no NumPy, and nothing of the package."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from cli_files import DATA
from close_to import close_to

ANSWERS = DATA / "answers"
Numbers = list[float | None]
NO_VALUES = (None, -9999.0, -3.4028234663852886e38)


def contents(answer: Any) -> Iterator[Numbers]:
    for choice in answer["choices"]:
        yield [token["logprob"] for token in choice["logprobs"]["content"]]


def prompts_of_vllm(answer: Any) -> Iterator[Numbers]:
    for choice in answer["choices"]:
        pairs = zip(choice["prompt_token_ids"], choice["prompt_logprobs"], strict=True)
        yield [entry and entry[str(token)]["logprob"] for token, entry in pairs]


def pieces_of_ollama(answers: list[Any]) -> Iterator[Numbers]:
    found: Numbers = []
    for answer in answers:
        found += [token["logprob"] for token in answer.get("logprobs", ())]
        if answer["done"]:
            yield found
            found = []


def of_sglang(side: str) -> Callable[[Any], list[Numbers]]:
    return lambda a: [[triple[0] for triple in a["meta_info"][f"{side}_token_logprobs"]]]


def of_tgi(key: str) -> Callable[[Any], list[Numbers]]:
    return lambda a: [[token["logprob"] for token in a["details"][key]]]


EACH: dict[str, Callable[[Any], Any]] = {
    "openai_chat generated": contents,
    "openai_echo prompt": lambda a: [c["logprobs"]["token_logprobs"] for c in a["choices"]],
    "openai_batch generated": lambda a: (
        contents(a["response"]["body"]) if a["response"]["status_code"] == 200 else []
    ),
    "vllm_prompt prompt": prompts_of_vllm,
    "sglang prompt": of_sglang("input"),
    "sglang generated": of_sglang("output"),
    "llama_cpp generated": lambda a: [[t["logprob"] for t in a["completion_probabilities"]]],
    "tgi prompt": of_tgi("prefill"),
    "tgi generated": of_tgi("tokens"),
    "gemini generated": lambda a: [
        [t["logProbability"] for t in c["logprobsResult"]["chosenCandidates"]]
        for c in a["candidates"]
    ],
}


def expected(sequences: list[Numbers]) -> tuple[float, float, int, int]:
    """Return mean, error by sequence, tokens and tokens without a value, as a textbook has them."""
    sums = [-math.fsum(x for x in each if x not in NO_VALUES) for each in sequences]
    counts = [sum(x not in NO_VALUES for x in each) for each in sequences]
    n, groups = sum(counts), sum(count > 0 for count in counts)
    mean = math.fsum(sums) / n
    spread = math.fsum((s - mean * c) ** 2 for s, c in zip(sums, counts, strict=True))
    error = math.sqrt(groups / (groups - 1) * spread) / n if groups > 1 else math.nan
    return mean, error, n, sum(map(len, sequences)) - n


def check(outcome: Any, part: str, sequences: list[Numbers]) -> Any:
    """Check what was printed of these tokens of prompts or of generated ones; return that."""
    mean, error, used, ignored = expected(sequences)
    name = "loss" if part == "prompt" else "generated_nll"
    assert outcome.code == 0, outcome.err
    found = outcome.json
    assert ("loss" in found) == (part == "prompt")
    assert (found["tokens"], found["used"], found["ignored"]) == (part, used, ignored)
    assert found[name] == close_to(mean, rel=1e-14)
    assert found["sequences"] == len(sequences)
    if len(sequences) > 1:
        assert found["standard_error"] == close_to(error, rel=1e-9)
    perplexity = found["perplexity" if part == "prompt" else "generated_perplexity"]
    assert perplexity == close_to(math.exp(mean), rel=1e-14)
    return found


def lines_of(file: str) -> list[Any]:
    return [json.loads(line) for line in (ANSWERS / f"{file}.jsonl").read_text().splitlines()]
