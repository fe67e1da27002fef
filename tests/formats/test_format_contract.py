"""What every format promises, one and all, and one from outside the package too."""

import gzip
import os
import pickle
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path

import numpy as np
import pytest
from contract import (
    DTYPES,
    LINES,
    NewProcess,
    again,
    decoded,
    piped,
    some_values,
    taken,
    unpickled,
    values_of,
    written,
)
from in_one_test import in_one_test
from opening import Array, assert_same_bits
from toy_format import TOY

from xentcli.errors import InputError, OutputError
from xentcli.formats import registry
from xentcli.formats.base import Format, IndexedSource, Source, indexed, read_whole
from xentcli.formats.csv.source import CsvSource
from xentcli.formats.files import InputFile, open_file, open_files
from xentcli.formats.json.lines import JsonLinesSource

# The codes of a base of llama-perplexity do not hold any array: see test_kld.py.
FORMATS = [*(f for f in registry.formats() if f.partly is None), TOY, LINES]
every = pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
# What is spooled from a pipe lives until the source is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

Z = some_values("f4", (23, 3))
CUTS = [1, 2, 7, 100]


@pytest.fixture(autouse=True)
def one_format_more(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the format from outside, and have text in several blocks."""
    monkeypatch.setattr(CsvSource, "block_bytes", 128)
    monkeypatch.setattr(JsonLinesSource, "block_bytes", 128)
    registry.register(TOY)
    yield
    registry.forget(TOY.name)


@pytest.fixture(scope="module")
def new_process() -> Iterator[NewProcess]:
    process = NewProcess()
    yield process
    process.close()


def saved(folder: Path, format_: Format, array: Array = Z) -> Path:
    path = folder / f"z{format_.extensions[0]}"
    path.write_bytes(written(format_, array))
    return path


def opened(path: Path) -> Source:
    return open_file(InputFile(str(path)))


def assert_as_written(got: Array, array: Array, format_: Format) -> None:
    """Compare the bits; text tells no dtype but float64, whose numbers are those that it says."""
    assert_same_bits(got.astype(array.dtype) if format_.is_text else got, array)


@every
def test_what_is_written_is_read(format_: Format, tmp_path: Path) -> None:
    """Or refused in one line, before the first row."""
    shapes: list[tuple[int, ...]] = [(7,), (5, 3), *([] if format_.is_text else [(4, 2, 3)])]
    for dtype, shape in [*zip(DTYPES, cycle(shapes)), *product([">i4", "f4"], shapes)]:
        array = some_values(dtype, shape)
        if not taken(format_, dtype):
            name = np.dtype(dtype).newbyteorder("=").name
            with pytest.raises(OutputError, match=name) as caught:
                saved(tmp_path, format_, array)
            assert "\n" not in caught.value.message
            continue
        path = saved(tmp_path, format_, array)
        source = opened(path)
        assert source.format == format_.name
        assert_as_written(values_of(source, 2), array, format_)
        source.check_unchanged()


@in_one_test
@pytest.mark.parametrize("format_", [f for f in FORMATS if f.open_writer], ids=lambda f: f.name)
def test_no_writer_takes_complex_numbers(format_: Format) -> None:
    with pytest.raises(OutputError, match="complex") as caught:
        written(format_, np.zeros((2, 2), "c8"))
    assert "\n" not in caught.value.message


@in_one_test
@every
def test_any_cut_gives_the_same_bits(format_: Format, tmp_path: Path) -> None:
    path = saved(tmp_path, format_)
    for rows in CUTS:
        assert_as_written(values_of(opened(path), rows), Z, format_)
    assert_as_written(read_whole(opened(path)), Z, format_)


@in_one_test
@every
def test_any_slice_of_any_axis(format_: Format, tmp_path: Path) -> None:
    array = Z if format_.is_text else some_values("f4", (5, 2, 3))
    source = indexed(opened(saved(tmp_path, format_, array)))
    whole = np.array(source.read(0, len(array)).values)
    assert_as_written(whole, array, format_)
    for axis, length in enumerate(array.shape):
        for rows in CUTS:
            parts = [source.decode(block).copied().values for block in source.blocks(rows, axis)]
            assert_same_bits(np.concatenate(parts, axis), whole)
        for start in range(length):
            got = np.array(source.read(start, length - start, axis).values)
            assert_same_bits(got, whole.take(range(start, length), axis))
    flat = whole.reshape(-1, whole.shape[-1])
    for start, rows in ((0, len(flat)), (3, 4), (len(flat) - 1, 1)):
        assert_same_bits(np.array(source.tile(start, rows)), flat[start : start + rows])


@in_one_test
@pytest.mark.parametrize(
    ("format_", "kind"),
    [
        *product(FORMATS, ["file", "compressed shards"]),
        *product([registry.by_name(name) for name in ("npy", "csv")], ["compressed", "shards"]),
    ],
)
def test_a_new_process_decodes_the_same(
    format_: Format, kind: str, tmp_path: Path, new_process: NewProcess
) -> None:
    """It is in another folder, where a relative path must stay the file that it was."""
    path = saved(tmp_path, format_)
    if "compressed" in kind:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path = path.with_name(path.name + ".gz")
    name = os.path.relpath(path)
    source = opened(Path(name))
    if "shards" in kind:
        source = open_files([name, name], InputFile)
    blocks = [source.carried(block) for block in source.blocks(4)]
    want = decoded(source, blocks)
    for got in (
        decoded(again(source), again(blocks)),
        new_process.decoded(source, blocks),
    ):
        assert len(got) == len(want) > 0
        for table, expected in zip(got, want, strict=True):
            assert_same_bits(table.values, expected.values)
    together = np.concatenate([table.values for table in want])
    assert_as_written(together, np.concatenate([Z, Z]) if "shards" in kind else Z, format_)


@in_one_test
@every
def test_a_source_is_opened_once_a_process(format_: Format, tmp_path: Path) -> None:
    source = opened(saved(tmp_path, format_))
    content = pickle.dumps(source)
    if source.reference is not None:
        assert unpickled(content) is source
        assert len(content) < 1500
        del source
        assert unpickled(content) is unpickled(content)


@in_one_test
@every
def test_a_file_that_changed_is_not_taken_for_what_it_was(format_: Format, tmp_path: Path) -> None:
    path = saved(tmp_path, format_)
    source = opened(path)
    if source.reference is None:
        return
    content = pickle.dumps(source)
    del source
    saved(tmp_path, format_, some_values("f4", (24, 3)))
    with pytest.raises(InputError, match=rf"{path.name}: the file changed while it was read"):
        unpickled(content)


@in_one_test
@every
def test_a_pipe_gives_what_a_file_gives(format_: Format, tmp_path: Path) -> None:
    path = saved(tmp_path, format_)
    want = opened(path)
    for source in piped(format_, path.read_bytes()):
        assert (source.dtype, source.stored_dtype) == (want.dtype, want.stored_dtype)
        assert (source.columns, source.shape) == (want.columns, want.shape)
        assert source.reference is None
        assert_same_bits(values_of(source, 4), values_of(want, 4))


@in_one_test
@every
def test_what_is_kept_is_read_twice(format_: Format, tmp_path: Path) -> None:
    path = saved(tmp_path, format_)
    for source in piped(format_, path.read_bytes()):
        kept = source.kept()
        for rows in (4, 9):
            assert_as_written(values_of(kept, rows), Z, format_)
    for source in piped(format_, path.read_bytes()):
        assert_as_written(indexed(source).read(0, 23).values, Z, format_)


@in_one_test
@every
def test_places_are_named(format_: Format, tmp_path: Path) -> None:
    source = opened(saved(tmp_path, format_))
    list(source.blocks(4))
    places = [source.place((row, column)) for row in (0, 22) for column in (0, 2)]
    assert len({*places, source.place((0,)), source.place((22,))}) == 6
    assert all(place.startswith(source.name) for place in [*places, source.place(())])
    if isinstance(source, IndexedSource):
        assert places[-1] == f"{source.name}[22, 2]"


@in_one_test
@every
def test_a_file_that_is_cut_off_is_named_in_one_line(format_: Format, tmp_path: Path) -> None:
    path = saved(tmp_path, format_)
    content = path.read_bytes()
    end = content.rfind(b",") if format_.is_text else len(content) * 2 // 3
    end = content.rfind(b"\t") if format_.name == "tsv" else end
    path.write_bytes(content[:end])
    with pytest.raises(InputError) as caught:
        values_of(opened(path), 4)
    assert caught.value.message.startswith(str(path))
    assert "\n" not in caught.value.message
