"""Text beside the numbers of a CSV: ids and class names, unchanged, in one block and in many."""

import csv
import io
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test
from opening import csv_source, open_writer, read_csv

from xentcli.errors import InputError
from xentcli.formats.base import ArrayHeader
from xentcli.storage.outputs import Output

blocks = pytest.mark.parametrize("block", [2**21, 32])
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
FLOATS = st.floats(allow_nan=False)


def written(rows: Any, ids: list[str], columns: tuple[str, ...], name: str, format_: str) -> bytes:
    """Return what the writer makes of rows and their ids."""
    with tempfile.TemporaryFile() as file:
        header = ArrayHeader((None, len(columns)), np.dtype("f8"), columns, name)
        output = Output("f", file.fileno(), seekable=True)
        writer = open_writer(format_, output, header)
        for i in range(0, len(rows), 2):
            writer.write(np.array(rows[i : i + 2]), np.array(ids[i : i + 2], object))
        writer.close()
        file.seek(0)
        return file.read()


@settings(max_examples=12, deadline=None)
@given(data=st.data(), format_=st.sampled_from(["csv", "tsv"]), block=st.sampled_from([2**21, 48]))
def test_ids_and_headers_of_any_text_come_back(
    data: st.DataObject, format_: str, block: int
) -> None:
    names = ANY_TEXT.map(str.strip).filter(lambda name: name != "1")  # which finds the first
    header = data.draw(st.lists(names, min_size=2, max_size=4, unique_by=lambda n: n or object()))
    ids = data.draw(st.lists(ANY_TEXT, min_size=1, max_size=9))
    row = st.lists(FLOATS, min_size=len(header) - 1, max_size=len(header) - 1)
    rows = data.draw(st.lists(row, min_size=len(ids), max_size=len(ids)))
    content = written(rows, ids, tuple(header[1:]), header[0], format_)
    delimiter = "\t" if format_ == "tsv" else ","
    cells = list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))
    assert cells[0] == header
    assert [row[0] for row in cells[1:]] == ids
    name = f"f.{format_}"
    read = read_csv(
        content,
        name,
        header=True,
        delimiter=delimiter,
        id_column="1",
        any_columns=True,
        block_bytes=block,
    )
    assert (read.columns, read.id_column) == (tuple(header[1:]), header[0])
    assert read.ids is not None
    assert read.ids.tolist() == ids
    assert read.values.reshape(-1).tobytes() == np.array(rows).reshape(-1).tobytes()


@in_one_test
@pytest.mark.parametrize(
    "name", ["\ufeffid", "# id", "#id", "", '"', "a\rb", "\x85", "\u2028", "\0"]
)
def test_what_marks_a_file_is_quoted(name: str) -> None:
    content = written([[0.0, 1.0]] * 2, [name, "x"], ("a", "b"), name, "csv")
    read = read_csv(content, id_column="1", header=True)
    assert (read.id_column, read.columns) == (name.strip(), ("a", "b"))
    assert read.ids is not None
    assert read.ids.tolist() == [name, "x"]


@in_one_test
@blocks
@pytest.mark.parametrize("cell", ["img_1", " padded ", "", "007", "1e3", "NA", "nan", "true", "-"])
def test_ids_are_text(cell: str, block: int) -> None:
    read = read_csv("id,a,b\n" + f"{cell},1,2\nx,3,4\n" * 9, id_column="id", block_bytes=block)
    assert read.ids is not None
    assert read.ids.tolist() == [cell, "x"] * 9
    assert read.values.tolist() == [[1.0, 2.0], [3.0, 4.0]] * 9
    assert (read.columns, read.id_column, read.notes) == (("a", "b"), "id", [])


def test_ids_in_any_column_of_a_file_without_a_header() -> None:
    read = read_csv("1,x,2\n3,y,4\n", id_column="2")
    assert read.ids is not None
    assert (read.ids.tolist(), read.columns) == (["x", "y"], None)
    assert read.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_the_index_of_pandas_as_ids() -> None:
    frame = pd.DataFrame([[0.5, 1], [2, 3]], index=["x", "y"], columns=["a", "b"])
    read = read_csv(frame.to_csv(), id_column="1")
    assert read.ids is not None
    assert (read.ids.tolist(), read.id_column, read.columns) == (["x", "y"], "", ("a", "b"))


def test_a_column_is_labels_or_ids() -> None:
    with pytest.raises(InputError, match=r"^f\.csv: column 'a' cannot hold both"):
        csv_source("a,b\n1,2\n", id_column="a", label_column="1")


NAMES = ("cat", "dog", "bird")


@in_one_test
@blocks
@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("label\ncat\n dog \n", ["cat", " dog "]),
        ("cat\ndog\n", ["cat", "dog"]),
        ("cow\ncow\n", ["cow", "cow"]),
        ("label\n7\ncat\n", ["7", "cat"]),
        ("label\nTrue\nFalse\n", ["True", "False"]),
        ("True\nFalse\n", ["True", "False"]),
        ("label\ncat\n\ndog\n", None),
        ("label\n0\n3.0\n", [0.0, 3.0]),
        ("0\n3\n", [0.0, 3.0]),
        ('"a, b"\n"a, b"\n', ["a, b", "a, b"]),
    ],
)
def test_a_file_of_labels(text: str, labels: list[Any] | None, block: int) -> None:
    if labels is None:
        with pytest.raises(InputError, match=r"^f\.csv:3: an empty line"):
            read_csv(text, labels=True, classes=NAMES, block_bytes=block)
        return
    found = csv_source(text, labels=True, classes=NAMES, block_bytes=block)
    assert found.shape == (None,)
    assert found.dtype == (np.float64 if isinstance(labels[0], float) else object)
    assert read_csv(text, labels=True, classes=NAMES, block_bytes=block).values.tolist() == labels
    assert bool(found.notes) == (not text.startswith("label") and isinstance(labels[0], str))


@blocks
def test_labels_beside_logits(block: int) -> None:
    text = "id,cat,label,dog\n" + "x,1,cat,2\ny,3,dog ,4\n" * 9
    read = read_csv(text, label_column="label", id_column="id", block_bytes=block)
    assert read.labels is not None
    assert read.ids is not None
    assert read.labels.tolist() == ["cat", "dog "] * 9
    assert read.ids.tolist() == ["x", "y"] * 9
    assert read.values.tolist() == [[1.0, 2.0], [3.0, 4.0]] * 9
    assert read.columns == ("cat", "dog")


@in_one_test
@pytest.mark.parametrize("labels", ["0 1 oops 2", "0 1 2 NA", "0 True 1 1"])
def test_a_slip_in_a_column_of_numbers_is_no_name(labels: str) -> None:
    text = "\n".join(["label", *labels.split(), ""])
    line = next(i for i, label in enumerate(labels.split(), 2) if not label.isdecimal())
    with pytest.raises(InputError, match=rf"^f\.csv:{line}: column 'label': '\w+' is not a number"):
        read_csv(text, labels=True, classes=NAMES)


def test_text_is_read_only_where_labels_are_looked_for() -> None:
    with pytest.raises(InputError, match=r"^f\.csv:2: column 'label': 'cat' is not a number"):
        read_csv("label\ncat\n")


@pytest.fixture
def limit() -> Iterator[int]:
    """Set a small limit of the csv module, which holds for the whole process."""
    before = csv.field_size_limit(1000)
    yield 1000
    csv.field_size_limit(before)


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("end", ["3,4\n", "3\n", "3,x\n", '3,"4\n'])
def test_a_cell_is_as_long_as_its_line_and_the_process_stays_as_it_was(
    limit: int, quote: str, end: str
) -> None:
    long = "x" * 2**18
    content = f"id,a,b\n{quote}{long}{quote},1,2\nz,{end}"
    if end == "3,4\n":
        assert read_csv(content, id_column="id").ids.tolist() == [long, "z"]  # type: ignore[union-attr]
    else:
        with pytest.raises(InputError, match=r"^f\.csv:3: "):
            read_csv(content, id_column="id")
    assert csv.field_size_limit() == limit


def test_long_cells_are_read_in_several_threads(limit: int) -> None:
    content = "id,a\n" + "".join(f'"{i}{"x" * 2**12}",{i}\n' for i in range(50))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: read_csv(content, id_column="id"), range(16)))
    assert all(each.values.ravel().tolist() == list(range(50)) for each in found)
    assert csv.field_size_limit() == limit
