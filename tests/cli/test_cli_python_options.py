"""Every argument of a function of Python gives the bits that the command's option gives."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, strict_json
from formulas import softmax
from in_one_test import in_one_folder

import xentcli as xent
from xentcli.cli.command import load_command
from xentcli.errors import UsageError, XentError
from xentcli.render.json import to_json

RNG = np.random.default_rng(11)
Z = RNG.normal(size=(50, 4)).astype(np.float32) * 3
Y = np.where(RNG.random(50) < 0.7, Z.argmax(axis=1), RNG.integers(0, 4, 50))
WEIGHTS = RNG.uniform(0.5, 2.0, 50)

ROWS = {"rows": slice(5, 45)}
LINES: dict[str, dict[str, Any]] = {
    "loss z.npy y.npy --rows 5:45": ROWS,
    "loss z.npy y.npy --rows 5:": {"rows": slice(np.int64(5), None)},
    "loss z.npy y.npy --dtype float16": {"dtype": "float16"},
    "loss z.npy y.npy --dtype float64": {"dtype": np.float64},
    "loss z.npy y.npy --sample-weight w.npy": {"sample_weight": WEIGHTS},
    "loss z.npy hot.npy --binary": {"binary": True},
    "loss z.npy hot.npy --binary --weight 1,2,0.5,1 --pos-weight 2,1,1,3": {
        "binary": True,
        "weight": [1, 2, 0.5, 1],
        "pos_weight": [2, 1, 1, 3],
    },
    "nll --probs p.npy hot.npy --binary --rows 5:45": {"probs": True, "binary": True, **ROWS},
    "nll --probs p.npy y.npy --clip 0.01 --normalize --sample-weight w.npy": {
        "probs": True,
        "clip": 0.01,
        "normalize": True,
        "sample_weight": "w.npy",
    },
    "nll --picked picked.npy --sample-weight w.npy --rows 5:45": {
        "picked": True,
        "sample_weight": WEIGHTS,
        **ROWS,
    },
    "eval z.npy y.npy --rows 5:45": ROWS,
    "eval z.npy y.npy --dtype float16": {"dtype": np.float16},
    "eval --probs p.npy y.npy --normalize": {"input": "probs", "normalize": True},
    "eval --probs p.npy y.npy --clip 0.01": {"input": "probs", "clip": 0.01},
    "compare z.npy z2.npy --labels y.npy --rows 5:45": ROWS,
    "compare z.npy z2.npy --labels y.npy --dtype float16": {"dtype": "float16"},
    "compare --probs p.npy --probs p2.npy --labels y.npy --normalize": {
        "input": "probs",
        "normalize": True,
    },
    "compare --input logits --input probs z.npy p.npy --labels y.npy --clip 0.01": {
        "input": ("logits", "probs"),
        "clip": 0.01,
    },
    "calibrate z.npy y.npy --rows 5:45 --folds 0": {"folds": 0, **ROWS},
    "calibrate z.npy y.npy --dtype float16": {"dtype": np.dtype("float16")},
}
FILES = {
    "z": Z,
    "z2": Z[::-1] * 0.5,
    "y": Y,
    "w": WEIGHTS,
    "hot": np.eye(4)[Y],
    "p": softmax(Z) * np.linspace(0.99, 1.0, 50)[:, None],
    "p2": softmax(Z * 0.5) * 0.995,
    "picked": np.log(softmax(Z))[np.arange(50), Y],
}
FUNCTIONS = {"eval": "evaluate"}


@pytest.fixture(scope="module")
def saved_arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arrays")
    for name, values in FILES.items():
        np.save(folder / f"{name}.npy", values)
    return folder


@in_one_folder
@pytest.mark.parametrize("line", [*LINES])
def test_an_argument_gives_the_bits_of_the_option(
    run: Run, monkeypatch: pytest.MonkeyPatch, saved_arrays: Path, line: str
) -> None:
    """Of the arrays that files hold, and of some rows of the files too."""
    monkeypatch.chdir(saved_arrays)
    command, *words = line.split()
    want = run(command, *words, "--json").json
    files = [word for word in words if word.endswith(".npy") and word != "w.npy"]
    function = getattr(xent, FUNCTIONS.get(command, command))
    arrays = [FILES[Path(file).stem] for file in files]
    for given in (files, arrays) if "--rows" in words else (arrays,):
        found = function(*given, **LINES[line])
        if command in ("loss", "nll"):
            assert strict_json(to_json(found.named()).encode()) == want
        else:
            json_of = strict_json(found.to_json().encode())
            assert (json_of["metrics"], json_of["rows"]) == (want["metrics"], want["rows"])


@in_one_folder
@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("loss", {"rows": slice(-3, None)}, "rows is a slice such as slice(0, 3)"),
        ("loss", {"rows": slice(0, 9, 2)}, "rows is a slice such as slice(0, 3)"),
        ("evaluate", {"rows": slice(3, 3)}, "rows has no row"),
        ("evaluate", {"rows": 3}, "rows takes a slice or None, not 3"),
        ("evaluate", {"dtype": "int8"}, "dtype is float16, float32, float64 or None, not int8"),
        ("calibrate", {"dtype": "wide"}, "dtype takes a dtype, not 'wide'"),
        ("evaluate", {"clip": 0.1}, "normalize and clip are for rows of probabilities"),
        ("compare", {"normalize": True}, "normalize and clip are for rows of probabilities"),
        ("nll", {"binary": True}, "binary takes logits, or probabilities of class 1"),
        ("nll", {"binary": True, "picked": True}, "picked goes without binary"),
        ("nll", {"pos_weight": 2.0, "binary": True, "probs": True}, "pos_weight goes with logits"),
        ("evaluate", {"binary": True, "input": "log-probs"}, "binary takes logits, or"),
        ("loss", {"binary": True, "label_smoothing": 0.1}, "label_smoothing is for classes"),
        ("loss", {"pos_weight": [1.0]}, "pos_weight needs binary=True"),
    ],
)
def test_what_does_not_go_together(name: str, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as raised:
        getattr(xent, name)(Z, *[Z] * (name == "compare"), Y, **arguments)
    assert says in raised.value.message


def test_rows_that_are_not_whole_refuse_weights_and_rows() -> None:
    loss: Any = xent.loss
    lists = {"top_values": [[2.0, 1.0]], "top_indices": [[2, 3]], "num_classes": 4}
    for name, value in {"sample_weight": [1.0], "binary": True, "rows": slice(1)}.items():
        with pytest.raises(UsageError, match=f"{name} is not for lists"):
            loss(labels=[2], **{**lists, name: value})


@in_one_folder
@pytest.mark.parametrize("command", ["loss", "nll", "eval", "compare", "calibrate"])
def test_a_function_has_the_options_on_rows_of_its_command(command: str) -> None:
    """Those that say how numbers are computed: each is an argument of the same name."""
    function = getattr(xent, FUNCTIONS.get(command, command))
    panels = ("Computation", "Labels")
    options = [
        each.name
        for each in load_command(command).params
        if getattr(each, "rich_help_panel", None) in panels
    ]
    assert len(options) > 9
    files = [Z] * (2 if command == "compare" else 1)
    for option in {*options} - {"tokens", "probs"}:
        argument = {"metric": "metrics", "input_": "input"}.get(option, option)
        with pytest.raises(XentError) as raised:
            function(*files, Y, **{argument: json})
        assert "there is no argument" not in raised.value.message
