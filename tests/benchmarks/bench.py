"""Times ``xent`` beside what people write instead, as whole processes in turn.

    python tests/benchmarks/bench.py [--runs 5] [--folder /tmp/xent-bench] [CASE ...]

makes the files once (about 6 GB), runs each case's commands in turn, and prints for each the
median seconds, how many times faster xent was, and the peak memory. Peers whose library is not
installed are left out.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format

PEERS = Path(__file__).with_name("peers.py")
INDEX_PEERS = ("torch_script", "torch_blocks", "numpy_lines", "scipy_lines")
CSV_PEERS = ("pandas_lines", "polars_lines")


@dataclass(frozen=True)
class Case:
    """A file, the commands that are timed on it, and what it is."""

    name: str
    shape: tuple[int, int]
    dtype: str = "float32"
    labels: str = "classes"
    command: str = "loss"
    peers: tuple[str, ...] = INDEX_PEERS
    csv: bool = False

    @property
    def title(self) -> str:
        rows, classes = self.shape
        kind = "CSV" if self.csv else f"{self.dtype} NPY"
        against = ", class probabilities" if self.labels == "probabilities" else ""
        return f"`xent {self.command}`, {rows:,} × {classes:,} {kind}{against}"


CASES = (
    Case("short", (10_000_000, 10)),
    Case("medium", (300_000, 1000)),
    Case("long", (2_000, 128_256)),
    Case("half", (4_000, 128_256), "float16"),
    Case("probabilities", (300_000, 1000), labels="probabilities", peers=("torch_script",)),
    Case("softmax", (300_000, 1000), command="softmax", peers=("torch_softmax",)),
    Case("csv-short", (500_000, 10), peers=CSV_PEERS, csv=True),
    Case("csv-medium", (20_000, 1000), peers=CSV_PEERS, csv=True),
)


@dataclass
class Timing:
    """Seconds of each run of a command, and the most memory that one took."""

    seconds: list[float]
    peak: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def normal_rows(case: Case) -> Iterator[np.ndarray]:
    """Yield logits in blocks: normal numbers of standard deviation 3."""
    rng = np.random.default_rng(0)
    rows, classes = case.shape
    step = max(1, 2**22 // classes)
    for start in range(0, rows, step):
        block = rng.standard_normal((min(step, rows - start), classes), dtype=np.float32)
        yield (3 * block).astype(case.dtype)


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


def make_files(case: Case, folder: Path) -> tuple[str, str]:
    """Return the names of the logits and of the labels."""
    rows, classes = case.shape
    stem = f"{rows}x{classes}-{case.dtype}"
    if case.csv:
        logits = made(folder / f"{stem}.csv", lambda p: write_csv(p, case, normal_rows(case)))
    else:
        logits = made(folder / f"{stem}.npy", lambda p: write_npy(p, case, normal_rows(case)))
    if case.labels == "probabilities":
        make = lambda p: write_npy(p, case, softmax_rows(case))  # noqa: E731
        return logits, made(folder / f"{stem}-probabilities.npy", make)
    labels = np.random.default_rng(1).integers(0, classes, rows)
    return logits, made(folder / f"{stem}-labels.npy", lambda p: np.save(p.open("wb"), labels))


def commands(case: Case, folder: Path) -> dict[str, list[str]]:
    """Return the command lines of a case by name, xent's first."""
    logits, labels = make_files(case, folder)
    output = str(folder / "output.npy")
    xent = [sys.executable, "-m", "xentcli", case.command]
    if case.command == "softmax":
        files = [logits, output]
        xent += [logits, "-o", output, "--force"]
    else:
        files = [logits, labels]
        xent += ["--logits", logits, "--labels", labels]
    found = [p for p in case.peers if importlib.util.find_spec(p.split("_")[0])]
    run = {"xent": xent}
    run |= {peer: [sys.executable, str(PEERS), peer, *files] for peer in found}
    read = [logits] if case.command == "softmax" else files
    return run | {"read_only": [sys.executable, str(PEERS), "read_only", *read]}


def measure(command: list[str], timing: Timing) -> None:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    timing.seconds.append(time.perf_counter() - began)
    timing.peak = max(timing.peak, usage.ru_maxrss * 1024)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")


def bench(case: Case, folder: Path, runs: int) -> None:
    """Run a case's commands in turn and print its rows of the table."""
    run = commands(case, folder)
    timings = {name: Timing([]) for name in run}
    for name, command in run.items():
        measure(command, Timing([]))  # fills the page cache
        del name
    for _ in range(runs):
        for name, command in run.items():
            measure(command, timings[name])
    xent = timings["xent"].median
    for name, timing in timings.items():
        what = case.title if name == "xent" else f"- {name.replace('_', ' ')}"
        ratio = timing.median / xent
        print(f"| {what} | {timing.median:.2f} | {ratio:.2f} | {timing.peak / 1e6:,.0f} MB |")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(c.name for c in CASES))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/xent-bench"))  # noqa: S108
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| command | seconds | times xent's | peak memory |\n|---|---|---|---|")
    for case in CASES:
        if not options.cases or case.name in options.cases:
            bench(case, options.folder, options.runs)


if __name__ == "__main__":
    main()
