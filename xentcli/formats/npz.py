"""NPZ: NPY files in a zip archive, stored or compressed, one for each array."""

import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from xentcli.errors import InputError
from xentcli.formats import npy, zip_member
from xentcli.formats.array_writer import ArrayWriter
from xentcli.formats.arrays import open_stored
from xentcli.formats.base import ArrayHeader, Format, ReadOptions, SequentialWriter, Source
from xentcli.formats.contents import Content
from xentcli.formats.keys import choose, notes_of, shown
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

    from numpy.typing import NDArray

_MAGICS = (b"PK\3\4", b"PK\5\6")  # an archive with a member, and an empty one
_ENDING = ".npy"


def open_source(data: Input, options: ReadOptions) -> Source:
    """Open an array of an NPZ file; a piped file is kept on disk, as its directory is at the end.

    The array itself is a stream: a member is inflated as it is read, and its checksum compared.
    """
    data = data.spooled()
    from xentcli.storage.archives import open_archive

    archive = open_archive(data, "not an NPZ file")
    if _is_pytorchs(archive):
        from xentcli.formats.pickled import PT

        return PT.open_source(data, options)
    members = _members(archive, data.name)

    def describe(key: str) -> str:
        try:
            shape, dtype = npy.described(_open_member(archive, members[key], data))
            return f"{shape} {dtype}"
        except InputError:
            return "(not readable)"

    if options.key is None and len(members) > 1:
        from xentcli.formats.foreign import other_arrays

        if other := other_arrays(members):
            raise InputError(f"{data.name}: {other.what}, which is not read", hint=other.cure)
    key = choose(data.name, members, options, describe)
    member = members[key]
    array = _open_member(archive, member, data)
    stored = npy.read_header(array, options.input_dtype, labels=options.takes_names)
    source = open_stored(array, stored, "npz", there=member.file_size)
    source.size = data.file_size
    source.notes += notes_of(data.name, members, options, key)
    return source


def contents(data: Input, options: ReadOptions) -> list[Content]:
    """Return the arrays of a file that can be read at any place, if there are several."""
    del options
    from xentcli.storage.archives import open_archive

    archive = open_archive(data, "not an NPZ file")
    if _is_pytorchs(archive):
        from xentcli.formats.pickled.source import contents as contents_of

        return contents_of(data)
    members = _members(archive, data.name)
    listed = []
    for key, member in members.items() if len(members) > 1 else ():
        try:
            shape, dtype = npy.described(_open_member(archive, member, data))
        except InputError:
            shape, dtype = (), "unknown"
        listed.append(Content(key, shape, dtype, key=key))
    return listed


def _is_pytorchs(archive: "ZipFile") -> bool:
    """Whether the archive is a PyTorch file whose members were put into another order."""
    names = archive.namelist()
    return any(n.endswith("data.pkl") for n in names) and not any(map(_is_array, names))


def _is_array(name: str) -> bool:
    return name.endswith(_ENDING)


def _members(archive: "ZipFile", name: str) -> dict[str, "ZipInfo"]:
    """Return the arrays by key."""
    found = [info for info in archive.infolist() if info.filename.endswith(_ENDING)]
    keys = [info.filename.removesuffix(_ENDING) for info in found]
    (key, count), *_ = [*Counter(keys).most_common(1), ("", 0)]
    if count > 1:
        raise InputError(f"{name}: {count} arrays have the name {shown(key)!r}")
    if not found:
        from xentcli.formats.pickled.zipped import refuse_programs

        refuse_programs(name, [info.filename for info in archive.infolist()])
        from xentcli.formats.foreign import other_archive

        if other := other_archive(archive.namelist()):
            raise InputError(f"{name}: {other.what}, not an NPZ file", hint=other.cure)
        if archive.infolist():
            raise InputError(f"{name}: not an NPZ file: a zip archive without an NPY file in it")
    return dict(zip(keys, found, strict=True))


def _open_member(archive: "ZipFile", info: "ZipInfo", data: Input) -> Input:
    name = f"{data.name}:{shown(info.filename.removesuffix(_ENDING))}"
    from xentcli.storage.archives import open_member

    return open_member(archive, info, name, data)


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


def _recognises(head: bytes) -> bool:
    """Whether it is a zip archive, and does not begin as PyTorch's do."""
    first = zip_member.first_name(head) or b""
    return head.startswith(_MAGICS) and not first.endswith(b"/data.pkl")


NPZ = Format(
    name="npz",
    extensions=(".npz",),
    recognises=_recognises,
    open_source=open_source,
    open_writer=NpzWriter,
    has_keys=True,
    contents=contents,
)
