"""Write small files of servers' answers, a dialect each, with log-probabilities that are made up.

python sample_data/answers/make_answers.py
"""

import json
import math
import random
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TEXTS = (" the cat sat on the mat", " it is", " snow fell all day long")
WORDS = ("the", "a", "cat", "dog", "sat", "was")

Object = dict[str, Any]


def words_of(text: str) -> list[str]:
    """Return a text in words, each with the space before it."""
    return [f" {word}" for word in text.split()]


def numbers(rng: random.Random, count: int) -> list[float]:
    """Return log-probabilities that a float32 would hold."""
    return [-rng.randrange(1, 2**12) / 2**10 for _ in range(count)]


def entry(token: str, number: float, *, with_id: bool = False) -> Object:
    """Return a token as OpenAI, llama.cpp and Ollama have it."""
    told: Object = {"id": sum(token.encode())} if with_id else {}
    return {**told, "token": token, "bytes": list(token.encode()), "logprob": number}


def of_another(number: float) -> float:
    """Return a log-probability of another token: half of what one leaves."""
    return round(math.log(0.5 - 0.5 * math.exp(number)), 4)


def entries(rng: random.Random, text: str, *, with_id: bool = False) -> list[Object]:
    """Return the tokens of a text, each with the two that are most likely."""
    found = []
    words = words_of(text)
    for word, number in zip(words, numbers(rng, len(words)), strict=True):
        other = entry(f" {rng.choice(WORDS)}", of_another(number), with_id=with_id)
        one = entry(word, number, with_id=with_id)
        found.append({**one, "top_logprobs": [one, other]})
    return found


def chat(rng: random.Random, i: int) -> Object:
    """Return a chat completion."""
    logprobs = {"content": entries(rng, TEXTS[i]), "refusal": None}
    message = {"role": "assistant", "content": TEXTS[i]}
    choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}
    return {"id": f"chatcmpl-{i}", "object": "chat.completion", "choices": [choice]}


def echo(rng: random.Random, i: int) -> Object:
    """Return a completion that echoes its prompt, and generates nothing."""
    words = words_of(TEXTS[i])
    found = [None, *numbers(rng, len(words) - 1)]
    offsets = [sum(map(len, words[:k])) for k in range(len(words))]
    logprobs = {"tokens": words, "token_logprobs": found, "text_offset": offsets}
    choice = {"index": 0, "text": TEXTS[i], "logprobs": logprobs, "finish_reason": "length"}
    usage = {"prompt_tokens": len(words), "completion_tokens": 0, "total_tokens": len(words)}
    return {"id": f"cmpl-{i}", "object": "text_completion", "choices": [choice], "usage": usage}


def batch(rng: random.Random, i: int) -> Object:
    """Return a line of a batch's output, of which the second request failed."""
    status, body = 200, chat(rng, i)
    if i == 1:
        status, body = 429, {"error": {"message": "slow down", "code": "rate_limit"}}
    response = {"status_code": status, "request_id": f"r{i}", "body": body}
    return {"id": f"batch_req_{i}", "custom_id": f"row-{i}", "response": response, "error": None}


def vllm(rng: random.Random, i: int) -> Object:
    """Return a completion with vLLM's prompt_logprobs, the prompt's own token first."""
    words = words_of(TEXTS[i])
    ids = list(range(100, 100 + len(words)))
    found: list[Object | None] = [None]
    for k, number in enumerate(numbers(rng, len(words) - 1), 1):
        left = of_another(number)
        own = {"logprob": number, "rank": 1 + (left > number), "decoded_token": words[k]}
        other = {"logprob": left, "rank": 1 + (left <= number), "decoded_token": " a"}
        found.append({str(ids[k]): own, "7": other})
    choice = {"index": 0, "text": "", "prompt_logprobs": found, "prompt_token_ids": ids}
    return {
        "id": f"cmpl-{i}",
        "object": "text_completion",
        "choices": [{**choice, "logprobs": None}],
    }


def sglang(rng: random.Random, i: int) -> Object:
    """Return an answer of SGLang, with the prompt and a generated token."""
    words = words_of(TEXTS[i])
    given: list[list[Any]] = [[None, 1, None]]
    given += [
        [number, 100 + k, words[k]] for k, number in enumerate(numbers(rng, len(words) - 1), 1)
    ]
    info = {"id": f"s{i}", "prompt_tokens": len(words), "completion_tokens": 1}
    made = [[number, 9, " end"] for number in numbers(rng, 1)]
    return {
        "text": " end",
        "meta_info": {**info, "input_token_logprobs": given, "output_token_logprobs": made},
    }


def llama_cpp(rng: random.Random, i: int) -> Object:
    """Return an answer of llama.cpp's server."""
    return {
        "content": TEXTS[i],
        "stop": True,
        "completion_probabilities": entries(rng, TEXTS[i], with_id=True),
    }


def ollama(rng: random.Random, i: int) -> list[Object]:
    """Return the pieces of an answer that Ollama streams."""
    pieces = [
        {"model": "m", "response": one["token"], "done": False, "logprobs": [one]}
        for one in entries(rng, TEXTS[i])
    ]
    return [*pieces, {"model": "m", "response": "", "done": True}]


def tgi(rng: random.Random, i: int) -> Object:
    """Return an answer of Text Generation Inference, with the prompt and a generated token."""
    words = words_of(TEXTS[i])
    prefill = [{"id": 1, "text": "<s>", "logprob": None}]
    prefill += [
        {"id": k, "text": word, "logprob": number}
        for k, (word, number) in enumerate(zip(words, numbers(rng, len(words)), strict=True), 2)
    ]
    made = [{"id": 9, "text": " end", "logprob": numbers(rng, 1)[0], "special": False}]
    return {"generated_text": " end", "details": {"prefill": prefill, "tokens": made}}


def gemini(rng: random.Random, i: int) -> Object:
    """Return an answer of Gemini."""
    words = words_of(TEXTS[i])
    chosen = [
        {"token": word, "tokenId": k, "logProbability": number}
        for k, (word, number) in enumerate(zip(words, numbers(rng, len(words)), strict=True))
    ]
    result = {"chosenCandidates": chosen}
    return {"candidates": [{"content": {"parts": [{"text": TEXTS[i]}]}, "logprobsResult": result}]}


MAKERS = {
    "openai_chat": chat,
    "openai_echo": echo,
    "openai_batch": batch,
    "vllm_prompt": vllm,
    "sglang": sglang,
    "llama_cpp": llama_cpp,
    "ollama_stream": ollama,
    "tgi": tgi,
    "gemini": gemini,
}


def main() -> None:
    """Write the files."""
    for seed, (name, make) in enumerate(MAKERS.items()):
        rng = random.Random(seed)  # noqa: S311 - made up, the same each time
        lines = []
        for i in range(len(TEXTS)):
            made = make(rng, i)
            lines += made if isinstance(made, list) else [made]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (HERE / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
