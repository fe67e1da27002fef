"""Times ``xent`` beside what people write instead, as whole processes in turn.

    python tests/benchmarks/bench.py [--runs 5] [--folder /tmp/xent-bench] [CASE ...]

makes the files once (about 6 GB), runs each case's commands in turn, and prints for each the
median seconds, how many times faster xent was, and the peak memory, that of all processes of a
command together. Peers whose library is not installed are left out. This process imports no NumPy:
a child's peak memory counts its parent's.
"""

import argparse
import contextlib
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cases import CASES, EVAL_METRICS, Case

HERE = Path(__file__).parent


@dataclass
class Timing:
    """Seconds of each run of a command, and the most memory that one took."""

    seconds: list[float]
    peak: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def commands(case: Case, folder: Path) -> dict[str, list[str]]:
    """Return the command lines of a case by name, xent's first."""
    make = [sys.executable, str(HERE / "files.py"), str(folder), case.name]
    made = subprocess.run(make, check=True, capture_output=True, text=True)
    logits, *others, labels = made.stdout.split()
    output = str(folder / "output.npy")
    xent = [str(Path(sys.executable).with_name("xent")), case.command]
    if case.command == "softmax":
        files = [logits, output]
        xent += [logits, "-o", output, "--force"]
    else:
        files = [logits, *others, labels]
        xent += [*files[:-1], "--labels", labels]
    if case.command == "eval":
        xent += [word for name in EVAL_METRICS for word in ("--metric", name)]
    found = [p for p in case.peers if importlib.util.find_spec(p.split("_")[0])]
    run = {"xent": xent}
    run |= {peer: [sys.executable, str(HERE / "peers.py"), peer, *files] for peer in found}
    read = [logits] if case.command == "softmax" else files
    return run | {"read_only": [sys.executable, str(HERE / "peers.py"), "read_only", *read]}


def measure(command: list[str], timing: Timing) -> None:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    timing.seconds.append(time.perf_counter() - began)
    timing.peak = max(timing.peak, usage.ru_maxrss * 1024)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")


def warm_up(command: list[str]) -> int:
    """Run a command untimed, and return the most memory that all its processes took together."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(memory_of, processes_of(process.pid))))
        time.sleep(0.01)
    return peak


def processes_of(pid: int) -> list[int]:
    """Return a process and those that it started; elsewhere than on Linux, none."""
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(p for child in children for p in processes_of(int(child)))]
    return []


def memory_of(pid: int) -> int:
    """Return the bytes of a process; those shared by n processes count 1/n in each."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def bench(case: Case, folder: Path, runs: int) -> None:
    """Run a case's commands in turn and print its rows of the table."""
    run = commands(case, folder)
    timings = {name: Timing([]) for name in run}
    for name, command in run.items():  # which fills the page cache
        timings[name].peak = warm_up(command)
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
