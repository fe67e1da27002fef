"""Tables in Parquet and Arrow files, and what is said of them if their bytes are changed."""

from typing import Any

import numpy as np
import pyarrow as pa
from tables import read, stored

from xentcli.errors import XentError

Z = np.random.default_rng(0).normal(size=(9, 3)).astype("f4")
IDS = pa.array([f"row {i}" for i in range(9)])
CATEGORIES = pa.array(["x", "y", "z"] * 3).dictionary_encode()
FIXED = pa.FixedSizeListArray.from_arrays(pa.array(Z.reshape(-1)), 3)
TABLES = {
    "columns": pa.table({"a": Z[:, 0], "b": Z[:, 1], "id": IDS, "label": CATEGORIES}),
    "lists": pa.table({"v": pa.array(list(Z)), "id": IDS, "label": np.arange(9)}),
    "fixed lists": pa.table({"v": FIXED, "id": IDS, "label": Z[:, 0] > 0}),
}
CODECS = {"parquet": "snappy", "arrow": None, "arrows": "lz4"}
BESIDE: dict[str, Any] = {"label_column": "label", "id_column": "id"}


def example(kind: str, format_: str) -> bytes:
    return stored(TABLES[kind], format_, 4, compression=CODECS[format_])


def complaint(content: bytes, format_: str, **options: Any) -> str | None:
    """Read a file of any bytes; return what is said if it cannot be read."""
    try:
        read(content, f"bad.{format_}", **options)
    except XentError as error:
        return error.message
    return None
