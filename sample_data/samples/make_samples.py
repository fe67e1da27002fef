"""Write small samples files as lm-evaluation-harness logs them; docs and numbers are made up.

python sample_data/samples/make_samples.py
"""

import json
import random
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Object = dict[str, Any]

DOCS = (
    ("Water boils at", ("10 C", "100 C", "1000 C"), 1),
    ("Snow is", ("white", "as green as grass"), 0),
    ("A week has", ("seven days", "five days", "ten days", "two days"), 0),
    ("Cats say", ("woof", "meow"), 1),
    ("The opposite of hot is", ("warm", "cold", "lukewarm water"), 1),
    ("Two and two make", ("three", "four", "five"), 1),
    ("Bread is made of", ("stone", "flour", "glass"), 1),
    ("Fish live in", ("water", "the sand of the desert"), 0),
)
PAGES = ("The cat sat on the mat.", "Snow fell all day long, and all night too.", "It is late.")
DATE = "2026-01-02T03-04-05.678901"


def best(scores: list[float]) -> int:
    """Return the place of the largest, the first of equals."""
    return scores.index(max(scores))


def choice(rng: random.Random, i: int, skill: float) -> Object:
    """Return a doc with choices, whose right one gains by skill."""
    question, choices, gold = DOCS[i]
    context = f"Question: {question}\nAnswer:"
    numbers = [
        -rng.randrange(1, 2**7) / 2**4 - len(text) / 4 + skill * (k == gold)
        for k, text in enumerate(choices)
    ]
    pairs = [[str(number), str(number == max(numbers))] for number in numbers]
    hit = float(best(numbers) == gold)
    by_length = [number / len(text) for number, text in zip(numbers, choices, strict=True)]
    return {
        "doc_id": i,
        "doc": {"question": question, "choices": list(choices), "answer": gold},
        "target": str(gold),
        "arguments": {
            f"gen_args_{k}": {"arg_0": context, "arg_1": f" {text}"}
            for k, text in enumerate(choices)
        },
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc", "acc_norm"],
        "doc_hash": f"{i:064x}",
        "prompt_hash": f"{i + 100:064x}",
        "target_hash": f"{i + 200:064x}",
        "acc": hit,
        "acc_norm": float(best(by_length) == gold),
    }


def text(rng: random.Random, i: int) -> Object:
    """Return a doc that was scored as a whole."""
    page = PAGES[i]
    words, size = len(page.split()), len(page.encode())
    number = -rng.randrange(2**8, 2**10) / 2**4
    pairs = {"word_perplexity": words, "byte_perplexity": size, "bits_per_byte": size}
    return {
        "doc_id": i,
        "doc": {"page": page},
        "target": page,
        "arguments": {"gen_args_0": {"arg_0": page}},
        "resps": [[str(number)]],
        "filtered_resps": [str(number)],
        "filter": "none",
        "metrics": list(pairs),
        "doc_hash": f"{i:064x}",
        **{name: [number, weight] for name, weight in pairs.items()},
    }


def main() -> None:
    """Write the files: two models' answers to the same docs, and one of whole texts."""
    for model, skill in (("small", 1.0), ("large", 3.0)):
        rng = random.Random(model)  # noqa: S311 - made up, the same each time
        write(
            f"{model}/samples_quiz_{DATE}.jsonl",
            [choice(rng, i, skill) for i in range(len(DOCS))],
        )
    rng = random.Random(0)  # noqa: S311 - made up, the same each time
    write(f"large/samples_pages_{DATE}.jsonl", [text(rng, i) for i in range(len(PAGES))])


def write(name: str, docs: list[Object]) -> None:
    """Write a doc a line."""
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(doc) + "\n" for doc in docs), encoding="utf-8")


if __name__ == "__main__":
    main()
