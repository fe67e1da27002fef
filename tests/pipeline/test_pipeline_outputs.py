"""Sinks that write files: what goes where, and when."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from in_one_test import in_one_test

from xentcli.errors import OutputError, UsageError
from xentcli.formats import registry
from xentcli.formats.base import ArrayHeader
from xentcli.pipeline.outputs import array_file, format_for

WRITTEN = [format_.name for format_ in registry.formats() if format_.open_writer is not None]
HEADER = ArrayHeader((4, 3), np.dtype(np.float32))
ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def beside(folder: Path) -> list[bytes]:
    """Return what is written beside the output's place."""
    return [path.read_bytes() for path in folder.iterdir() if path.name.startswith(".")]


def test_a_file_begins_when_the_array_does(tmp_path: Path) -> None:
    with array_file(str(tmp_path / "a.npy"), None, force=False) as sink:
        assert not sink.positional
        assert beside(tmp_path) == [b""]
        sink.open(HEADER)
        (content,) = beside(tmp_path)
        assert content.startswith(b"\x93NUMPY")
        assert all(sink.positional for _ in range(3))
        assert beside(tmp_path) == [content], "to ask writes nothing"
        for start in (2, 0, 3, 1):
            sink.write_at(start, ROWS[start : start + 1])
    assert np.array_equal(np.load(tmp_path / "a.npy"), ROWS)


@in_one_test
@pytest.mark.parametrize("format_name", WRITTEN)
def test_nothing_goes_into_a_pipe_before_the_first_row(format_name: str) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    header = HEADER._replace(columns=("a", "b", "c"))
    with array_file(f"/dev/fd/{writer}", format_name, force=False) as sink:
        sink.open(header)
        assert not sink.positional
        with pytest.raises(BlockingIOError):
            os.read(reader, 1)
        sink.write(ROWS)
    assert len(os.read(reader, 9999)) > 10
    os.close(writer)
    os.close(reader)


@in_one_test
@pytest.mark.parametrize("format_name", WRITTEN)
def test_only_files_whose_rows_are_counted_are_positional(tmp_path: Path, format_name: str) -> None:
    for i, length in enumerate((4, None)):
        with array_file(str(tmp_path / str(i)), format_name, force=False) as sink:
            sink.open(HEADER._replace(shape=(length, 3)))
            has_places = format_name in {"npy", "safetensors"} and length is not None
            assert sink.positional is has_places
            if not has_places and format_name not in {"npy", "safetensors"}:
                with pytest.raises(AssertionError, match="in order"):
                    sink.write_at(0, ROWS)
            sink.write(ROWS)


@pytest.fixture
def only_read() -> Iterator[None]:
    format_ = registry.by_name("npy")._replace(
        name="odd", extensions=(".odd",), open_writer=None, has_columns=True
    )
    registry.register(format_)
    yield
    registry.forget("odd")


@pytest.mark.usefixtures("only_read")
def test_a_format_that_is_only_read(tmp_path: Path) -> None:
    hint = "--to npy|npz|safetensors|json|csv|tsv|parquet|arrow|arrows|hdf5"
    for path, name, said in (("a.odd", None, "a.odd"), ("-", "odd", "<stdout>")):
        with pytest.raises(UsageError) as caught:
            format_for(path, name)
        assert (caught.value.message, caught.value.hint) == (f"{said}: odd is only read", hint)
    with pytest.raises(UsageError) as caught:
        format_for("a.what", None)
    assert (caught.value.message, caught.value.hint) == (
        "a.what: its extension names no format", hint,
    )  # fmt: skip
    with (
        pytest.raises(OutputError, match=r"npy holds no ids; these do: csv, tsv, parquet"),
        array_file(str(tmp_path / "a.npy"), None, force=False) as sink,
    ):
        sink.open(HEADER._replace(id_column="id"))


def test_no_message_says_what_a_url_lets_in_by() -> None:
    with pytest.raises(UsageError, match=r"^http://host/a\.what: its extension names no format$"):
        format_for("http://user:word@host/a.what?key=1", None)
