"""Reads zip archives: their directory, and their members as they are inflated."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct
from typing import IO, TYPE_CHECKING, cast

from xentcli.errors import InputError, XentError
from xentcli.storage.compression import MOST_DICTIONARY_BYTES
from xentcli.storage.inputs import Input, SeekableFile
from xentcli.text import first_line, visible

if TYPE_CHECKING:
    from zipfile import ZipExtFile, ZipFile, ZipInfo

_FIRST_MEMBER = b"PK\3\4"
_NAME_BYTES = 26  # where the header of a member says how long its name is
_HEADER_BYTES = 30
_LOCAL_HEADER = Struct("<4s2xHH4xIIIHH")
"""A member's header: signature, flags, method, checksum, sizes, lengths of name and extra field."""
_RECORD = Struct("<HH")  # of the extra field: a kind and a length, before so many bytes
_PADDING = 0x4246  # the kind of record that has PyTorch's tensors begin at a multiple of 64
_USUAL_EXTRA_BYTES = 128
_SIZES_FOLLOW, _IN_EXTRA = 8, 2**32 - 1  # the sizes stand behind the member, or in a record
_LZMA_BYTES, _LZMA_DICTIONARY = 9, 5  # head of an LZMA member; offset of the size
_ENCRYPTED, _UTF_8 = 1, 0x800  # in a member's flags
_LARGEST_READ_BYTES = 2**23  # an archive's directory is read at once
_STEP_BYTES = 2**20  # of a member that are read at once
_FEW_BYTES = 2**5  # to inflate at once: zipfile keeps all that they inflate to
_SHOWN_MEMBERS = 5  # in an error
_FORMATS = (".npy", "data.pkl", "archive_format", "workbook.xml", "[Content_Types].xml")
"""How the name of a member ends in an archive that is a file format of its own."""


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn any error of zipfile and its decompressors into one line."""
    try:
        yield
    except (XentError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"{what}: {first_line(error)}") from error


class _Archive(SeekableFile):
    """The bytes of an archive; a directory that claims to be huge is not read."""

    def read(self, size: int = -1, /) -> bytes:
        if size > _LARGEST_READ_BYTES:
            raise ValueError(f"a directory of {size} bytes is not believable")
        return super().read(size)


def open_archive(data: Input, what: str) -> "ZipFile":
    """Open a seekable input as an archive; `what` is what an error says if it is none."""
    from zipfile import ZipFile

    file = cast("IO[bytes]", _Archive(data))
    try:
        with readable(f"{data.name}: {what}"):
            return ZipFile(file)
    except InputError as error:
        if not error.hint and _begins(file):
            error.hint = "the file is cut off"  # the directory stands at its end
        raise


def _begins(file: "IO[bytes]") -> bool:
    """Whether a file has the first bytes of an archive."""
    file.seek(0)
    return file.read(4) == b"PK\3\4"


class _Member(io.RawIOBase):
    """The inflated bytes of a member."""

    def __init__(self, archive: "ZipFile", info: "ZipInfo", name: str) -> None:
        from zipfile import ZIP_DEFLATED, ZIP_STORED

        self._what = f"{name}: cannot be read"
        with readable(self._what):
            self._file = cast("ZipExtFile", archive.open(info))
        self._bounded = info.compress_type in (ZIP_STORED, ZIP_DEFLATED)
        if not self._bounded:
            self._file.MIN_READ_SIZE = _FEW_BYTES

    def readable(self) -> bool:
        """Return True, as `io` asks of what can be read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, few at a time."""
        with readable(self._what):
            if self._bounded:
                return self._file.read(min(size, _STEP_BYTES))
            return self._file.read(min(size, len(self._file.peek(_FEW_BYTES))))


def open_member(archive: "ZipFile", info: "ZipInfo", name: str, data: Input) -> Input:
    """Return the content of a member, read once from its beginning to its end."""
    if info.flag_bits & _ENCRYPTED:
        raise InputError(f"{name}: it is encrypted")
    _check_dictionary(info, name, data)
    content = cast("IO[bytes]", _Member(archive, info, name))
    return Input(name, content, None, check=data.check_unchanged)


def _check_dictionary(info: "ZipInfo", name: str, data: Input) -> None:
    """Raise InputError if an LZMA member asks for more memory than an xz stream may.

    zipfile gives its decompressor no limit.
    """
    from zipfile import ZIP_LZMA

    if info.compress_type != ZIP_LZMA:
        return
    start = _start_of(info, data)
    properties = bytearray(_LZMA_BYTES)
    data.read_at(start, memoryview(properties))
    size = int.from_bytes(properties[_LZMA_DICTIONARY:], "little")
    if size > MOST_DICTIONARY_BYTES:
        raise InputError(
            f"{name}: an LZMA dictionary of {size} bytes, and at most {MOST_DICTIONARY_BYTES} are "
            "given to one",
            hint="write it with numpy.savez_compressed",
        )


def _start_of(info: "ZipInfo", data: Input) -> int:
    """Return where the bytes of a member begin, as the header before them says."""
    header = bytearray(_HEADER_BYTES)
    data.read_at(info.header_offset, memoryview(header))
    return info.header_offset + _HEADER_BYTES + _lengths_in(header)


def _lengths_in(header: bytearray) -> int:
    """Return the length of the name and the extra field that follow a member's header."""
    lengths = (header[i : i + 2] for i in (_NAME_BYTES, _NAME_BYTES + 2))
    return sum(int.from_bytes(length, "little") for length in lengths)


def place_of(info: "ZipInfo", data: Input) -> int:
    """Return where the bytes of a stored member begin, once it is known that all are there.

    Raises
    ------
    InputError
        If the header before them contradicts the directory, even in the lengths that tell where
        the bytes begin: numbers that are read a few bytes off are other numbers.
    """
    if info.flag_bits & _ENCRYPTED:
        raise _wrong(info, data, " is encrypted")
    raw = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF_8 else "cp437", "replace")
    begin = _HEADER_BYTES + len(raw)
    header = bytearray(begin + _USUAL_EXTRA_BYTES)
    there = data.read_at(info.header_offset, memoryview(header))
    signature, flags, method, checksum, stored, size, *lengths = _LOCAL_HEADER.unpack_from(header)
    extra_bytes = lengths[1]
    same = signature == _FIRST_MEMBER and header.startswith(raw, _HEADER_BYTES)
    same = same and lengths[0] == len(raw) and method == info.compress_type
    if not flags & _SIZES_FOLLOW:
        same = same and checksum == info.CRC and {stored, size} <= {info.file_size, _IN_EXTRA}
    if not same or flags & _ENCRYPTED or there < min(len(header), begin + extra_bytes):
        raise _wrong(info, data, ": its header is not what the directory says")
    if extra_bytes > _USUAL_EXTRA_BYTES:
        header += bytes(extra_bytes - _USUAL_EXTRA_BYTES)
        data.read_at(info.header_offset, memoryview(header))
    if not _are_records(header[begin : begin + extra_bytes]):
        raise _wrong(info, data, ": its header is not what the directory says")
    start: int = info.header_offset + begin + extra_bytes
    if info.file_size != info.compress_size or start + info.file_size > (data.size or 0):
        raise _wrong(info, data, " is cut off")
    return start


def _wrong(info: "ZipInfo", data: Input, what: str) -> InputError:
    return InputError(f"{data.name}: the member {visible(info.filename)}{what}")


def _are_records(extra: bytearray) -> bool:
    """Whether the extra field of a member consists of records, each with its length."""
    at = 0
    while at + _RECORD.size <= len(extra):
        kind, length = _RECORD.unpack_from(extra, at)
        if not length and kind != _PADDING:
            return False  # small integers and zeros of the array look like this
        at += _RECORD.size + length
    return at == len(extra)


def only_member(data: Input) -> Input | None:
    """Return the one file in a zip archive, or None if the input is not an archive around a file.

    An archive that is a format of its own, such as NPZ, does not count. A pipe is copied to disk,
    since the directory is at the end.

    Raises
    ------
    InputError
        If there are several files; the error lists them.
    """
    head = data.peek(_HEADER_BYTES)
    if not head.startswith(_FIRST_MEMBER) or len(head) < _HEADER_BYTES:
        return None
    length = int.from_bytes(head[_NAME_BYTES : _NAME_BYTES + 2], "little")
    first = data.peek(_HEADER_BYTES + length)[_HEADER_BYTES:].decode(errors="replace")
    if first.endswith(_FORMATS):
        return None
    size, data = data.size, data.spooled()
    archive = open_archive(data, "a damaged zip archive")
    files = [info for info in archive.infolist() if not _is_beside(info.filename)]
    if any(info.filename.endswith(_FORMATS) for info in files):
        data.rewind()
        return data
    if len(files) != 1:
        raise _several(data.name, [info.filename for info in files])
    member = open_member(archive, files[0], f"{data.name}:{visible(files[0].filename)}", data)
    member.size = size
    member.seekable = False
    return member


def _is_beside(name: str) -> bool:
    """Whether a member is a folder, or a file that operating systems add on their own."""
    parts = name.split("/")
    return name.endswith("/") or "__MACOSX" in parts or parts[-1].startswith(".")


def _several(name: str, files: list[str]) -> InputError:
    listed = [repr(visible(file)) for file in files[:_SHOWN_MEMBERS]]
    listed += [f"{len(files) - _SHOWN_MEMBERS} more"] if len(files) > _SHOWN_MEMBERS else []
    there = f"it holds {', '.join(listed)}" if files else "it holds no file"
    hint = "take the files out of it: unzip" if files else None
    return InputError(f"{name}: a zip archive is read if it holds one file; {there}", hint=hint)
