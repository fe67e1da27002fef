"""The same bits on processors with other features: those of AVX-512 are switched off by NumPy."""

import json
import os
import subprocess
import sys
from pathlib import Path

from same_bits import digest, everything, features

WIDE = [name for name in features() if name.startswith(("AVX512", "X86_V4"))]


def test_what_is_measured_is_the_same_without_avx_512() -> None:
    """NumPy has other exponentials and logarithms there, and BLAS adds up in another order.

    Where there is no AVX-512, both runs have the same.
    """
    older = {"NPY_DISABLE_CPU_FEATURES": " ".join(WIDE), "OPENBLAS_CORETYPE": "Haswell"}
    env = {**os.environ, **older}
    script = str(Path(__file__).with_name("same_bits.py"))
    done = subprocess.run([sys.executable, script], env=env, stdout=subprocess.PIPE, check=True)
    without = json.loads(done.stdout)
    assert without["features"] == [name for name in features() if name not in WIDE]
    here = {name: digest(value) for name, value in everything()}
    assert here.keys() == without["found"].keys()
    assert [name for name, each in here.items() if each != without["found"][name]] == []
