"""Finds where the bytes of a zip archive's members begin, as the headers before them say."""

from struct import Struct
from typing import TYPE_CHECKING

from xentcli.errors import InputError
from xentcli.storage.inputs import Input
from xentcli.text import visible

if TYPE_CHECKING:
    from zipfile import ZipInfo

FIRST_MEMBER = b"PK\3\4"
HEADER_BYTES = 30  # before the name of a member
STORED = 0  # not compressed, as zipfile says it
ENCRYPTED, _UTF_8 = 1, 0x800  # in a member's flags
SIZES_FOLLOW, _IN_EXTRA = 8, 2**32 - 1  # the sizes stand behind the member, or in a record
_LOCAL_HEADER = Struct("<4s2xHH4xIIIHH")
"""A member's header: signature, flags, method, checksum, sizes, lengths of name and extra field."""
RECORD = Struct("<HH")  # of the extra field: a kind and a length, before so many bytes
PADDING = 0x4246  # the kind of record that has PyTorch's tensors begin at a multiple of 64
_USUAL_EXTRA_BYTES = 128


def place_of(info: "ZipInfo", data: Input) -> int:
    """Return where the bytes of a stored member begin, once it is known that all are there.

    Raises
    ------
    InputError
        If the header before them contradicts the directory, even in the lengths that tell where
        the bytes begin: numbers that are read a few bytes off are other numbers.
    """
    if info.flag_bits & ENCRYPTED:
        raise encrypted(f"{data.name}: the member {visible(info.filename)}")
    raw = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF_8 else "cp437", "replace")
    begin = HEADER_BYTES + len(raw)
    header = bytearray(begin + _USUAL_EXTRA_BYTES)
    there = data.read_at(info.header_offset, memoryview(header))
    signature, flags, method, checksum, stored, size, *lengths = _LOCAL_HEADER.unpack_from(header)
    extra_bytes = lengths[1]
    same = signature == FIRST_MEMBER and header.startswith(raw, HEADER_BYTES)
    same = same and lengths[0] == len(raw) and method == info.compress_type
    if not flags & SIZES_FOLLOW:
        same = same and checksum == info.CRC and {stored, size} <= {info.file_size, _IN_EXTRA}
    if not same or flags & ENCRYPTED or there < min(len(header), begin + extra_bytes):
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


def lengths_in(header: bytes | bytearray) -> tuple[int, int]:
    """Return the lengths of the name and of the extra field that follow a member's header."""
    name, extra = _LOCAL_HEADER.unpack_from(header)[-2:]
    return name, extra


def encrypted(what: str) -> InputError:
    """Return the error of a member that has a password."""
    hint = "unzip asks for the password: give the file that comes out"
    return InputError(f"{what} is encrypted", hint=hint)


def _wrong(info: "ZipInfo", data: Input, what: str) -> InputError:
    return InputError(f"{data.name}: the member {visible(info.filename)}{what}")


def _are_records(extra: bytearray) -> bool:
    """Whether the extra field of a member consists of records, each with its length."""
    at = 0
    while at + RECORD.size <= len(extra):
        kind, length = RECORD.unpack_from(extra, at)
        if not length and kind != PADDING:
            return False  # small integers and zeros of the array look like this
        at += RECORD.size + length
    return at == len(extra)
