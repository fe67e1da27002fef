"""Memory does not grow with the file."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.lib import format as npy_format

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


def test_a_file_of_half_a_gigabyte(tmp_path: Path) -> None:
    shape = (134_217, 1000)
    sparse_npy(tmp_path / "logits.npy", shape)
    np.save(tmp_path / "labels.npy", np.zeros(shape[0], np.uint8))
    command = [sys.executable, "-m", "xentcli", "loss", "--jobs", "2"]
    command += ["--logits", str(tmp_path / "logits.npy"), "--labels", str(tmp_path / "labels.npy")]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], check=True, capture_output=True, text=True
    )
    loss, kilobytes = done.stdout.split()
    assert float(loss) == pytest.approx(math.log(1000), rel=1e-7)
    assert int(kilobytes) < 200_000


def test_a_row_group_is_not_held_whole(tmp_path: Path) -> None:
    zeros = pa.array(np.zeros(2**18))
    batch = pa.record_batch([pa.FixedSizeListArray.from_arrays(zeros, 1024)], ["values"])
    pq.write_table(pa.Table.from_batches([batch] * 80), tmp_path / "z.parquet")  # 168 MB
    assert pq.read_metadata(tmp_path / "z.parquet").num_row_groups == 1
    command = [sys.executable, "-m", "xentcli", "info", "--json", str(tmp_path / "z.parquet")]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command, "--jobs", "1"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert '"shape": [20480, 1024]' in done.stdout
    assert int(done.stdout.splitlines()[-1]) < 230_000
