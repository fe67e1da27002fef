"""The records around the only member of a zip archive, whose bytes are written as they come.

The standard library's writer cannot be abandoned: when it is collected after an error, it writes
the end of the archive to wherever its file's descriptor leads by then.
"""

from struct import pack

_ZIP_VERSION = 45  # the first version of the format with 64-bit sizes
_MADE_ON_UNIX = 3 << 8
_SIZES_FOLLOW, _STORED = 8, 0
_DOS_EPOCH = 0, 1 << 5 | 1  # time and date: midnight, 1 January 1980
_SEE_ZIP64 = 0xFFFFFFFF
_HEADER_BYTES = 30  # what precedes a member's name
_FILE_MODE = 0o600 << 16


def first_name(head: bytes) -> bytes | None:
    """Return the name of the first member of an archive that begins so; None for anything else."""
    if not head.startswith(b"PK\3\4"):
        return None
    return head[_HEADER_BYTES : _HEADER_BYTES + int.from_bytes(head[26:28], "little")]


def start(name: bytes) -> bytes:
    """Return what comes before the member's bytes, whose number is not known yet."""
    sizes = pack("<HHQQ", 1, 16, 0, 0)
    how = (_ZIP_VERSION, _SIZES_FOLLOW, _STORED, *_DOS_EPOCH, 0, _SEE_ZIP64, _SEE_ZIP64)
    return pack("<4s5H3L2H", b"PK\3\4", *how, len(name), len(sizes)) + name + sizes


def end(name: bytes, begin: int, size: int, checksum: int) -> bytes:
    """Return what comes after the member's bytes, which began at `begin`: the directory."""
    after = pack("<4sLQQ", b"PK\7\10", checksum, size, size)
    sizes = pack("<HHQQ", 1, 16, size, size)
    how = (
        _MADE_ON_UNIX | _ZIP_VERSION,
        _ZIP_VERSION,
        _SIZES_FOLLOW,
        _STORED,
        *_DOS_EPOCH,
        checksum,
    )
    entry = pack("<4s6H3L", b"PK\1\2", *how, _SEE_ZIP64, _SEE_ZIP64)
    entry += pack("<5H2L", len(name), len(sizes), 0, 0, 0, _FILE_MODE, 0) + name + sizes
    place = begin + size + len(after)
    versions = (_ZIP_VERSION, _ZIP_VERSION)
    directory_64 = pack("<4sQ2H2L4Q", b"PK\6\6", 44, *versions, 0, 0, 1, 1, len(entry), place)
    where_64 = pack("<4sLQL", b"PK\6\7", 0, place + len(entry), 1)
    directory = pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), min(place, _SEE_ZIP64), 0)
    return after + entry + directory_64 + where_64 + directory
