"""In whatever order files have their rows and columns, the numbers are those of plain arrays."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from cli_tools import Run
from close_to import close_to
from hypothesis import example, given
from hypothesis import strategies as st

CLASSES = ["cat", "cow", "dog"]
COUNT = 9
RNG = np.random.default_rng(31)
LOGITS = RNG.normal(size=(COUNT, 3)) * 2
OTHER = LOGITS + RNG.normal(size=(COUNT, 3))
INDICES = RNG.permutation(COUNT) % 3
SHARES = RNG.dirichlet(np.ones(3), COUNT)
WEIGHT = np.array([0.5, 1.25, 2.0])
OF_ROWS = {
    "by": RNG.permutation(COUNT) % 2,
    "cluster": RNG.integers(0, 4, COUNT),
    "sample-weight": RNG.uniform(0.5, 2.0, COUNT),
}
COMMANDS = {
    "loss": ("loss", "z", "y", "--weight", "w", "--sample-weight", "sample-weight"),
    "eval": ("eval", "z", "y", "--by", "by", "--cluster", "cluster", "--metric", "all"),
    "compare": ("compare", "z", "v", "--labels", "y", "--weight", "w", "--by", "by"),
    "calibrate": ("calibrate", "z", "y", "--cluster", "cluster", "--folds", "0", "--weight", "w"),
}
NUMBERED = {"files", "classes", "confusions", "suspects", "worst_rows", "changed_rows"}
"""Lists in the order of rows or classes, or with their numbers."""
WRITERS: dict[str, Any] = {"csv": pd.DataFrame.to_csv, "parquet": pd.DataFrame.to_parquet}


class Table(NamedTuple):
    """How a file is written: the order of its rows and columns, what stands before their names."""

    rows: Sequence[int]
    columns: Sequence[int]
    before: str
    kind: str

    def write(self, name: str, values: Any, columns: Sequence[str] = ()) -> str:
        """Write a value for each class of each row, or one for each row, beside the ids."""
        if columns:
            order = list(self.columns)
            values, columns = values[:, order], [f"{self.before}{columns[i]}" for i in order]
        frame = pd.DataFrame(np.asarray(values)[self.rows], columns=[*columns] or [name])
        frame.insert(len(frame.columns) * (self.kind == "csv"), "id", [f"r{i}" for i in self.rows])
        WRITERS[self.kind](frame, f"{name}.{self.kind}", index=False)
        return f"{name}.{self.kind}"


STRAIGHT = Table(range(COUNT), range(3), "", "csv")
TURNED = STRAIGHT._replace(columns=(1, 2, 0), before="out_")  # which is not its own inverse
TABLES = st.builds(
    Table,
    st.permutations(range(COUNT)),
    st.permutations(range(3)),
    st.sampled_from(["", "out_"]),
    st.sampled_from([*WRITERS]),
)


def numbers(found: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of a result that the order of rows and classes does not change."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name not in NUMBERED:
                yield from numbers(value, f"{path}.{name}")
    elif isinstance(found, list):
        for i, value in enumerate(found):
            yield from numbers(value, f"{path}[{i}]")
    elif isinstance(found, int | float):
        yield path, found


def test_orders_of_rows_and_classes(run: Run) -> None:
    def numbers_of(command: str, files: dict[str, str]) -> dict[str, float]:
        outcome = run(*(files.get(word, word) for word in COMMANDS[command]), "--json")
        assert outcome.code == 0, outcome.err
        return dict(numbers(outcome.json))

    arrays = {"z": LOGITS, "v": OTHER, "w": WEIGHT, **OF_ROWS}
    for name, values in arrays.items():
        np.save(f"{name}.npy", values)
    np.save("indices.npy", INDICES)
    np.save("shares.npy", SHARES)
    plain = {name: f"{name}.npy" for name in arrays}
    labels = {"indices": "indices.npy", "names": "indices.npy", "shares": "shares.npy"}
    want = {
        (command, kind): numbers_of(command, {**plain, "y": path})
        for command in COMMANDS
        for kind, path in labels.items()
    }

    @example(("compare", "names"), [STRAIGHT, TURNED, *[STRAIGHT] * 5])
    @given(st.sampled_from([*want]), st.lists(TABLES, min_size=7, max_size=7))
    def have_the_numbers_of_arrays(which: tuple[str, str], tables: list[Table]) -> None:
        command, kind = which
        z, v, y, w, *of_rows = tables
        if kind == "indices":
            z = z._replace(columns=range(3))
        files = {"z": z.write("z", LOGITS, CLASSES), "v": v.write("v", OTHER, CLASSES)}
        if kind == "shares":
            files["y"] = y.write("y", SHARES, CLASSES)
        else:
            named = np.array(CLASSES)[INDICES] if kind == "names" else INDICES
            files["y"] = y.write("y", named)
        weights = {w.before + CLASSES[i]: [WEIGHT[i]] for i in w.columns}
        pd.DataFrame(weights).to_csv("w.csv", index=False)
        files["w"] = "w.csv"
        for table, (name, values) in zip(of_rows, OF_ROWS.items(), strict=True):
            files[name] = table.write(name, values)
        assert numbers_of(command, files) == close_to(want[which], rel=1e-9)

    have_the_numbers_of_arrays()
