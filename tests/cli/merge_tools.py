"""Runs over shards, the states that parts of them write, and what merge makes of these."""

import random
import shlex
from pathlib import Path

import numpy as np
from cli_tools import Outcome, Run

SHARDS = 2
HERE = "--jobs 1"
"""Has tables read in this process: to start others takes longer than to read a few lines."""
LOSSES = {
    "loss": "loss z-{}.npy --labels y-{}.npy",
    "weighted": "loss z-{}.npy --labels y-{}.npy --weight 1,2,0.5 --label-smoothing 0.1",
    "sum": "loss z-{}.npy --labels y-{}.npy --reduction sum --ignore-index 1 --temperature 3",
    "csv": "loss c-{}.csv --label-column label --drop group",
    "probabilities": "nll --probs p-{}.npy --labels y-{}.npy --normalize",
    "unnormalized": "nll --probs p-{}.npy --labels y-{}.npy",
    "picked": "nll --picked k-{}.npy",
    "binary": "loss --binary z-{}.npy --labels b-{}.npy --pos-weight 3",
    "shift": "loss s-{}.npy --labels t-{}.npy --shift 1",
}
EVALUATIONS = {
    "all": "eval z-{}.npy --labels y-{}.npy --metric all --top-k 1,2 --bins 7 --worst 4",
    "gates": "eval --probs p-{}.npy --labels y-{}.npy --normalize --metric loss --cluster rows "
    "--fail-if ece>9",
    "columns": "eval c-{}.csv --label-column label --by group --cluster group " + HERE,
    "groups and clusters": "eval l-{}.csv --labels y-{}.npy --by site --cluster patient " + HERE,
    "labels and clusters": "eval --binary l-{}.csv --labels b-{}.npy --columns a,b,c "
    "--cluster patient " + HERE,
    "one class": "eval --binary d-{}.npy --labels e-{}.npy",
    "several labels": "eval --binary z-{}.npy --labels b-{}.npy",
    "sequences": "eval s-{}.npy --labels t-{}.npy --shift 1",
    "soft": "eval z-{}.npy --labels p-{}.npy",
}
COMPARISONS = {
    "two": "compare z-{}.npy v-{}.npy --labels y-{}.npy --metric all",
    "three": "compare z-{}.npy p-{}.npy v-{}.npy --labels y-{}.npy --input logits --input probs "
    "--input logits --normalize --temperature 2 --temperature 1 --temperature 1 --worst 4",
    "without labels": "compare v-{}.npy z-{}.npy --fail-if kl>99",
    "groups and clusters": "compare l-{}.csv v-{}.npy --labels y-{}.npy --by site "
    "--cluster patient " + HERE,
    "sequences": "compare s-{}.npy u-{}.npy --labels t-{}.npy --shift 1",
}
"""Commands; of the shard whose number stands for the braces, or of all where it is an asterisk."""
OF_THREE = {"loss", "csv", "all", "one class", "two"}
"""Of which three states are merged, in some tree; of the others two."""


def write_shards(folder: Path) -> Path:
    """Write shards of logits, probabilities, sequences, picked log-probabilities, and labels."""
    draw = np.random.default_rng(7)
    for i in range(SHARDS):
        n = int(draw.integers(5, 20))
        logits = (draw.normal(size=(n, 3)) * 10.0 ** draw.integers(-3, 3)).astype(np.float32)
        labels = draw.integers(0, 3, n)
        probs = np.exp(logits - logits.max(1, keepdims=True)).astype(np.float64) + 1e-9
        arrays = {
            "z": logits,
            "y": labels,
            "p": probs / probs.sum(1, keepdims=True) * draw.uniform(0.99999, 1.0, (n, 1)),
            "k": -draw.exponential(size=n),
            "d": draw.normal(size=n),
            "e": draw.integers(0, 2, n),
            "b": draw.integers(0, 2, (n, 3)),
            "s": draw.normal(size=(n, 4, 3)),
            "t": draw.integers(0, 3, (n, 4)),
            "u": draw.normal(size=(n, 4, 3)),
            "v": logits[:, ::-1] + draw.normal(size=(n, 3)),
        }
        for name, array in arrays.items():
            np.save(folder / f"{name}-{i}.npy", array)
        sites, patients = draw.choice(["sea", "land"], n), draw.integers(0, 4, n)
        cells = zip(logits, sites, patients, strict=True)
        rows = [",".join(map(str, [*z, site, patient])) for z, site, patient in cells]
        (folder / f"l-{i}.csv").write_text("\n".join(["a,b,c,site,patient", *rows, ""]))
        words = draw.choice(["red", "10", "9"], n)
        cells = zip(logits, labels, words, strict=True)
        rows = [",".join(map(str, [*z, y, word])) for z, y, word in cells]
        (folder / f"c-{i}.csv").write_text("\n".join(["a,b,c,label,group", *rows, ""]))
    return folder


def all_shards(line: str) -> list[str]:
    """Return the words of a command of all shards."""
    return line.replace("{}", "*").split()


def write_state(run: Run, line: str, name: str, *more: str) -> Outcome:
    """Run a command that writes its state, and return what it printed."""
    made = run(*shlex.split(line), "--state", name, *more)
    assert made.code == 0, made.err
    return made


def states_of(run: Run, line: str, chance: random.Random, kind: str = "") -> list[str]:
    """Write states of all rows: of the first one, of some across both shards, and of the rest.

    Of most kinds there are two, of which the first has the first row, too.
    """
    parts = 2 if kind and kind not in OF_THREE else 3
    first, second = (len(np.load(f"y-{i}.npy")) for i in range(SHARDS))
    end = chance.randrange(1, second)
    across = ("*", f"{parts - 2}:{first + end}")
    for which, rows in (("0", ":1"), across, ("1", f"{end}:"))[-parts:]:
        write_state(run, f"{line.replace('{}', which)} --rows {rows}", f"part-{which}.json")
    return [f"part-{which}.json" for which in ("0", "*", "1")[-parts:]]


def merge_as_tree(
    run: Run, names: list[str], chance: random.Random, *options: str
) -> tuple[str, Outcome]:
    """Merge states in a random tree; return the name of the last, and what was printed for it."""
    names = names.copy()
    while True:
        chance.shuffle(names)
        taken = [names.pop() for _ in range(chance.randint(2, len(names)))]
        last = f"of-{len(names)}.json"
        written = ("--state", last, "--force", "--json")
        made = run("merge", *taken, *written, *(() if names else options))
        assert made.code == 0, made.err
        if not names:
            return last, made
        names.append(last)
