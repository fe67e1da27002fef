"""What the package writes as Parquet and Arrow: pyarrow, pandas, polars and itself read it back."""

import gc
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from in_one_test import in_one_test
from opening import Array, assert_same_bits, open_writer, some_array
from pyarrow import feather
from tables import FORMATS, opened, read, written

from xentcli.errors import OutputError
from xentcli.formats.base import ArrayHeader, Writer
from xentcli.storage.outputs import Output

Z = np.random.default_rng(0).normal(size=(7, 3)).astype("f4")
NAMES = ("cat", "dog", "bird")

formats = pytest.mark.parametrize("format_", FORMATS)


def flat(column: pa.ChunkedArray) -> Array:
    """Return the numbers of lists of any depth."""
    array = column.combine_chunks()
    while pa.types.is_fixed_size_list(array.type):
        array = array.flatten()
    out: Array = array.to_numpy(zero_copy_only=False)
    return out


@formats
@settings(deadline=None, max_examples=12)
@given(
    array=hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", "i1", "u1", "i4", "u8", "?"]),
        hnp.array_shapes(max_dims=4, max_side=5),
    ),
    rows=st.integers(1, 6),
    counted=st.booleans(),
)
def test_any_bits(format_: str, array: Array, rows: int, *, counted: bool) -> None:
    content = written(array, format_, rows, counted=counted)
    assert_same_bits(read(content, rows=rows).values, array)
    assert flat(opened(content, format_)["values"]).tobytes() == array.tobytes()


@formats
@settings(deadline=None, max_examples=8)
@given(
    array=hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", "i8", "?"]), st.tuples(st.integers(1, 6), st.just(3))
    ),
    rows=st.integers(1, 6),
)
def test_any_bits_of_named_classes(format_: str, array: Array, rows: int) -> None:
    got = read(written(array, format_, rows, columns=NAMES), rows=rows)
    assert_same_bits(got.values, array)
    assert got.columns == NAMES


@in_one_test
@formats
def test_types(format_: str) -> None:
    def types(*shape: int, columns: tuple[str, ...] | None = None) -> str:
        content = written(np.zeros(shape, "u1"), format_, columns=columns)
        text = ", ".join(map(str, opened(content, format_).schema.types))
        return text.replace("element:", "item:")  # as Parquet's lists are read back

    assert types(4) == "uint8"
    assert types(4, 3) == "fixed_size_list<item: uint8 not null>[3]"
    assert types(4, 3, columns=NAMES) == types(4, 3)
    assert types(4, 2, 3) == (
        "fixed_size_list<item: fixed_size_list<item: uint8 not null>[3] not null>[2]"
    )
    assert opened(written(np.zeros(4), format_, columns=("p",)), format_).column_names == ["p"]


@in_one_test
@formats
def test_a_single_number(format_: str) -> None:
    assert opened(written(np.array(1.5), format_), format_).to_pydict() == {"values": [1.5]}


@in_one_test
@formats
@pytest.mark.parametrize("shape", [(0,), (0, 3), (0, 2, 3)])
def test_no_rows(format_: str, shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, "f4")
    assert_same_bits(read(written(array, format_)).values, array)


def test_rows_without_numbers() -> None:
    empty = np.zeros((3, 0), "f4")
    assert read(written(empty, "arrow")).values.shape == (3, 0)
    with pytest.raises(OutputError, match="parquet does not hold rows without numbers"):
        written(empty, "parquet")


@in_one_test
@pytest.mark.parametrize("dtype", ["c16", "longdouble", "U3"])
def test_dtypes_that_tables_do_not_hold(dtype: str) -> None:
    with pytest.raises(OutputError, match=r"out\.parquet: parquet does not hold"):
        written(np.zeros(3, dtype), "parquet")


@in_one_test
@formats
def test_the_bytes_do_not_depend_on_the_blocks(format_: str) -> None:
    array = some_array("f4", (450, 10_000))  # more than one row group
    first = written(array, format_, 700)
    assert written(array, format_, 37, counted=False) == first
    names = tuple(map(str, range(10)))
    few = array[:, :10]
    assert written(few, format_, 700, columns=names) == written(few, format_, 1, columns=names)


def test_row_groups_are_bounded() -> None:
    array = np.zeros((450, 10_000), "f4")
    metadata = pq.read_metadata(io.BytesIO(written(array, "parquet")))
    assert [metadata.row_group(i).num_rows for i in range(2)] == [419, 31]
    reader = pa.ipc.open_file(io.BytesIO(written(array, "arrow")))
    assert [reader.get_batch(i).num_rows for i in range(2)] == [419, 31]


# Other readers


def test_pandas_and_polars_read_it() -> None:
    import polars as pl  # here, since it takes long and few tests need it

    ids = np.array([*"abcdefg"], object)
    for columns in (None, NAMES):
        lists = written(Z, "parquet", ids=ids, columns=columns)
        frame = pd.read_parquet(io.BytesIO(lists))
        assert_same_bits(np.stack([*frame["values"]]), Z)
        assert frame["id"].tolist() == ids.tolist()
        assert_same_bits(pl.read_parquet(io.BytesIO(lists))["values"].to_numpy(), Z)


@pytest.mark.filterwarnings("ignore:pyarrow.feather:FutureWarning")
def test_feather_readers_read_it() -> None:
    import polars as pl

    content = written(Z, "arrow", columns=NAMES)
    assert feather.read_table(io.BytesIO(content)).column_names == ["values"]
    assert_same_bits(np.stack([*pd.read_feather(io.BytesIO(content))["values"]]), Z)
    assert_same_bits(pl.read_ipc(io.BytesIO(content))["values"].to_numpy(), Z)
    assert_same_bits(pl.read_ipc_stream(io.BytesIO(written(Z, "arrows")))["values"].to_numpy(), Z)


# An output that fails


class Full(Output):
    """An output that has no room for the second part."""

    def __init__(self) -> None:
        super().__init__("full", -1, seekable=False)
        self.calls = 0

    def write(self, data: bytes | memoryview) -> None:
        self.calls += 1
        if self.calls > 1:
            raise OutputError(f"{self.name}: no room for {len(data)} bytes")


def finish_with(writer: Writer, rows: Array) -> None:
    writer.write(rows)
    writer.close()


@formats
@pytest.mark.parametrize("finish", [True, False])
def test_an_output_that_fails(
    format_: str, capfd: pytest.CaptureFixture[str], *, finish: bool
) -> None:
    """The error is the output's; a writer thrown away half-way writes and says nothing more."""
    gc.freeze()  # what is there already need not be looked at
    output = Full()
    writer = open_writer(format_, output, ArrayHeader((5, 3), np.dtype("f4")))
    rows = Z[:5] if finish else Z[:1]
    with pytest.raises(OutputError, match="full: no room"):
        finish_with(writer, rows)
    calls = output.calls
    del writer
    gc.collect()
    assert output.calls == calls == 2
    assert capfd.readouterr() == ("", "")
