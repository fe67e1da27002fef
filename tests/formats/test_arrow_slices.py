"""Record batches that are too large to be read whole, and what else a file may ask memory for."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from in_one_test import in_one_test
from opening import file_input

from xentcli.errors import InputError
from xentcli.formats.arrow.ipc_files import ArrowFile, ArrowStream
from xentcli.formats.arrow.parquet_file import ParquetFile
from xentcli.formats.arrow.table_files import RowGroups

ROWS = 37
RNG = np.random.default_rng(5)


def some_missing(values: list[Any]) -> list[Any]:
    return [None if i % 5 == 3 else value for i, value in enumerate(values)]


LISTS = [RNG.normal(size=3).tolist() for _ in range(ROWS)]
COLUMNS: dict[str, Any] = {
    "float64": pa.array(RNG.normal(size=ROWS)),
    "int8 with nulls": pa.array(some_missing(list(range(ROWS))), pa.int8()),
    "bool": pa.array((RNG.random(ROWS) < 0.5).tolist()),
    "bool with nulls": pa.array(some_missing([True, False] * 18 + [True])),
    "text": pa.array(["é" * (i % 7) for i in range(ROWS)]),
    "large text with nulls": pa.array(some_missing(list(map(str, range(ROWS)))), pa.large_string()),
    "categories": pa.array(["a", "b", "c", "b"] * 9 + ["a"]).dictionary_encode(),
    "lists": pa.array(some_missing([row[: i % 4] for i, row in enumerate(LISTS)])),
    "lists of lists": pa.array([[row, []] for row in LISTS], pa.large_list(pa.list_(pa.float32()))),
    "fixed lists": pa.array(some_missing(LISTS), pa.list_(pa.float64(), 3)),
    "times": pa.array(range(ROWS), pa.timestamp("us", "UTC")),
    "tensors": pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.float64(), [3]), pa.array(LISTS, pa.list_(pa.float64(), 3))
    ),
    "decimals": pa.array(range(ROWS)).cast(pa.decimal128(21, 2)),
    "nothing": pa.nulls(ROWS),
    "structures": pa.array([{"x": i, "y": [str(i)]} for i in range(ROWS)]),
}  # fmt: skip
READ = [name for name in COLUMNS if name not in ("nothing", "structures")]
TABLE = pa.table(COLUMNS)
KINDS: dict[str, Any] = {"arrow": ArrowFile, "arrows": ArrowStream}
kinds = pytest.mark.parametrize("kind", KINDS)
codecs = pytest.mark.parametrize("codec", [None, "lz4", "zstd"])


def stored(table: Any, kind: str, codec: str | None, rows: int = ROWS) -> bytes:
    file = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    open_writer = pa.ipc.new_stream if kind == "arrows" else pa.ipc.new_file
    with open_writer(file, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rows)
    return file.getvalue()


def cut(
    content: bytes,
    kind: str,
    path: Path,
    columns: list[str],
    slice_bytes: int,
    whole_bytes: int = 0,
) -> list[Any]:
    """Return the batches of a file of which none is small."""
    with file_input(path / "a", content) as data:
        file = KINDS[kind](data)
        file.whole_bytes, file.slice_bytes = whole_bytes, slice_bytes
        return [b for piece in file.pieces(tuple(columns), 10**6) for b in piece.content]


@in_one_test
@kinds
@pytest.mark.parametrize(
    ("codec", "slice_bytes"), [(None, 1), (None, 700), (None, 10**6), ("lz4", 700), ("zstd", 1)]
)
def test_the_rows_of_all_types(
    tmp_path: Path, kind: str, codec: str | None, slice_bytes: int
) -> None:
    batches = cut(stored(TABLE, kind, codec), kind, tmp_path, READ, slice_bytes)
    assert len(batches) == (ROWS if slice_bytes == 1 else len(batches))
    assert (len(batches) == 1) == (slice_bytes == 10**6)
    assert pa.Table.from_batches(batches) == TABLE.select(READ)


@kinds
def test_small_batches_among_large_ones(tmp_path: Path, kind: str) -> None:
    table = TABLE.select(["categories", "float64"])
    parts = [table.slice(0, 2), table.slice(2, 30), table.slice(32, 1), table.slice(33)]
    content = stored(pa.concat_tables(parts), kind, None)
    whole = 12 * 8
    batches = cut(content, kind, tmp_path, ["categories", "float64"], 64, whole)
    assert batches[0].num_rows == 2
    assert max(batch.num_rows for batch in batches) < 30
    assert pa.Table.from_batches(batches) == table


@in_one_test
@kinds
@codecs
def test_flipped_bits_of_a_large_batch(tmp_path: Path, kind: str, codec: str | None) -> None:
    content = stored(TABLE.select(["lists", "text", "categories"]), kind, codec)
    for bit in RNG.integers(0, 8 * len(content), 20).tolist():
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        with file_input(tmp_path / "a", bytes(flipped)) as data:
            try:
                file = KINDS[kind](data)
                file.whole_bytes, file.slice_bytes = 0, 100
                list(file.pieces(("lists", "text", "categories"), 10))
            except (InputError, pa.ArrowException, OSError, ValueError, KeyError):
                pass


@kinds
def test_columns_that_are_not_sliced(tmp_path: Path, kind: str) -> None:
    """Beside a view, whose buffers are as many as they like, batches are read whole."""
    with pytest.raises(InputError, match="with a column of struct"):
        cut(stored(TABLE, kind, None), kind, tmp_path, ["structures"], 1)
    table = pa.table({"a": TABLE["float64"], "v": TABLE["text"].cast(pa.string_view())})
    content = stored(table, kind, None)
    (batch,) = cut(content, kind, tmp_path, ["a", "v"], 1)
    assert pa.Table.from_batches([batch]) == table
    with file_input(tmp_path / "a", content) as data:
        file = KINDS[kind](data)
        file.whole_bytes, file.unsliced_bytes = 0, 300
        with pytest.raises(
            InputError, match=r"a record batch of [0-9]+ bytes, and with columns of"
        ):
            list(file.pieces(("a",), 10))


@in_one_test
@kinds
@codecs
@pytest.mark.parametrize("whole_bytes", [0, 2**20])
def test_values_of_categories(
    tmp_path: Path, kind: str, codec: str | None, whole_bytes: int
) -> None:
    names = pa.array([f"a rather long name {i}" * 9 for i in range(99)]).dictionary_encode()
    with file_input(tmp_path / "a", stored(pa.table({"c": names}), kind, codec)) as data:
        file = KINDS[kind](data)
        file.whole_bytes, file.dictionary_bytes = whole_bytes, 9999
        with pytest.raises(InputError, match=r"the values of a column of categories have [0-9]+ b"):
            list(file.pieces(("c",), 10))


def test_one_row_may_be_long(tmp_path: Path) -> None:
    """Slices are made shorter where the rows are longer than most, and go on as before."""
    lengths = [1] * 50 + [10**6] + [2] * 50
    ends = np.cumsum([0, *lengths]).astype("<i8")
    column = pa.LargeListArray.from_arrays(ends, np.arange(ends[-1], dtype="f4"))
    table = pa.table({"v": column})
    for codec in (None, "zstd"):
        batches = cut(stored(table, "arrow", codec), "arrow", tmp_path, ["v"], 10**6)
        assert pa.Table.from_batches(batches) == table


def paged(text: bytes, codec: str) -> bytes:
    """Return a Parquet file with one cell of text, in a page of its own, and a small column."""
    file = io.BytesIO()
    table = pa.table({"cell.of": [text.decode()], "a": [1.5]})
    pq.write_table(table, file, use_dictionary=False, compression=codec)
    return file.getvalue()


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_pages_of_parquet(tmp_path: Path, codec: str) -> None:
    """Also such as are small before they are decompressed; a column that is not read may have any.

    A page has 4 bytes that say how long the text is, and 6 of levels.
    """
    for size, refused in ((5_000, False), (20_000, True)):
        with file_input(tmp_path / "a", paged(b"a" * size, codec)) as data:
            file = ParquetFile(data)
            file.page_bytes = 10_000
            (piece,) = file.pieces(("a",), 10)
            assert isinstance(piece.content, RowGroups)
            assert file.read(("a",), piece.content)[0].to_pydict() == {"a": [1.5]}
            if not refused:
                assert len(file.read(("cell.of",), piece.content)[0][0][0].as_py()) == size
                continue
            with pytest.raises(InputError, match=r"column 'cell.of' has a page of 20010 bytes"):
                file.read(("cell.of",), piece.content)
