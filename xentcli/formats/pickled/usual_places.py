"""Finds where storages begin in an archive of PyTorch's, by thousands of headers at once."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.storage.inputs import Input
from xentcli.storage.member_places import (
    ENCRYPTED,
    FIRST_MEMBER,
    HEADER_BYTES,
    PADDING,
    RECORD,
    SIZES_FOLLOW,
    STORED,
)

if TYPE_CHECKING:
    from zipfile import ZipInfo


def usual_places(members: "list[ZipInfo]", data: Input) -> dict[str, int]:
    """Return where the bytes of members begin that are stored as PyTorch does, by name.

    A list of batches has thousands of members, which are compared together. A member that is
    unusual in any way is left out: `place_of` says where it begins, or what is wrong.
    """
    size = data.size or 0
    of_length = defaultdict(list)
    for member in members:
        is_plain = member.compress_type == STORED and not member.flag_bits & ENCRYPTED
        is_there = 0 <= member.header_offset <= size and 0 <= member.file_size <= size
        if is_plain and is_there and member.file_size == member.compress_size:
            of_length[len(member.orig_filename)].append(member)
    places: dict[str, int] = {}
    for length, alike in of_length.items():
        places |= _usual_places_of(alike, length, data)
    return places


def _usual_places_of(members: "list[ZipInfo]", length: int, data: Input) -> dict[str, int]:
    """Return the same of members whose names have one length."""
    names = "".join([member.orig_filename for member in members])
    if not names.isascii() or not length:
        return {}
    headers = np.zeros(len(members), _header_before_name(length))
    rows, width = headers.view(np.uint8).data, headers.itemsize
    for i, member in enumerate(members):
        data.read_at(member.header_offset, rows[i * width : (i + 1) * width])
    padding = headers["padding"].astype(np.int64)
    begins = np.array([member.header_offset for member in members]) + width + padding
    ends = begins + [member.file_size for member in members]
    usual = (
        (headers["signature"] == FIRST_MEMBER)
        & (headers["flags"] & (SIZES_FOLLOW | ENCRYPTED) == SIZES_FOLLOW)
        & (headers["method"] == STORED)
        & (headers["length"] == length)
        & (headers["name"] == np.frombuffer(names.encode(), f"S{length}"))
        & (headers["kind"] == PADDING)
        & (headers["extra"] == padding + RECORD.size)
        & (ends <= (data.size or 0))
    )
    found = zip(members, begins.tolist(), usual.tolist(), strict=True)
    return {member.filename: begin for member, begin, is_usual in found if is_usual}


def _header_before_name(length: int) -> np.dtype[Any]:
    """Return the layout of a header with a name of this length, up to its padding."""
    extra = HEADER_BYTES + length
    fields = {
        "signature": ("S4", 0),
        "flags": ("<u2", 6),
        "method": ("<u2", 8),
        "length": ("<u2", 26),
        "extra": ("<u2", 28),
        "name": (f"S{length}", HEADER_BYTES),
        "kind": ("<u2", extra),
        "padding": ("<u2", extra + 2),
    }
    formats, offsets = zip(*fields.values(), strict=True)
    return np.dtype(
        {
            "names": list(fields),
            "formats": formats,
            "offsets": offsets,
            "itemsize": extra + RECORD.size,
        }
    )
