"""Makes the files of a case: ``python files.py FOLDER CASE`` prints their names."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from cases import CASES, Case
from numpy.lib import format as npy_format


def normal_rows(case: Case) -> Iterator[np.ndarray]:
    """Yield logits in blocks: normal numbers of standard deviation 3."""
    rng = np.random.default_rng(0)
    rows, classes = case.shape
    step = max(1, 2**22 // classes)
    for start in range(0, rows, step):
        block = rng.standard_normal((min(step, rows - start), classes), dtype=np.float32)
        yield (3 * block).astype(case.dtype)


def changed_rows(case: Case) -> Iterator[np.ndarray]:
    """Yield the logits of another model: the same and a normal number each."""
    rng = np.random.default_rng(2)
    for block in normal_rows(case):
        yield block + rng.standard_normal(block.shape, dtype=np.float32)


def drawn_labels(case: Case) -> np.ndarray:
    """Return labels that are drawn from the softmax of half of the logits."""
    rng = np.random.default_rng(3)
    return np.concatenate(
        [(block / 2 + rng.gumbel(size=block.shape)).argmax(axis=1) for block in normal_rows(case)]
    )


def softmax_rows(case: Case) -> Iterator[np.ndarray]:
    """Yield class probabilities in blocks."""
    for block in normal_rows(case):
        powers = np.exp(block - block.max(axis=1, keepdims=True))
        yield powers / powers.sum(axis=1, keepdims=True)


def write_npy(path: Path, case: Case, blocks: Iterator[np.ndarray]) -> None:
    header = {"descr": np.dtype(case.dtype).str, "fortran_order": False, "shape": case.shape}
    with path.open("wb") as file:
        npy_format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(block.tobytes())


def write_csv(path: Path, case: Case, blocks: Iterator[np.ndarray]) -> None:
    with path.open("w") as file:
        file.write(",".join(f"class{i}" for i in range(case.shape[1])) + "\n")
        for block in blocks:
            np.savetxt(file, block, fmt="%.8g", delimiter=",")


def made(path: Path, make: Callable[[Path], None]) -> str:
    """Return a file's name, after making it if it is not there."""
    if not path.exists():
        partial = path.with_suffix(".part")
        make(partial)
        partial.rename(path)
    return str(path)


def make_files(case: Case, folder: Path) -> tuple[str, ...]:
    """Return the names of the logits, of those of another model where there are two, and labels."""
    rows, classes = case.shape
    stem = f"{rows}x{classes}-{case.dtype}"
    if case.csv:
        logits = made(folder / f"{stem}.csv", lambda p: write_csv(p, case, normal_rows(case)))
    else:
        logits = made(folder / f"{stem}.npy", lambda p: write_npy(p, case, normal_rows(case)))
    if case.labels == "probabilities":
        make = lambda p: write_npy(p, case, softmax_rows(case))  # noqa: E731
        return logits, made(folder / f"{stem}-probabilities.npy", make)
    if case.labels == "drawn":
        drawn = folder / f"{stem}-drawn.npy"
        return logits, made(drawn, lambda p: np.save(p.open("wb"), drawn_labels(case)))
    labels = np.random.default_rng(1).integers(0, classes, rows)
    if case.csv:
        write = lambda p: np.savetxt(p, labels, "%d", header="label", comments="")  # noqa: E731
        return logits, made(folder / f"{stem}-labels.csv", write)
    label_file = made(folder / f"{stem}-labels.npy", lambda p: np.save(p.open("wb"), labels))
    if case.command == "compare":
        other = folder / f"{stem}-changed.npy"
        return logits, made(other, lambda p: write_npy(p, case, changed_rows(case))), label_file
    return logits, label_file


if __name__ == "__main__":
    wanted = next(case for case in CASES if case.name == sys.argv[2])
    print(*make_files(wanted, Path(sys.argv[1])), sep="\n")
