"""The functions of Python have the notes and warnings that the commands print."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import DATA, write_rows
from cli_tools import Run, refusal
from formulas import log_softmax, softmax
from in_one_test import in_one_folder

import xentcli as xent
from xentcli.errors import XentError

RNG = np.random.default_rng(7)
Z = RNG.normal(size=(40, 3)) * 4
Y = np.where(RNG.random(40) < 0.8, Z.argmax(axis=1), RNG.integers(0, 3, 40))

CASES: dict[str, dict[str, Any]] = {
    # line of the command: the arguments beside the files, and what one of the notes says
    "loss log_probs.npy y.npy": {"says": "look like log-probabilities, not logits"},
    "loss z.npy masked.npy --ignore-index 0": {
        "ignore_index": 0,
        "says": "nothing is used: every label is ignored, so the mean is NaN",
    },
    "loss run.npz": {"fails": "its name says probabilities, not logits"},
    "loss minus.npy y.npy": {"says": "the loss is infinite: a label has probability 0"},
    "loss seq.npy next.npy": {"says": "with --shift 1 the loss of the first rows would be"},
    "loss seq.npy next.npy --shift 1": {"shift": 1, "says": "rows without a label 1 further on"},
    "nll z.npy y.npy": {"says": "these look like logits, not log-probabilities"},
    "nll --probs half.npy y.npy": {"probs": True, "says": "do not sum to 1: 40, by up to 0.5"},
    "nll {DATA}/text_base.kld": {"says": "a lower bound of the loss: 98.3 % of rows exact"},
    "nll {DATA}/top20.npz": {"says": "lower bound of the loss"},
    "nll {DATA}/answers/openai_chat.jsonl": {},
    "nll {DATA}/answers/sglang.jsonl --tokens prompt": {"tokens": "prompt"},
    "eval log_probs.npy y.npy": {"says": "log_probs.npy: these look like log-probabilities"},
    "eval --probs half.npy y.npy": {"input": "probs", "says": "--normalize divides each row"},
    "eval z.npy y.npy --weight 1,2,3": {
        "weight": [1.0, 2.0, 3.0],
        "says": "the weights of classes concern the loss alone",
    },
    "eval z.npy y.npy --metric auroc": {"metrics": "auroc", "says": "auroc does not apply"},
    "eval run.npz": {"fails": "its name says probabilities, not logits"},
    "eval z.npy masked.npy --ignore-index 0": {"ignore_index": 0, "says": "nothing is used"},
    "eval rows.csv --label-column label --by g --metric mrr": {
        "label_column": "label",
        "by": "g",
        "metrics": "mrr",
        "says": "mrr is not measured of groups",
    },
    "compare --log-probs z.npy --log-probs log_probs.npy --labels y.npy": {
        "input": "log-probs",
        "says": "z.npy: these look like logits, not log-probabilities: "
        "--input logits --input log-probs would fit",
    },
    "compare z.npy probs.npy --labels y.npy": {"says": "probs.npy: these look like probabilities"},
    "compare --probs probs.npy --probs half.npy": {
        "input": "probs",
        "says": "half.npy: rows whose probabilities do not sum to 1: 40",
    },
    "compare z.npy z.npy --labels y.npy --weight 1,2,3": {
        "weight": [1.0, 2.0, 3.0],
        "says": "the weights of classes concern the losses alone",
    },
    "compare z.npy z.npy --metric accuracy_new": {
        "metrics": "accuracy_new",
        "says": "accuracy_new does not apply without labels",
    },
    "compare z.npy nan.npy --non-finite propagate": {
        "non_finite": "propagate",
        "says": "nan.npy: rows that hold NaN or +inf",
    },
    "calibrate log_probs.npy y.npy --folds 0": {
        "folds": 0,
        "says": "these look like log-probabilities, not logits",
    },
    "calibrate z.npy y.npy --weight 1,2,3 --sample-weight w.npy --folds 0": {
        "folds": 0,
        "weight": [1.0, 2.0, 3.0],
        "sample_weight": "w.npy",
        "says": "the weights of rows concern the temperature and the losses alone",
    },
}
_WITH_A_VALUE = {
    "--folds",
    "--ignore-index",
    "--shift",
    "--tokens",
    "--weight",
    "--metric",
    "--label-column",
    "--by",
    "--non-finite",
    "--sample-weight",
}


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notes")
    labels = np.tile(np.arange(20) % 3, (4, 1))
    arrays = {
        "z": Z,
        "y": Y,
        "w": np.linspace(0.5, 1.5, 40),
        "masked": np.zeros(40, int),
        "log_probs": log_softmax(Z),
        "probs": softmax(Z),
        "half": softmax(Z) / 2,
        "minus": np.where(np.arange(3) == Y[:, None], -np.inf, Z),
        "nan": np.where(np.arange(40)[:, None] == 5, np.nan, Z),
        "next": labels,
        "seq": 5.0 * np.eye(3)[np.roll(labels, -1, axis=1)],
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    np.savez(folder / "run.npz", probs=softmax(Z), labels=Y)
    rows = [[*row, label, "ab"[label % 2]] for row, label in zip(Z.tolist(), Y, strict=True)]
    write_rows(folder / "rows.csv", ["p", "q", "r", "label", "g"], rows)
    return folder


def told(error: str) -> list[str]:
    """Return the notes and warnings on standard error, of which a result has each once."""
    return re.findall(r"(?m)^(?:note|warning): (.*)$", error)


def files_of(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the files by position, and the labels of `compare`."""
    files, named = [], {}
    rest = iter(words)
    for word in rest:
        if word == "--labels":
            named["labels"] = next(rest)
        elif word in _WITH_A_VALUE:
            next(rest)
        elif not word.startswith("--"):
            files.append(word)
    return files, named


@in_one_folder
@pytest.mark.parametrize("line", [*CASES])
def test_a_result_has_the_notes_of_the_command(
    run: Run, monkeypatch: pytest.MonkeyPatch, odd_files: Path, line: str
) -> None:
    monkeypatch.chdir(odd_files)
    command, *words = (word.format(DATA=DATA) for word in line.split())
    arguments = {**CASES[line]}
    says, fails = arguments.pop("says", None), arguments.pop("fails", None)
    files, named = files_of(words)
    function = {"eval": "evaluate"}.get(command, command)

    def found() -> Any:
        return getattr(xent, function)(*files, **named, **arguments)

    if fails is not None:
        message = refusal(run(command, *words), 1).error
        with pytest.raises(XentError) as raised:
            found()
        assert raised.value.message == message
        assert fails in message
        return
    outcome = run(command, *words, "--json")  # a bare number has fewer
    assert outcome.code == 0, outcome.err
    notes = found().notes
    assert sorted(notes) == sorted(told(outcome.err))
    if says is not None:
        assert any(says in note for note in notes), notes
