"""A format from outside that gives other rows than it has promised is noticed."""

import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from xentcli.errors import InputError, OutputError
from xentcli.formats import registry
from xentcli.formats.base import (
    ArrayHeader,
    Block,
    Format,
    IndexedSource,
    SequentialWriter,
    Shape,
    Source,
    StreamSource,
    Table,
)
from xentcli.formats.files import InputFile, open_file
from xentcli.formats.names import format_names
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

VALUES = np.arange(30, dtype=np.float32).reshape(10, 3)
SHOWN = VALUES.astype(">f4")  # the same numbers


class Told:
    """What is said of the array, and the array that is given."""

    format = "told"
    shape: Shape
    given: NDArray[Any] = SHOWN

    def __init__(self, data: Input) -> None:
        self.name, self.notes = data.name, list[str]()
        self.shape, self.dtype, self.stored_dtype = VALUES.shape, VALUES.dtype, "float32"


class ToldStream(Told, StreamSource):
    carries_bytes = True
    starts: tuple[int, ...] = (0, 4, 8)
    rows = 4

    def blocks(self, rows: int) -> Iterator[Block]:
        del rows
        for start in self.starts:
            yield Block(start, min(self.rows, 10 - start), content=b"")

    def decode(self, block: Block) -> Table:
        return Table(self.given[block.start : block.start + block.rows])


class ToldIndexed(Told, IndexedSource):
    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        return Table(self.given[(slice(None),) * axis + (slice(start, start + rows),)])


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Return what opens a file in a format of such sources."""
    path = tmp_path / "a.told"

    def open_told(kind: type[Any], text: str = "x") -> Source:
        path.write_text(text)
        made = Format("told", (".told",), lambda data, _: kind(data))
        registry.register(made)
        return open_file(InputFile(str(path)))

    yield open_told
    registry.forget("told")


def changed(kind: type[Any], **attributes: Any) -> type[Any]:
    return type(kind.__name__, (kind,), attributes)


def rows_of(source: Source) -> NDArray[Any]:
    return np.concatenate([source.decode(block).values for block in source.blocks(4)])


def test_what_is_promised_is_given(opened: Any) -> None:
    for kind in (ToldStream, ToldIndexed):
        source = opened(kind)
        assert (rows_of(source) == VALUES).all()
        assert source.place((3, 1)).endswith("a.told[3, 1]")
    assert (source.tile(2, 5) == VALUES[2:7]).all()
    columns = [source.decode(block).values for block in source.blocks(2, 1)]
    assert (np.concatenate(columns, axis=1) == VALUES).all()


class ToldOnce(ToldStream):
    """A stream of which no row can be read again."""

    def __init__(self, data: Input) -> None:
        super().__init__(data)
        self._data = data

    def blocks(self, rows: int) -> Iterator[Block]:
        for block in super().blocks(rows):
            if not self._data.read(1):
                raise InputError(f"{self.name}: nothing is left")
            yield block


def test_a_stream_is_copied_where_it_is_read_twice(opened: Any) -> None:
    source = opened(ToldOnce, "xyz").kept()
    for _ in range(2):
        assert (rows_of(source) == VALUES).all()
    with pytest.raises(InputError, match=r"a\.told: nothing is left"):
        opened(ToldOnce, "xy").kept()
    again = opened(changed(ToldStream, kept=lambda self: self))
    assert again.kept() is again


WRONG_SHAPES: list[Any] = [(-10, 3), (10.0, 3), ("10", 3), (10, None), [10, 3], (np.uint32(10), 3)]


def shaped(shape: Any) -> type[Any]:
    return changed(ToldStream, shape=property(lambda _: shape, lambda *_: None))


class KeepsFile(ToldStream):
    def __init__(self, data: Input) -> None:
        super().__init__(data)
        self.unchanged = data.check_unchanged
        self.kept_bytes = b"x" * 10
        self._input = threading.Lock()


def test_what_cannot_be_sent_to_other_processes_is_named(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError) as raised:
        pickle.dumps(opened(KeepsFile))
    what = "the format told keeps _input, which cannot be sent to other processes: "
    assert what in raised.value.message
    assert "a.told: " in raised.value.message
    assert raised.value.hint == "of_this_process names what is not sent: xent help design"
    monkeypatch.setattr(KeepsFile, "of_this_process", ("unchanged", "_input"))
    again = pickle.loads(pickle.dumps(opened(KeepsFile)))
    np.testing.assert_array_equal(rows_of(again), VALUES)


def test_a_writer_that_lacks_something_is_an_error(opened: Any) -> None:
    """Before the work: at its end, all of it would be lost."""
    opened(ToldStream)
    told, output = registry.by_name("told"), Output("b.told", -1, seekable=False)
    for kind, lacks in ((object, "positional, write, write_at, close"), (Unclosed, "close")):
        made = told._replace(open_writer=lambda *_, kind=kind: kind())
        registry.register(made)
        with pytest.raises(OutputError, match=f"b.told: its format gives .* without {lacks}$"):
            registry.open_writer(made, output, ArrayHeader((1,), np.dtype("f4")))


class Unclosed(SequentialWriter):
    def write(self, rows: NDArray[Any], ids: NDArray[Any] | None = None) -> None:
        """Take the rows."""


def test_added_formats_are_named_first(opened: Any) -> None:
    before = format_names()
    opened(ToldStream)
    assert format_names() == ("told", *before)


def test_what_is_no_source_is_an_error(opened: Any) -> None:
    def without_notes(data: Input) -> Source:
        made = ToldStream(data)
        del made.notes
        return made

    cases: list[tuple[Any, str]] = [
        (lambda _: None, "its format gives NoneType, which is no source"),
        (without_notes, "its format gives a source without notes"),
        (changed(ToldStream, dtype=property(lambda _: "f4", lambda *_: None)), "the dtype 'f4'"),
        *((shaped(shape), "where a tuple of int") for shape in WRONG_SHAPES),
    ]
    for kind, says in cases:
        with pytest.raises(InputError, match=f"a.told: .*{says}"):
            opened(kind)


def test_what_is_not_is_an_error(opened: Any) -> None:
    cases: list[tuple[type[Any], dict[str, Any], str]] = [
        (ToldStream, {"starts": (0, 4)}, "blocks of 8 rows in all, where its shape has 10"),
        (ToldStream, {"starts": ()}, "blocks of 0 rows in all"),
        (ToldStream, {"blocks": lambda *_: None}, "NoneType where blocks were promised"),
        (ToldStream, {"starts": (0, 8)}, "a block from row 8 on behind 4 rows"),
        (ToldStream, {"starts": (0, 0, 4, 8)}, "a block from row 0 on behind 4 rows"),
        (ToldStream, {"given": SHOWN[:9]}, r"shape \(1, 3\) where \(2, 3\) was promised"),
        (ToldStream, {"given": SHOWN[:, :2]}, r"shape \(4, 2\) where \(4, 3\) was promised"),
        (ToldStream, {"given": SHOWN.astype(float)}, "float64 where float32 was promised"),
        (ToldIndexed, {"given": SHOWN[:9]}, r"shape \(1, 3\) where \(2, 3\) was promised"),
        (ToldIndexed, {"given": SHOWN.astype(np.int32)}, "int32 where float32 was promised"),
        (ToldStream, {"decode": lambda *_: VALUES}, "ndarray where a Table was promised"),
        (ToldStream, {"blocks": lambda *_: [b""]}, "bytes where a Block was promised"),
    ]
    for kind, attributes, says in cases:
        with pytest.raises(InputError, match=f"a.told: the format told gives .*{says}"):
            rows_of(opened(changed(kind, **attributes)))
    with pytest.raises(InputError, match="was promised"):
        opened(changed(ToldIndexed, given=SHOWN[:6])).tile(2, 5)
    one_label = changed(
        ToldStream, decode=lambda _, block: Table(VALUES[: block.rows], labels=np.zeros(1))
    )
    with pytest.raises(InputError, match="1 labels or ids of 4 rows"):
        rows_of(opened(one_label))


def test_extensions_are_those_of_files(opened: Any) -> None:
    opened(ToldStream)
    wrong: list[Any] = [".told", ("told",), ("",), [".told"]]
    for extensions in wrong:
        with pytest.raises(ValueError, match="the format 'told': extensions are like"):
            registry.register(registry.by_name("told")._replace(extensions=extensions))
    registry.register(registry.by_name("told")._replace(name="TOLD"))
    assert registry.by_name("Told").name == "TOLD"
    registry.forget("TOLD")
