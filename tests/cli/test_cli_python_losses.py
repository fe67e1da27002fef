"""`loss` and `nll` in Python give the numbers that the commands print; lists may be arrays."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run
from in_one_test import in_one_test

import xentcli as xent
from xentcli.errors import XentError

DATA = Path(__file__).parents[2] / "sample_data"
DIGITS = "digits_logits.npy digits_labels.npy"
LINES: dict[str, dict[str, Any]] = {
    "nll text_base.kld": {},
    "nll answers/openai_chat.jsonl": {},
    "nll answers/sglang.jsonl --tokens prompt": {"tokens": "prompt"},
    "nll answers/vllm_prompt.jsonl --reduction sum": {"reduction": "sum"},
    "nll top20.npz": {},
    "loss topk_nemo.jsonl": {},
    f"loss {DIGITS}": {},
    f"loss {DIGITS} --temperature 0.5 --label-smoothing 0.1": {
        "temperature": 0.5,
        "label_smoothing": 0.1,
    },
    "nll --picked notebook_log_probs.csv": {"picked": True},
}


@in_one_test
@pytest.mark.parametrize("line", [*LINES, "samples"])
def test_commands_and_functions_agree(run: Run, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.chdir(DATA)
    samples = [f"nll {file}" for file in sorted(map(str, Path("samples").glob("*/*.jsonl")))]
    for each in samples if line == "samples" else [line]:
        command, *words = each.split()
        want = run(command, *words, "--json").json
        files = [word for word in words if Path(word).exists()]
        found = getattr(xent, command)(*files, **LINES.get(each, {}))
        named = found.named() if hasattr(found, "named") else found._asdict()
        for name in ("loss", "generated_nll", "lower_bound", "loss_sum", "used", "exact"):
            assert want.get(name) == named.get(name), (each, name)


def test_lists_and_labels_may_be_arrays(run: Run) -> None:
    there = np.load(DATA / "top20.npz")
    values, indices, labels = (there[key] for key in ("top_logprobs", "top_indices", "labels"))
    want = run("nll", DATA / "top20.npz", "--json").json
    found: Any = xent.nll(labels=labels, top_values=values, top_indices=indices, num_classes=2048)
    assert found.named()["lower_bound"] == want["lower_bound"]
    np.savez("lists.npz", v=values, i=indices)
    files: Any = xent.nll(labels=labels, top_values="lists.npz:v", top_indices="lists.npz:i")
    assert files.named()["lower_bound"] == want["lower_bound"]
    answers = DATA / "answers" / "openai_chat.jsonl"
    each = map(json.loads, answers.read_text().splitlines())
    tokens = [[t["token"] for t in a["choices"][0]["logprobs"]["content"]] for a in each]
    tokens[0][0] = "another"
    Path("tokens.json").write_text(json.dumps(tokens))
    want = run("nll", answers, "tokens.json", "--json").json
    listed: Any = xent.nll(answers, tokens)
    assert listed.named()["lower_bound"] == want["lower_bound"]
    assert listed.exact_rows == listed.rows - 1
    for i, (line, names) in enumerate(zip(answers.read_text().splitlines(), tokens, strict=True)):
        Path(f"a-{i}.jsonl").write_text(line)
        Path(f"y-{i}.json").write_text(json.dumps(names))
    count = len(tokens)
    for files in (["a-*.jsonl"], [f"a-{i}.jsonl" for i in range(count)]):
        parts: Any = xent.nll(files, ["y-*.json"])
        assert (parts.named()["lower_bound"], parts.rows) == (want["lower_bound"], want["rows"])
    with pytest.raises(xent.XentError, match=f"{count} files of answers, and 1 of labels"):
        xent.nll("a-*.jsonl", "y-0.json")
    with pytest.raises(xent.XentError, match=f"{count} files of answers need as many files of"):
        xent.nll("a-*.jsonl", tokens)
    with pytest.raises(xent.XentError, match="json has no columns"):
        xent.nll(
            DATA / "samples/small/samples_quiz_2026-01-02T03-04-05.678901.jsonl", label_column="acc"
        )


@in_one_test
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (xent.loss, "an array, a file, or top_values and top_indices are needed"),
        (lambda: xent.loss([[1.0]], [0], top_values=[[1.0]], top_indices=[[0]]), "in place of"),
        (lambda: xent.loss(labels=[0], top_values=[[1.0]]), "go together"),
        (lambda: xent.nll(DATA / "text_base.kld", weight=[1.0]), "weight is not for a base"),
        (lambda: xent.nll(DATA / "answers/gemini.jsonl", shift=1), "shift is not for the tokens"),
        (lambda: xent.nll([[0.0]], [0], reduction="none"), "'mean' or 'sum'"),
        (lambda: xent.nll([[0.0]], [0], num_classes=3), "num_classes is for lists"),
        (lambda: xent.nll([[0.0]], [0], tokens="prompt"), "tokens is for a server's answers"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, message: str) -> None:
    with pytest.raises(XentError, match=message):
        call()
