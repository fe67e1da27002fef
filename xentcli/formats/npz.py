"""NPZ: NPY files in a zip archive, stored or compressed, one for each array."""

import io
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

from xentcli.errors import InputError, XentError
from xentcli.formats import npy, zip_member
from xentcli.formats.array_writer import ArrayWriter
from xentcli.formats.arrays import open_stored
from xentcli.formats.base import ArrayHeader, Format, ReadOptions, SequentialWriter, Source
from xentcli.formats.keys import choose, shown
from xentcli.storage.inputs import Input, SeekableFile
from xentcli.storage.outputs import Output
from xentcli.text import first_line

if TYPE_CHECKING:
    from zipfile import ZipExtFile, ZipFile, ZipInfo

    from numpy.typing import NDArray

_MAGICS = (b"PK\3\4", b"PK\5\6")  # a first member; none
_ENDING = ".npy"
_ENCRYPTED = 1  # in a member's flags
_LARGEST_READ_BYTES = 2**23  # an archive's directory is read at once
_STEP_BYTES = 2**20  # of a member to ask for at once
_FEW_BYTES = 2**5  # to inflate at once, where zipfile keeps whatever they come to
_FOREIGN = {
    "data.pkl": ("a PyTorch file", "np.save(path, tensor.numpy())"),
    "workbook.xml": ("an Excel file", "save the sheet as CSV"),
}


def open_source(data: Input, options: ReadOptions) -> Source:
    """Open an array of an NPZ file; one from a pipe is kept on disk, its directory is at the end.

    The array itself is a stream: a member is inflated as it is read, and its checksum compared.
    """
    size, data = data.size, data.spooled()
    archive = _open_archive(data)
    members = _members(archive, data.name)

    def describe(key: str) -> str:
        try:
            return npy.describe(_open_member(archive, members[key], data))
        except InputError:
            return "(not readable)"

    member = members[choose(data.name, members, options, describe)]
    array = _open_member(archive, member, data)
    stored = npy.read_header(array, options.input_dtype, labels=options.labels)
    source = open_stored(array, stored, "npz", there=member.file_size)
    source.size = size
    return source


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Turn whatever zipfile and its decompressors say into one line."""
    try:
        yield
    except (XentError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"{what}: {first_line(error)}") from error


class _Archive(SeekableFile):
    """The bytes of an archive, of which no directory makes us read very many at once."""

    def read(self, size: int = -1, /) -> bytes:
        if size > _LARGEST_READ_BYTES:
            raise ValueError(f"a directory of {size} bytes is not believable")
        return super().read(size)


def _open_archive(data: Input) -> "ZipFile":
    from zipfile import ZipFile

    with _readable(f"{data.name}: not an NPZ file"):
        return ZipFile(cast("IO[bytes]", _Archive(data)))


def _members(archive: "ZipFile", name: str) -> dict[str, "ZipInfo"]:
    """Return the arrays by key."""
    found = [info for info in archive.infolist() if info.filename.endswith(_ENDING)]
    keys = [info.filename.removesuffix(_ENDING) for info in found]
    (key, count), *_ = [*Counter(keys).most_common(1), ("", 0)]
    if count > 1:
        raise InputError(f"{name}: {count} arrays have the name {shown(key)!r}")
    if not found:
        for ending, (what, hint) in _FOREIGN.items():
            if any(info.filename.endswith(ending) for info in archive.infolist()):
                raise InputError(f"{name}: {what}, not an NPZ file", hint=hint)
        if archive.infolist():
            raise InputError(f"{name}: not an NPZ file: a zip archive without an NPY file in it")
    return dict(zip(keys, found, strict=True))


class _Member(io.RawIOBase):
    """The inflated bytes of a member."""

    def __init__(self, archive: "ZipFile", info: "ZipInfo", name: str) -> None:
        from zipfile import ZIP_DEFLATED, ZIP_STORED

        self._what = f"{name}: cannot be read"
        with _readable(self._what):
            self._file = cast("ZipExtFile", archive.open(info))
        self._bounded = info.compress_type in (ZIP_STORED, ZIP_DEFLATED)
        if not self._bounded:
            self._file.MIN_READ_SIZE = _FEW_BYTES

    def read(self, size: int = -1, /) -> bytes:
        with _readable(self._what):
            if self._bounded:
                return self._file.read(min(size, _STEP_BYTES))
            return self._file.read(min(size, len(self._file.peek(_FEW_BYTES))))


def _open_member(archive: "ZipFile", info: "ZipInfo", data: Input) -> Input:
    name = f"{data.name}:{shown(info.filename.removesuffix(_ENDING))}"
    if info.flag_bits & _ENCRYPTED:
        raise InputError(f"{name}: it is encrypted")
    content = cast("IO[bytes]", _Member(archive, info, name))
    return Input(name, content, None, check=data.check_unchanged)


class NpzWriter(SequentialWriter):
    """Writes one array as the only member of an archive, the same bytes at any time.

    Rows must come in order, since the checksum is one of all bytes.
    """

    def __init__(self, output: Output, header: ArrayHeader) -> None:
        self._output = output
        self._name = (header.name + _ENDING).encode()
        self._start = zip_member.start(self._name)
        output.write(self._start)
        self._member = _MemberOutput(output)
        self._writer = ArrayWriter(self._member, header, header_of=npy.header_of)

    def write(self, rows: "NDArray[Any]", ids: "NDArray[Any] | None" = None) -> None:
        """Write rows, converted to the header's dtype."""
        self._writer.write(rows, ids)

    def close(self) -> None:
        """Write the checksum and the directory."""
        self._writer.close()
        member = self._member
        self._output.write(
            zip_member.end(self._name, len(self._start), member.size, member.checksum)
        )


class _MemberOutput(Output):
    """The inside of an archive's member, where nothing can be rewritten."""

    def __init__(self, output: Output) -> None:
        super().__init__(output.name, -1, seekable=False)
        self.size = 0
        self.checksum = 0
        self._output = output

    def write(self, data: bytes | memoryview) -> None:
        data = memoryview(data).cast("B") if len(data) else memoryview(b"")
        self.size += len(data)
        self.checksum = zlib.crc32(data, self.checksum)
        self._output.write(data)


NPZ = Format(
    name="npz",
    extensions=(".npz",),
    recognises=lambda head: head.startswith(_MAGICS),
    open_source=open_source,
    open_writer=NpzWriter,
    has_keys=True,
)
