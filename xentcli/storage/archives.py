"""Reads zip archives: their directory, and their members as they are inflated."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from xentcli.errors import InputError, XentError
from xentcli.storage.compression import MOST_DICTIONARY_BYTES
from xentcli.storage.inputs import Input, SeekableFile
from xentcli.storage.member_places import (
    ENCRYPTED,
    FIRST_MEMBER,
    HEADER_BYTES,
    encrypted,
    lengths_in,
)
from xentcli.text import first_line, visible

if TYPE_CHECKING:
    from zipfile import ZipExtFile, ZipFile, ZipInfo

_LZMA_BYTES, _LZMA_DICTIONARY = 9, 5  # head of an LZMA member; offset of the size
_LARGEST_READ_BYTES = 2**23  # an archive's directory is read at once
_STEP_BYTES = 2**20  # of a member that are read at once
_FEW_BYTES = 2**5  # to inflate at once: zipfile keeps all that they inflate to
_SHOWN_MEMBERS = 5  # in an error
_FORMATS = (
    *(".npy", "data.pkl", "archive_format", "workbook.xml", "[Content_Types].xml", "content.xml"),
    *("zarr.json", ".zarray", ".zgroup"),
)
"""How the name of a member ends in an archive that is a file format of its own."""


@contextmanager
def reading_archive(what: str, hint: str | None = None) -> Iterator[None]:
    """Turn any error of zipfile and its decompressors into one line, with a hint."""
    try:
        yield
    except (XentError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"{what}: {first_line(error)}", hint=hint) from error


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
        with reading_archive(f"{data.name}: {what}"):
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
        with reading_archive(self._what):
            self._file = cast("ZipExtFile", archive.open(info))
        self._bounded = info.compress_type in (ZIP_STORED, ZIP_DEFLATED)
        if not self._bounded:
            self._file.MIN_READ_SIZE = _FEW_BYTES

    def readable(self) -> bool:
        """Return True, as `io` asks of what can be read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, few at a time."""
        with reading_archive(self._what, "is the file damaged? Then copy or write it again"):
            if self._bounded:
                return self._file.read(min(size, _STEP_BYTES))
            return self._file.read(min(size, len(self._file.peek(_FEW_BYTES))))


def open_member(archive: "ZipFile", info: "ZipInfo", name: str, data: Input) -> Input:
    """Return the content of a member, read once from its beginning to its end."""
    if info.flag_bits & ENCRYPTED:
        raise encrypted(f"{name}: it")
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
            f"{name}: its LZMA dictionary would take {size} bytes, and at most "
            f"{MOST_DICTIONARY_BYTES} are allowed",
            hint="write it with numpy.savez_compressed",
        )


def _start_of(info: "ZipInfo", data: Input) -> int:
    """Return where the bytes of a member begin, as the header before them says."""
    header = bytearray(HEADER_BYTES)
    data.read_at(info.header_offset, memoryview(header))
    return info.header_offset + HEADER_BYTES + sum(lengths_in(header))


def only_member(data: Input) -> Input | None:
    """Return the one file in a zip archive, or None if the input is not an archive around a file.

    An archive that is a format of its own, such as NPZ, does not count. A pipe is copied to disk,
    since the directory is at the end.

    Raises
    ------
    InputError
        If there are several files; the error lists them.
    """
    head = data.peek(HEADER_BYTES)
    if not head.startswith(FIRST_MEMBER) or len(head) < HEADER_BYTES:
        return None
    length, _ = lengths_in(head)
    first = data.peek(HEADER_BYTES + length)[HEADER_BYTES:].decode(errors="replace")
    if first.endswith(_FORMATS):
        return None
    data = data.spooled()
    archive = open_archive(data, "a damaged zip archive")
    files = [info for info in archive.infolist() if not _is_beside(info.filename)]
    if any(info.filename.endswith(_FORMATS) for info in files):
        data.rewind()
        return data
    if len(files) != 1:
        raise _several(data.name, [info.filename for info in files])
    member = open_member(archive, files[0], f"{data.name}:{visible(files[0].filename)}", data)
    member.size = member.file_size = data.file_size
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
    if "header.json" in files and any(file.startswith("samples/") for file in files):
        hint = "is it a log of Inspect? inspect log dump LOG > log.json"  # unzip knows no Zstandard
    return InputError(f"{name}: a zip archive is read if it holds one file; {there}", hint=hint)
