"""Tables opened in CSV and Parquet, and the columns that are refused."""

import shlex
import tempfile
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest
from opening import csv_source

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions, Source
from xentcli.storage.inputs import Input

ROWS = 12
Z = np.random.default_rng(3).normal(size=(ROWS, 3))
FRAME = pd.DataFrame(Z, columns=["cat", "dog", "fox"])
both = pytest.mark.parametrize("format_", ["csv", "parquet"])


def opened(frame: pd.DataFrame, format_: str, **options: Any) -> Source:
    if format_ == "csv":
        return csv_source(frame.to_csv(index=False), **options)
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    file.write(content := frame.to_parquet(index=False))
    data = Input("f.parquet", file, len(content), shareable=True)
    weakref.finalize(data, file.close)  # also where the garbage collector takes both
    return registry.open_source(data, None, ReadOptions(**options))


def values(source: Source) -> list[Any]:
    return [row for block in source.blocks(100) for row in source.decode(block).values.tolist()]


def refused(frame: pd.DataFrame, format_: str) -> tuple[str, dict[str, str]]:
    """Return what is in doubt, and the options of the hint."""
    with pytest.raises(InputError) as caught:
        opened(frame, format_)
    words = [word.rstrip(",") for word in shlex.split(caught.value.hint or "")]
    ways = {w: words[i + 1] for i, w in enumerate(words) if w in ("--drop", "--columns")}
    return caught.value.message, ways
