"""Samples of lm-evaluation-harness: lines as it writes them, and what a plain loop finds in them.

The loop takes the harness's formulas, and no NumPy.
"""

import json
import math
import random
from pathlib import Path
from typing import Any, NamedTuple

from cli_files import DATA

SAMPLES = DATA / "samples"
Object = dict[str, Any]

EXAMPLE = {  # what the description of the format works out
    "doc_id": 0,
    "doc": {"question": "Water boils at", "choices": ["10 C", "100 C", "1000 C"]},
    "target": "1",
    "arguments": {
        f"gen_args_{i}": {"arg_0": "Q: Water boils at\nA:", "arg_1": f" {text}"}
        for i, text in enumerate(["10 C", "100 C", "1000 C"])
    },
    "resps": [[["-9.25", "False"]], [["-4.5", "True"]], [["-12.0", "False"]]],
    "filtered_resps": [["-9.25", "False"], ["-4.5", "True"], ["-12.0", "False"]],
    "filter": "none",
    "metrics": ["acc", "acc_norm"],
    "doc_hash": "a",
    "acc": 1.0,
    "acc_norm": 1.0,
}


class Looped(NamedTuple):
    """Sums over docs: cross entropy and its error, Brier, and the shares that are right."""

    loss: float
    error: float
    brier: float
    shares: dict[str, float]


def first_best(scores: list[float]) -> int:
    best = 0
    for i, score in enumerate(scores):
        if score > scores[best]:
            best = i
    return best


def looped(path: Path) -> Looped:
    """Return what a loop over the lines finds, whose targets are numbers of choices."""
    losses, briers = [], []
    hits: dict[str, list[bool]] = {"acc": [], "acc_norm": [], "acc_bytes": []}
    for line in path.read_text("utf-8").splitlines():
        doc = json.loads(line)
        values = [float(pair[0]) for pair in doc["filtered_resps"]]
        gold, texts = int(doc["target"]), doc["doc"]["choices"]
        total = math.fsum(math.exp(v) for v in values)
        losses.append(math.log(total) - values[gold])
        briers.append(
            math.fsum((math.exp(v) / total - (i == gold)) ** 2 for i, v in enumerate(values))
        )
        pairs = [*zip(values, texts, strict=True)]
        hits["acc"].append(first_best(values) == gold)
        hits["acc_norm"].append(first_best([v / len(t) for v, t in pairs]) == gold)
        hits["acc_bytes"].append(first_best([v / len(t.encode()) for v, t in pairs]) == gold)
    n = len(losses)
    mean = math.fsum(losses) / n
    spread = math.fsum((loss - mean) ** 2 for loss in losses)
    error = math.sqrt(spread / (n - 1) / n) if n > 1 else math.nan
    shares = {name: sum(each) / n for name, each in hits.items()}
    return Looped(mean, error, math.fsum(briers) / n, shares)


def choices_doc(
    number: int,
    texts: list[str],
    values: list[float],
    target: Any = 0,
    doc: Any = None,
    delimiter: str = " ",
    **more: Any,
) -> Object:
    """Return a line of a task whose answers are chosen."""
    pairs = [[str(value), str(value == max(values))] for value in values]
    return {
        "doc_id": number,
        "doc": {"choices": texts} if doc is None else doc,
        "target": str(target),
        "arguments": {
            f"gen_args_{i}": {"arg_0": "Q", "arg_1": delimiter + text}
            for i, text in enumerate(texts)
        },
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": f"hash {number}",
        **more,
    }


def random_docs(seed: int, count: int = 40) -> list[Object]:
    """Return docs whose choices differ in number, length and bytes, with ties among them."""
    rng = random.Random(seed)  # noqa: S311 - the same each time
    docs = []
    for i in range(count):
        texts = [
            "é" * rng.randint(1, 4) + "x" * rng.randint(1, 9) for _ in range(rng.randint(2, 5))
        ]
        values = [-rng.randint(1, 12) / 2 for _ in texts]
        docs.append(choices_doc(i, texts, values, rng.randrange(len(texts))))
    return docs


def text_doc(number: int, value: float, words: int, size: int) -> Object:
    """Return a line of a task that measures a text."""
    pairs = {"word_perplexity": words, "byte_perplexity": size, "bits_per_byte": size}
    return {
        "doc_id": number,
        "doc": {"page": "p"},
        "target": "p",
        "arguments": {"gen_args_0": {"arg_0": "p"}},
        "resps": [[str(value)]],
        "filtered_resps": [str(value)],
        "filter": "none",
        "metrics": list(pairs),
        **{name: [value, weight] for name, weight in pairs.items()},
    }


def write_docs(path: str, *docs: Object) -> Path:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text("".join(json.dumps(doc) + "\n" for doc in docs), "utf-8")
    return Path(path)
