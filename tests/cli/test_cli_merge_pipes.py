"""States of rows without a file, which a pipe brought or somebody typed."""

import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run
from in_one_test import in_one_test
from merge_tools import merge_as_tree

TWICE = "to the last bit: rows that are in two"
COUNT, ROWS = 4, 6


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write inputs of one length, and of one name for the labels of all of them."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(6)
    for i in range(COUNT):
        np.save(f"z{i}.npy", draw.normal(size=(ROWS, 3)))
        np.save(f"v{i}.npy", draw.normal(size=(ROWS, 3)))
    np.save("y.npy", draw.integers(0, 3, ROWS))


def write_states(run: Run, *words: str) -> list[str]:
    """Write the state of each pipe of logits."""
    for i in range(COUNT):
        piped = [word.format(i) for word in words]
        made = run(*piped, "--state", f"s{i}.json", "--force", stdin=Path(f"z{i}.npy").read_bytes())
        assert made.code == 0, made.err
    return [f"s{i}.json" for i in range(COUNT)]


def losses_of(name: str) -> list[float]:
    z, y = np.load(name), np.load("y.npy")
    return [*(np.log(np.exp(z).sum(1)) - z[np.arange(ROWS), y])]


@in_one_test
@pytest.mark.parametrize(
    ("words", "table"),
    [
        (["eval", "-", "--labels", "y.npy", "--worst", "99"], "worst_rows"),
        (["compare", "-", "v{}.npy", "--labels", "y.npy", "--worst", "99"], "changed_rows"),
    ],
)
def test_each_row_of_many_pipes_has_a_number_of_its_own(
    run: Run, tmp_path: Path, words: list[str], table: str
) -> None:
    """Those of a pipe follow one another, whatever state is merged first."""
    names = write_states(run, *words)
    found = run("merge", *names, "--state", "all.json", "--json")
    rows = found.json[table]
    assert sorted(each["row"] for each in rows) == [*range(COUNT * ROWS)]
    key = "loss" if table == "worst_rows" else "loss_base"
    of_rows = {each["row"]: each[key] for each in rows}
    pipes = {
        tuple(round(of_rows[i + k], 9) for k in range(ROWS)) for i in range(0, COUNT * ROWS, ROWS)
    }
    expected = (losses_of(f"z{i}.npy") for i in range(COUNT))
    assert pipes == {tuple(round(float(loss), 9) for loss in each) for each in expected}
    for seed in range(3):
        last, again = merge_as_tree(run, names, random.Random(seed))  # noqa: S311
        assert (tmp_path / last).read_bytes() == (tmp_path / "all.json").read_bytes()
        assert again.json[table] == rows


def test_rows_of_a_pipe_that_are_there_twice_are_a_note(run: Run, tmp_path: Path) -> None:
    names = write_states(run, "loss", "-", "y.npy")
    assert TWICE not in run("merge", *names).err
    (tmp_path / "copy.json").write_bytes((tmp_path / "s0.json").read_bytes())
    assert run("merge", "s0.json", "s1.json", "--state", "two.json").code == 0
    for pair in itertools.permutations(["two.json", "s0.json"]):
        assert (
            f"note: {pair[1]}: what was measured of rows without a file" in run("merge", *pair).err
        )
    assert run("merge", "s0.json", "copy.json").err.count(TWICE) == 1
    assert run("loss", "[[1,2,3],[0,1,0]]", "2,1", "--state", "typed.json").code == 0
    assert run("merge", "typed.json", "two.json", "--state", "three.json").code == 0
    assert TWICE in run("merge", "three.json", "typed.json").err
    assert run("merge", "three.json", "s2.json").err == ""


def test_one_pipe_may_be_read_by_two_runs(run: Run) -> None:
    data = Path("z0.npy").read_bytes()
    for name in "ab":
        assert run("loss", "-", "y.npy", "--state", f"{name}.json", stdin=data).code == 0
    assert run("merge", "a.json", "b.json").code == 0


def test_answers_of_two_pipes_have_one_order(run: Run, tmp_path: Path) -> None:
    """Also where nothing has numbers."""
    for i in range(COUNT):
        content = [{"token": "a", "logprob": -1.0 - i}]
        answer = {"object": "chat.completion", "choices": [{"logprobs": {"content": content}}]}
        text = json.dumps(answer).encode()
        assert run("nll", "-", "--state", f"s{i}.json", stdin=text).code == 0
    names = [f"s{i}.json" for i in range(COUNT)]
    texts = set()
    for seed in range(4):
        last, _ = merge_as_tree(run, names, random.Random(seed))  # noqa: S311
        texts.add((tmp_path / last).read_bytes())
    assert len(texts) == 1
