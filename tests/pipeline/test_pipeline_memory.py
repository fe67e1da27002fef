"""Memory does not grow with the file."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from close_to import close_to
from forking import said_by
from numpy.lib import format as npy_format

from xentcli.__main__ import main
from xentcli.pipeline.flow import Merging

# A process of its own between the tests and the command: what a process used before it became
# another one counts as that one's.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(kilobytes // 1024 if sys.platform == "darwin" else kilobytes)
"""


def sparse_npy(path: Path, shape: tuple[int, int]) -> None:
    """Write an NPY file of float32 zeros that takes no room on the disk."""
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        npy_format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 4 * shape[0] * shape[1])


def measured(*arguments: str) -> tuple[str, int]:
    """Run the command; return its output and the kilobytes of its largest process."""
    command = [sys.executable, "-m", "xentcli", *arguments]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], check=True, capture_output=True, text=True
    )
    *shown, kilobytes = done.stdout.splitlines()
    return "\n".join(shown), int(kilobytes)


def test_a_file_of_100_megabytes(tmp_path: Path) -> None:
    shape = (25_000, 1000)
    sparse_npy(tmp_path / "logits.npy", shape)
    np.save(tmp_path / "labels.npy", np.zeros(shape[0], np.uint8))
    files = ["--logits", str(tmp_path / "logits.npy"), "--labels", str(tmp_path / "labels.npy")]
    loss, kilobytes = measured("loss", "--jobs", "2", *files)
    assert float(loss) == close_to(math.log(1000), rel=1e-7)
    assert kilobytes < 65_000


def loss_and_memory() -> None:
    """Run the command in a fork, and say how many kilobytes it had at most."""
    pid = os.fork()
    if pid == 0:
        main()
    print(os.wait4(pid, 0)[2].ru_maxrss)  # noqa: T201


def test_a_row_group_is_not_held_whole(tmp_path: Path) -> None:
    """One of 50 MB takes hardly more than one of 38: what is read whole is smaller than both."""
    zeros = pa.array(np.zeros(2**18))
    batch = pa.record_batch([pa.FixedSizeListArray.from_arrays(zeros, 1024)], ["values"])
    name = tmp_path / "z.parquet"
    taken = []
    for batches in (18, 24):
        table = pa.Table.from_batches([batch] * batches)  # whose megabytes are those of the file:
        pq.write_table(table, name, use_dictionary=False, compression="none")
        assert pq.read_metadata(name).num_row_groups == 1
        np.save(tmp_path / "labels.npy", np.zeros(256 * batches, np.uint8))
        arguments = ["loss", str(name), "labels.npy", "--jobs", "1"]
        code, loss, kilobytes = said_by(f"{__name__}:loss_and_memory", arguments, tmp_path).split()
        assert (code, float(loss)) == ("0", close_to(math.log(1024), rel=1e-15))
        taken.append(int(kilobytes))
    assert taken[1] - taken[0] < 10_000, taken  # whole: 12,288; an allocator's step is 8,192


class Names(frozenset[int]):
    """A state that grows with the names that it saw."""

    @property
    def size(self) -> int:
        return len(self)

    def merge(self, other: "Names") -> "Names":
        return Names(self | other)


def test_states_that_hold_the_same_names_do_not_wait_side_by_side() -> None:
    shared = [Names(range(i % 7, 100)) for i in range(65)]
    apart = [Names([i]) for i in range(65)]
    for case, states in (("shared", shared), ("apart", apart)):
        merging = Merging[Names]()
        most = 0
        for state in states:
            merging.add(state)
            most = max(most, sum(each.size for _, each in merging._waiting))
        assert merging.merged() == frozenset().union(*states), case
        assert most <= 150, case
