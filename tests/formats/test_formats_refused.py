"""What a format from outside must not say of its file or of itself, each named in one line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import Block, Format, StreamSource, Table
from xentcli.formats.files import InputFile, open_file
from xentcli.storage.inputs import Input

VALUES = np.arange(6.0).reshape(2, 3)


class SaidStream(StreamSource):
    """An array of which anything may be said."""

    carries_bytes = True

    def __init__(self, data: Input, said: dict[str, Any]) -> None:
        self.name, self.format, self.notes = data.name, "said", list[str]()
        self.shape, self.dtype, self.stored_dtype = (2, 3), VALUES.dtype, "float64"
        self.values: Any = VALUES
        self.rows: Any = 2
        vars(self).update(said)

    def blocks(self, rows: int) -> Iterator[Block]:
        del rows
        yield Block(0, self.rows, content=b"")

    def decode(self, block: Block) -> Table:
        del block
        return Table(self.values)


def said_format(**said: Any) -> Format:
    return Format("said", (".said",), lambda data, _: SaidStream(data, said))


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    registry.forget("said")


def rows_of(folder: Path, **said: Any) -> Any:
    registry.register(said_format(**said))
    path = folder / "a.said"
    path.write_bytes(b"x")
    source = open_file(InputFile(str(path)))
    return np.concatenate([source.decode(block).values for block in source.blocks(9)])


def test_a_source_says_what_fits(tmp_path: Path) -> None:
    assert (rows_of(tmp_path, columns=("a", "b", "c"), size=1, notes=["read"]) == VALUES).all()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": 3}, "name = 3, where text belongs"),
        ({"stored_dtype": VALUES.dtype}, "stored_dtype = dtype('float64'), where the name of a dt"),
        ({"size": "big"}, "size = 'big', where a number of bytes or None belongs"),
        ({"notes": "read"}, "notes = 'read', where a list of text belongs"),
        ({"notes": None}, "notes = None, where a list of text belongs"),
        ({"columns": ["a", "b", "c"]}, "columns = ['a', 'b', 'c'], where a tuple of text belongs"),
        ({"columns": (0, 1, 2)}, "columns = (0, 1, 2), where a tuple of text belongs"),
        ({"columns": ("a", "b")}, "2 names of columns for the shape (2, 3)"),
        ({"dtype": np.dtype(complex)}, "the dtype complex128, which is none of numbers or text"),
        ({"dtype": np.dtype("M8[s]")}, "the dtype datetime64[s], which is none of numbers or tex"),
    ]
    for said, message in cases:
        with pytest.raises(InputError) as raised:
            rows_of(tmp_path, **said)
        assert f"a.said: its format gives {message}" in raised.value.message


def test_a_source_gives_what_it_says(tmp_path: Path) -> None:
    """A mask would be forgotten, and hidden numbers be counted."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"values": np.ma.masked_equal(VALUES, 3.0)}, "MaskedArray where a plain array was promi"),
        ({"values": VALUES.tolist()}, "list where a plain array was promised"),
        ({"dtype": np.dtype(object)}, "numbers of float64 where object was promised"),
        ({"values": VALUES.astype(str)}, "where float64 was promised"),
        ({"rows": 2.0}, "a block of 2.0 rows, which is no whole number"),
    ]
    for said, message in cases:
        with pytest.raises(InputError) as raised:
            rows_of(tmp_path, **said)
        assert message in raised.value.message
        assert "a.said: the format said gives " in raised.value.message


def test_what_is_registered_is_a_format() -> None:
    made = said_format()
    wrong: list[tuple[Any, str]] = [
        (SaidStream, "register takes a Format, not <class"),
        ("said", "register takes a Format, not 'said'"),
        (made._replace(name=""), "a format has a name, not ''"),
        (made._replace(name=None), "a format has a name, not None"),  # type: ignore[arg-type]
        (made._replace(extensions=(".SAID",)), "in small letters"),  # none is ever looked up
        (made._replace(recognises=None), "recognises is a function"),  # type: ignore[arg-type]
        (made._replace(open_source=None), "open_source is a function"),  # type: ignore[arg-type]
        (made._replace(requires="scipy"), r"requires \('module', 'extra'\), not 'scipy'"),  # type: ignore[arg-type]
    ]
    for format_, says in wrong:
        with pytest.raises(ValueError, match=says):
            registry.register(format_)
