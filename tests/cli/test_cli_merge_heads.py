"""States of hidden states are merged if one head made their logits."""

import json
import shlex
import shutil
from pathlib import Path
from shlex import quote

import pytest
from cli_files import DATA
from cli_tools import Run, refusal
from in_one_test import in_one_test
from merge_tools import write_state

HIDDEN = f"{quote(str(DATA / 'hidden.safetensors'))} --label-key input_ids"
BEFORE_NORM = -64
"""Where the norm of the model in `DATA` begins, behind the head."""


def test_hidden_states_are_merged_with_one_head(run: Run) -> None:
    line = f"loss {HIDDEN} --lm-head {quote(str(DATA / 'tiny_lm'))}"
    for name, more in (("a", "--rows :2"), ("b", "--rows 2:"), ("c", "--rows 2: --softcap 3")):
        write_state(run, f"{line} {more}", f"{name}.json")
    merged = run("merge", "b.json", "a.json", "--json")
    assert merged.stdout == run(*shlex.split(line), "--json").stdout
    said = refusal(run("merge", "a.json", "c.json")).error
    assert "other options: --lm-head is /" in said
    assert "and softcap 3.0, /" in said


def test_heads_that_hold_the_same_are_one_wherever_they_are(run: Run, tmp_path: Path) -> None:
    """A head that was saved again between two runs is another one."""
    for name in ("z-model", "a-model"):
        shutil.copytree(DATA / "tiny_lm", tmp_path / name)
    line = f"loss {HIDDEN} --lm-head {{}} --rows {{}}"
    write_state(run, line.format("z-model", ":2"), "a.json")
    write_state(run, line.format("a-model", "2:"), "b.json")
    whole = run(*shlex.split(f"loss {HIDDEN} --lm-head a-model --json"))
    texts = set()
    for states in (["a.json", "b.json"], ["b.json", "a.json"]):
        merged = run("merge", *states, "--json", "--state", "c.json", "--force")
        assert merged.stdout == whole.stdout
        texts.add((tmp_path / "c.json").read_bytes())
    (text,) = texts
    assert json.loads(text)["models"][0]["setting"]["lm_head"] == f"{tmp_path}/a-model"
    (file,) = (tmp_path / "a-model").glob("*.safetensors")
    change_byte(file, BEFORE_NORM - 1)
    write_state(run, line.format("a-model", "2:"), "d.json")
    said = refusal(run("merge", "b.json", "d.json")).error
    assert said.startswith("b.json and d.json: other options: the head in /")
    assert said.endswith(" was changed between the runs")
    said = refusal(run("merge", "a.json", "d.json")).error
    assert "other options: --lm-head is /" in said


@in_one_test
@pytest.mark.parametrize(
    ("option", "norm"),
    [
        ("", False),
        ("--final-norm", True),
        ("--softcap 3", False),
        ("--logits-dtype float16", False),
    ],
)
def test_options_of_a_head_are_those_of_all_states(
    run: Run, tmp_path: Path, option: str, norm: bool
) -> None:
    """A norm is part of the head where it is applied."""
    shutil.copytree(DATA / "tiny_lm", tmp_path / "model")
    line = f"loss {HIDDEN} --lm-head model {option} --rows "
    write_state(run, f"{line} :2", "a.json", "-q")
    (file,) = (tmp_path / "model").glob("*.safetensors")
    change_byte(file, -1)
    write_state(run, f"{line} 2:", "b.json", "-q")
    merged = run("merge", "a.json", "b.json")
    assert (merged.code == 1) == norm, merged.err


def change_byte(file: Path, number: int) -> None:
    """Change a byte of a file: doubles a number of bfloat16, or halves it."""
    content = bytearray(file.read_bytes())
    content[number] ^= 1
    file.write_bytes(content)
