"""States of answers, lists and texts are merged as those of arrays are."""

import json
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import DATA
from cli_tools import Run, refusal
from close_to import close_to
from harness_samples import choices_doc, text_doc, write_docs
from in_one_test import in_one_test
from merge_tools import merge_as_tree, write_state

from xentcli.metrics.names import PLACES

ANSWERS = DATA / "answers"


def test_answers_of_a_server_are_merged(run: Run, tmp_path: Path) -> None:
    """Also where requests failed: the first few are named, in the order of their files."""
    lines = (ANSWERS / "vllm_prompt.jsonl").read_text().splitlines()
    lines += ['{"error": {"message": "too long"}}'] * 4
    for i, line in enumerate(lines):
        others = [lines[0].replace("-0.9521484375", f"-{i + 1}.{k}5") for k in range(i + 1)]
        text = "\n".join([line, *others, ""])
        (tmp_path / f"answers-{i}.jsonl").write_text(text)
        write_state(run, f"nll answers-{i}.jsonl", f"state-{i}.json")
    whole = run("nll", "answers-*.jsonl", "--state", "whole.json", "--json")
    names = [f"state-{i}.json" for i in range(len(lines))]
    last, merged = merge_as_tree(run, names, random.Random(3))  # noqa: S311
    assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert (merged.stdout, merged.err) == (whole.stdout, whole.err)
    assert run("merge", last, "--fail-if", "loss > 0").code == 3
    assert run("merge", last, "--fail-if", "accuracy > 0").code == 2
    np.save(tmp_path / "k.npy", [-1.5])
    write_state(run, "nll --picked k.npy", "other.json")
    said = refusal(run("merge", last, "other.json")).error
    assert "other rows: prompt tokens of vLLM prompt_logprobs, and labels" in said


def test_rows_that_are_known_in_part_are_merged(run: Run, tmp_path: Path) -> None:
    for sample, command in (("top20.npz", "eval"), ("text_base.kld", "nll")):
        names, kind = [f"part-{i}.json" for i in range(3)], Path(sample).suffix
        for i, name in enumerate(names):
            (tmp_path / f"part-{i}{kind}").write_bytes((DATA / sample).read_bytes())
            write_state(run, f"{command} part-{i}{kind}", name, "--force")
        whole = write_state(run, f"{command} part-*{kind}", "whole.json", "--json", "--force")
        last, merged = merge_as_tree(run, names, random.Random(2))  # noqa: S311
        assert (merged.stdout, merged.err) == (whole.stdout, whole.err), sample
        assert (tmp_path / last).read_bytes() == (tmp_path / "whole.json").read_bytes()
    write_state(run, "nll part-0.npz", "other.json")
    assert "other rows: rows of " in refusal(run("merge", "other.json", "part-0.json")).error


def windows(path: Path, first: int, stop: int) -> bytes:
    """Return some windows of a base of llama-perplexity as a base."""
    content = path.read_bytes()
    length, classes, count = struct.unpack_from("<3i", content, len(b"_logits_"))
    tokens, rows = 4 * length, (length - 1 - length // 2) * (8 + 4 * ((classes + 1) // 2))
    behind = 20 + tokens * count
    head = content[:16] + struct.pack("<i", stop - first)
    text = content[20 + tokens * first : 20 + tokens * stop]
    return head + text + content[behind + rows * first : behind + rows * stop]


def test_models_that_are_known_in_part_are_merged(run: Run, tmp_path: Path) -> None:
    lists, found = dict(np.load(DATA / "top20.npz")), {}
    for i, (first, stop) in {0: (0, 1), 1: (1, 2), 2: (2, 3), "all": (0, 3)}.items():
        for lower, name in enumerate(("base", "q4")):
            part = windows(DATA / f"text_{name}.kld", 4 * first, 4 * stop)
            (tmp_path / f"{name}-{i}.kld").write_bytes(part)
            arrays = {k: v[first:stop] if v.ndim else v for k, v in lists.items()}
            arrays["top_logprobs"] = arrays["top_logprobs"] - np.float32(lower / 8)
            np.savez(tmp_path / f"{name}-{i}.npz", **arrays)
        for kind in ("kld", "npz"):
            line = f"compare base-{i}.{kind} q4-{i}.{kind}"
            found[kind] = write_state(run, line, f"{kind}-{i}.json", "--json").json["metrics"]
    for kind, note in (("kld", "note: percentiles of kl and delta_p: null, "), ("npz", "")):
        names = [f"{kind}-{i}.json" for i in range(3)]
        last, merged = merge_as_tree(run, names, random.Random(kind))  # noqa: S311
        whole = json.loads((tmp_path / f"{kind}-all.json").read_bytes())
        assert json.loads((tmp_path / last).read_bytes())["states"] == whole["states"], kind
        metrics = found[kind]  # of the last, which has all rows
        lost = [name for name in metrics if kind == "kld" and name.rpartition("_")[2] in PLACES]
        assert [merged.json["metrics"][name]["value"] for name in lost] == [None] * len(lost)
        for name in metrics.keys() - lost:
            assert merged.json["metrics"][name] == metrics[name], (kind, name)
        assert note in merged.err
        assert run("merge", last, "--fail-if", "kl >= 0").code == 3
    said = refusal(run("merge", "kld-0.json", "npz-1.json")).error
    assert "other rows: codes and codes, " in said


def test_lists_of_different_lengths_are_merged(run: Run, tmp_path: Path) -> None:
    """The longest one that a bound's note names is that of all states, in any order."""
    lists = dict(np.load(DATA / "top20.npz"))
    for i, listed in enumerate((7, 20, 3)):
        part = {name: array[i : i + 1] if array.ndim else array for name, array in lists.items()}
        order = np.argsort(-part["top_logprobs"], -1)[..., :listed]
        for name in ("top_logprobs", "top_indices"):
            part[name] = np.take_along_axis(part[name], order, -1)
        np.savez(tmp_path / f"top-{i}.npz", **part)
        write_state(run, f"nll top-{i}.npz", f"top-{i}.json")
    whole = run("nll", "top-*.npz", "--state", "all.json")
    last, merged = merge_as_tree(run, [f"top-{i}.json" for i in range(3)], random.Random(2))  # noqa: S311
    states = [json.loads((tmp_path / name).read_bytes())["states"] for name in (last, "all.json")]
    assert states[0] == states[1]
    merged = run("merge", last)
    assert (merged.stdout, merged.err) == (whole.stdout, whole.err)
    assert "outside the top 20" in whole.err
    np.savez(tmp_path / "raw.npz", **{**part, "top_logprobs": part["top_logprobs"] + 9.0})
    write_state(run, "nll raw.npz", "raw.json")
    assert "other rows: " in refusal(run("merge", "top-0.json", "raw.json")).error


def random_text(number: int, chance: random.Random) -> dict[str, Any]:
    value = -chance.uniform(50, 900)
    return text_doc(number, value, chance.randint(9, 90), chance.randint(99, 999))


def test_texts_and_labels_at_answers_are_merged(run: Run, tmp_path: Path) -> None:
    chance = random.Random(8)  # noqa: S311 - the same each time
    answers = (ANSWERS / "openai_chat.jsonl").read_text().splitlines(keepends=True)
    for i, count in enumerate((5, 1, 9)):
        write_docs(f"samples_task-{i}.jsonl", *(random_text(j, chance) for j in range(count)))
        (tmp_path / f"answers-{i}.jsonl").write_text(answers[i])
        content = json.loads(answers[i])["choices"][0]["logprobs"]["content"]
        labels = [each["token"] if chance.random() < 0.8 else " else" for each in content]
        (tmp_path / f"labels-{i}.json").write_text(json.dumps(labels))
        write_state(run, f"nll samples_task-{i}.jsonl", f"texts-{i}.json")
        write_state(run, f"nll answers-{i}.jsonl labels-{i}.json", f"listed-{i}.json")
    for kind, files in (("texts", ["samples_*"]), ("listed", ["answers-*", "labels-*"])):
        whole = run("nll", *files, "--state", f"{kind}.json", "--json")
        last, merged = merge_as_tree(run, [f"{kind}-{i}.json" for i in range(3)], chance)
        assert (tmp_path / last).read_bytes() == (tmp_path / f"{kind}.json").read_bytes(), kind
        assert (merged.stdout, merged.err) == (whole.stdout, whole.err), kind
        assert run("merge", last, "--fail-if", "loss > 0").code == 3
    write_docs("second/samples_task-1.jsonl", random_text(0, chance))
    write_state(run, "nll second/samples_task-1.jsonl", "second.json")
    said = refusal(run("merge", "texts.json", "second.json")).error
    assert "both have texts of the task 'task-1'" in said


def write_quiz(task: str, count: int, draw: np.random.Generator, choices: int = 3) -> None:
    """Write docs of a task, each with as many choices of other lengths."""
    docs = []
    for i in range(count):
        texts = ["x" * int(n) for n in draw.choice(9, choices, replace=False) + 1]
        values = [round(float(x), 3) for x in -draw.exponential(5.0, choices)]
        docs.append(choices_doc(i, texts, values, int(draw.integers(choices))))
    write_docs(f"samples_{task}.jsonl", *docs)


@in_one_test
@pytest.mark.parametrize(
    ("options", "cluster"),
    [
        ("", "--cluster subject.npy"),
        ("--metric acc_norm --metric acc_bytes --metric loss", "--cluster axis0"),
    ],
)
def test_measures_by_the_lengths_of_choices_are_those_of_one_run(
    run: Run, options: str, cluster: str
) -> None:
    """Also their errors, of clusters that have docs in several files, and in each task."""
    draw, names = np.random.default_rng(11), np.arange(28) * 5 % 6
    line, start = f"{options} --by task {cluster}", 0
    for task, count in (("a", 14), ("b", 9), ("c", 5)):
        write_quiz(task, count, draw)
        np.save("subject.npy", names[start : start + count])
        start += count
        write_state(run, f"eval samples_{task}.jsonl {line}", f"{task}.json", "--force")
    np.save("subject.npy", names)
    whole = run("eval", "samples_*.jsonl", *line.split(), "--json").json
    assert 0.0 < whole["metrics"]["acc_norm"]["value"] < 1.0
    assert whole["metrics"]["acc_norm"]["standard_error"] > 0.0
    assert [each["metrics"]["acc_norm"]["n"] for each in whole["groups"]] == [14, 9, 5]
    assert run("merge", "c.json", "a.json", "--state", "ca.json", "--force").code == 0
    merged = run("merge", "b.json", "ca.json", "--json")
    assert (merged.code, "null" in merged.err) == (0, False)
    for name in ("metrics", "groups"):
        assert merged.json[name] == whole[name], name


def test_a_merge_has_the_measures_that_all_files_have(run: Run) -> None:
    docs = [(["a", "bbb"], [-3.0, -4.0], 0), (["cc", "d"], [-3.0, -2.0], 0)]
    for i, each in enumerate(docs):
        write_docs(f"samples_{i}.jsonl", choices_doc(i, *each))
        write_state(run, f"eval samples_{i}.jsonl --metric acc_norm --metric accuracy", f"{i}.json")
    found = run("merge", "0.json", "1.json", "--json").json["metrics"]
    # -4 / 3 is above -3 / 1, and -3 / 2 above -2 / 1
    assert (found["acc_norm"]["value"], found["acc_norm"]["n"]) == (0.5, 2)
    assert found["accuracy"]["value"] == 0.5


OF_ORDER = ("equal_mass_ece", "kl_median", "kl_p90", "kl_p95", "kl_p99", "kl_p999")


@in_one_test
@pytest.mark.parametrize("line", ["eval {} --metric all --by task", "loss {}", "compare {} m/{}"])
def test_tasks_of_other_numbers_of_choices_are_merged(run: Run, line: str) -> None:
    """One run pads each row to the most choices, and so does the merge, class by class."""
    draw = np.random.default_rng(3)
    for task, choices in (("a", 4), ("b", 2), ("c", 3)):
        write_quiz(task, 9, draw, choices)
        docs = [json.loads(each) for each in Path(f"samples_{task}.jsonl").read_text().splitlines()]
        for doc in docs:
            doc["filtered_resps"] = [[f"{float(x) / 2}", best] for x, best in doc["filtered_resps"]]
        write_docs(f"m/samples_{task}.jsonl", *docs)
        write_state(run, line.replace("{}", f"samples_{task}.jsonl"), f"{task}.json", "--force")
    whole = run(*line.replace("{}", "samples_*").split(), "--json").json
    assert run("merge", "c.json", "b.json", "--state", "cb.json", "--force").code == 0
    merged = run("merge", "cb.json", "a.json", "--json").json
    assert merged["num_classes"] == whole["num_classes"] == 4
    assert merged.get("confusions") == whole.get("confusions")
    for name in [name for name in whole["metrics"] if name not in OF_ORDER] or ["loss"]:
        here, there = (each["metrics"].get(name) or each[name] for each in (merged, whole))
        if isinstance(here, dict):
            here, there = here["value"], there["value"]
        assert here == (there if there is None else close_to(there, rel=1e-12)), name


def test_smoothed_losses_of_other_numbers_of_choices_are_not_merged(run: Run) -> None:
    for task, choices in (("a", 3), ("b", 2)):
        write_quiz(task, 4, np.random.default_rng(1), choices)
        write_state(run, f"loss samples_{task}.jsonl --label-smoothing 0.1", f"{task}.json")
    assert "other classes: 3, and 2" in refusal(run("merge", "a.json", "b.json")).error
