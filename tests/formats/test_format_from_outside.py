"""A format from outside the package: at the command line, and with what it may lack."""

import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract import some_values, values_of, written
from forking import said_by
from opening import assert_same_bits
from toy_format import TOY

from xentcli.errors import InputError, OutputError
from xentcli.formats import registry
from xentcli.formats.base import Format
from xentcli.formats.files import InputFile, open_file, open_files
from xentcli.formats.shard_headers import reading_headers

Z = some_values("f4", (23, 3))


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    registry.register(TOY)
    yield
    for name in (TOY.name, "odd"):
        registry.forget(name)


def toy(folder: Path, *arguments: str) -> str:
    return said_by("toy_format:main", arguments, folder)


def test_a_format_from_outside_at_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "z.toy").write_bytes(written(TOY, Z))
    np.save(tmp_path / "z.npy", Z)
    np.save(tmp_path / "y.npy", np.arange(23) % 3)
    loss = ["loss", "--labels", "y.npy", "--logits"]
    assert toy(tmp_path, *loss, "z.toy") == toy(tmp_path, *loss, "z.npy")
    assert toy(tmp_path, "softmax", "z.toy", "-o", "p.toy").startswith("0")
    assert toy(tmp_path, "softmax", "z.npy", "-o", "p.npy").startswith("0")
    assert_same_bits(
        np.frombuffer((tmp_path / "p.toy").read_bytes().partition(b"\n")[2], "<f4").reshape(23, 3),
        np.load(tmp_path / "p.npy"),
    )
    (tmp_path / "z.toy").write_bytes((tmp_path / "z.toy").read_bytes()[:-1])
    assert toy(tmp_path, *loss, "z.toy") == "1 error: z.toy: the file is cut off"


def test_a_library_that_is_missing(tmp_path: Path) -> None:
    odd = TOY._replace(name="odd", extensions=(".odd",), requires=("no_such_module", "arrow"))
    registry.register(odd)
    (tmp_path / "a.odd").write_bytes(written(TOY, Z))
    with pytest.raises(InputError, match=r"a\.odd: odd needs no_such_module$") as caught:
        open_file(InputFile(str(tmp_path / "a.odd"), "odd"))
    install = f"{sys.executable} -m pip install 'pyarrow>=26'"
    assert caught.value.hint == f"the extra 'arrow' brings it: {install}"
    with pytest.raises(OutputError, match="odd needs no_such_module"):
        written(odd, Z)


def test_a_format_that_its_extension_alone_tells(tmp_path: Path) -> None:
    odd = Format(name="odd", extensions=(".odd",), open_source=TOY.open_source)
    registry.forget(TOY.name)
    registry.register(odd)
    (tmp_path / "a.odd").write_bytes(written(TOY, Z))
    assert_same_bits(values_of(open_file(InputFile(str(tmp_path / "a.odd"))), 5), Z)


def test_a_format_that_is_only_read() -> None:
    with pytest.raises(OutputError, match="out: toy is only read"):
        written(TOY._replace(open_writer=None), Z)


def test_no_process_reads_by_another_format(tmp_path: Path) -> None:
    """A worker that lacks a format would take its files for another, and give other numbers."""
    paths = [str(tmp_path / f"{i}.npy") for i in range(32)]  # as many as workers read headers of
    for path in paths:
        np.save(path, Z)
    registry.forget(TOY.name)
    odd = registry.by_name("npy")._replace(name="odd")
    plain = open_file(InputFile(paths[0]))
    registry.register(odd)
    found = open_file(InputFile(paths[0]))
    assert (plain.format, found.format) == ("npy", "odd")
    with reading_headers(lambda _work, _files: pytest.fail("a worker may lack the format")):
        assert open_files(paths, InputFile).format == "odd"
    for reference in (found.reference, pickle.loads(pickle.dumps(found.reference))):
        assert reference is not None
        assert_same_bits(values_of(reference.open(), 5), Z)
    for source, is_here in ((plain, True), (found, False)):
        if not is_here:
            registry.forget("odd")
        assert source.reference is not None
        with pytest.raises(InputError, match=r"0\.npy: the format 'odd' was added to xent in some"):
            source.reference.open()

    def with_odd(work: Callable[[Any], Any], files: Iterable[Any]) -> list[Any]:
        registry.register(odd)
        headers = list(map(work, files))
        registry.forget("odd")
        return headers

    with reading_headers(with_odd), pytest.raises(InputError, match="'odd' was added"):
        open_files(paths, InputFile)
