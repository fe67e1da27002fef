"""Lists of batches: read as one array at the places where PyTorch put them."""

import io
import pickle
import pickletools
import zipfile
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from opening import assert_same_bits, read_array
from torch_bytes import archive, legacy, listed, pickled, plain
from torch_goldens import goldens, input_of

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import IndexedSource, ReadOptions
from xentcli.formats.pickled.calls import Call, Global, Persistent
from xentcli.formats.pickled.operations import read_pickle
from xentcli.formats.pickled.pickle_text import PickleText
from xentcli.formats.pickled.scattered import ScatteredSource
from xentcli.formats.pickled.usual_places import usual_places
from xentcli.storage.member_places import place_of


def test_batches_are_read_as_one_array_wherever_they_are() -> None:
    rng = np.random.default_rng(0)
    rows = [3, 0, 1, 2000, 5, 0, 0, 7, 2, 1]
    batches = {str(i): rng.normal(size=(n, 2, 3)).astype("<f4") for i, n in enumerate(rows)}
    want = np.concatenate(list(batches.values()))
    text = pickled(listed(*[plain(key, batch) for key, batch in batches.items()]))
    strewn = dict(sorted(batches.items(), key=lambda item: item[1].sum()))
    members = {key: batch.tobytes() for key, batch in strewn.items()}
    counted = {key: (batches[key].size, content) for key, content in members.items()}
    for content in (archive(text, members), legacy(text, counted)):
        source = registry.open_source(input_of(content, "a.pt"), None, ReadOptions())
        assert isinstance(source, ScatteredSource)
        assert isinstance(source, IndexedSource)
        for start, count in ((0, len(want)), (1, 5), (2, 2003), (3, 0), (2005, 14), (2018, 1)):
            assert_same_bits(source.read(start, count).values, want[start : start + count])
            rows_of_it = max(0, 2 * count - 1)
            tile = source.tile(2 * start + 1, rows_of_it)
            assert_same_bits(tile, want.reshape(-1, 3)[2 * start + 1 :][:rows_of_it])
        assert_same_bits(source.read(1, 1, 1).values, want[:, 1:2])
        assert_same_bits(source.read(1, 2, 2).values, want[..., 1:])


def test_rows_in_a_list_are_not_read_as_one_long_row() -> None:
    """They may be batches of one number a row, and labels are."""
    rows = [np.arange(3.0) + i for i in range(2)]
    text = pickled(listed(*[plain(str(i), row) for i, row in enumerate(rows)]))
    torch_file = archive(text, {str(i): row.tobytes() for i, row in enumerate(rows)})
    for content in (pickle.dumps(rows, 4), torch_file, pickle.dumps([rows[0], rows[1][::-1]], 4)):
        with pytest.raises(InputError, match="a list of 2 arrays of 3 numbers: rows, or batches"):
            registry.open_source(input_of(content, "a.pt"), None, ReadOptions())
    want = np.concatenate(rows)
    read_as = ReadOptions()
    for options in (
        read_as._replace(labels=True),
        read_as._replace(missing=True),
        read_as._replace(any_columns=True),
    ):
        source = registry.open_source(input_of(torch_file, "a.pt"), None, options)
        assert_same_bits(read_array(source, 9), want)
    for others in ([rows[0], rows[1][:2]], [rows[0][:1], rows[1][:1]], rows[:1]):
        source = registry.open_source(
            input_of(pickle.dumps(others, 4), "a.pkl"), None, ReadOptions()
        )
        assert_same_bits(read_array(source, 9), np.concatenate(others))


def test_places_that_are_found_together_are_those_that_each_header_says() -> None:
    content = goldens()[0]["two.pt"]
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = [member for member in file.infolist() if "/data/" in member.filename]
        want = {member.filename: file.read(member) for member in members}
    found = usual_places(members, input_of(content, "a"))
    there = {name: content[begin : begin + len(want[name])] for name, begin in found.items()}
    assert there == want
    assert len(there) > 1
    start = members[0].header_offset
    for bit in range(8 * start, 8 * (start + 34 + len(members[0].filename))):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        data = input_of(bytes(changed), "a")
        found = usual_places(members, data)
        for member in members:
            if member.filename in found:
                assert found[member.filename] == place_of(member, data), bit


class Made:
    """What Python's own reader calls in the place of a class or a function."""

    def __init__(self, *told: Any) -> None:
        self.told, self.items = told, dict[Any, Any]()

    def __call__(self, *arguments: Any) -> "Made":
        return Made(self, *arguments)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def __setstate__(self, state: Any) -> None:
        self.items["state"] = state


class Told(pickle._Unpickler):
    """Python's own reader, which makes nothing but a description."""

    def find_class(self, module: str, name: str) -> Made:
        return Made(module, name)

    def persistent_load(self, identity: Any) -> Made:
        return Made("kept", identity)


def plainly(what: Any) -> Any:
    """Return what either reader describes as tuples."""
    match what:
        case Made():
            return tuple(map(plainly, what.told)), plainly(list(what.items.values()))
        case Call():
            items = [*what.items.values(), *([] if what.state is None else [what.state])]
            return (plainly(what.function), *map(plainly, what.arguments)), plainly(items)
        case Global() | Persistent():
            told = what if isinstance(what, Global) else ("kept", what.identity)
            return tuple(map(plainly, told)), []
        case tuple() | list():
            return type(what)(map(plainly, what))
        case dict():
            return {str(key): plainly(value) for key, value in what.items()}
    return what


def test_what_is_read_in_one_step_is_what_python_reads_of_it_whatever_byte_changes() -> None:
    with zipfile.ZipFile(io.BytesIO(goldens()[0]["state dict.pt"])) as file:
        described = file.read(next(name for name in file.namelist() if name.endswith("data.pkl")))
    kept = [place or 0 for op, place, _ in pickletools.genops(described) if op.name == "BINPUT"]
    described = described[:-1] + b"(" + b"".join(b"h" + bytes([i]) for i in kept) + b"t\x86."
    read = 0
    for at in range(200, len(described), 3):
        changed = bytearray(described)
        changed[at] = at % 50 if at % 2 else changed[at] ^ 1
        got = want = None
        with suppress(InputError):
            got = read_pickle(PickleText(input_of(bytes(changed), "a")))
        with suppress(Exception):  # numbers are called, given items, or names of nothing
            want = Told(io.BytesIO(changed)).load() if got is not None else None
        if want is not None:
            with suppress(RecursionError):  # what is in itself
                assert plainly(got) == plainly(want), at
                read += 1
    assert read > 50
