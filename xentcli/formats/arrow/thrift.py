"""Reads structures in Thrift's compact protocol, as a Parquet file has them, and skips the others.

A file may have thousands of structures: what is not asked for is passed over without a value made.
Damaged bytes raise IndexError or ValueError.
"""

_MOST_LEVELS = 16  # how deep structures may be nested
_LARGEST_LAST_BYTE = 127  # of a number; each byte before the last is larger
_LENGTH_FOLLOWS = 15  # stands in place of a list's length where that takes bytes of its own
_LONGEST_NUMBER_BITS = 70
# kinds of values
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_WIDTHS = {_TRUE: 1, _FALSE: 1, _BYTE: 1, _DOUBLE: 8}  # in bytes, of kinds that have one


def fields(
    content: bytes, at: int, number: int = 0, until: int | None = None
) -> tuple[dict[int, int], int]:
    """Read the fields of a structure; skip all that are no integers.

    Returns
    -------
    dict
        The integers by the numbers of their fields; of lists, where they begin.
    int
        Where the structure ends, or where the value of the field `until` begins.
    """
    found: dict[int, int] = {}
    while byte := content[at]:
        at += 1
        kind = byte & 15
        if byte >> 4:
            number += byte >> 4
        else:
            number, at = number_at(content, at)
            number = number >> 1 ^ -(number & 1)
        if number == until:
            return found, at
        if _I16 <= kind <= _I64:
            value, at = number_at(content, at)
            found[number] = value >> 1 ^ -(value & 1)
        elif kind in (_LIST, _SET):
            found[number] = at
            at = _after_list(content, at, 0)
        elif kind > _FALSE:
            at = _after(content, at, kind, 0)
    if until is not None:
        raise ValueError("a field is missing")
    return found, at + 1


def _after(content: bytes, at: int, kind: int, depth: int) -> int:
    """Return where a value ends."""
    if _I16 <= kind <= _I64:
        while content[at] > _LARGEST_LAST_BYTE:
            at += 1
        return at + 1
    if kind == _BINARY:
        count, at = number_at(content, at)
        return at + count
    if kind == _STRUCT and depth < _MOST_LEVELS:
        return _after_fields(content, at, depth + 1)
    if kind in (_LIST, _SET):
        return _after_list(content, at, depth + 1)
    if kind not in _WIDTHS:
        raise ValueError("nothing here is of this kind, or so deep")
    return at + _WIDTHS[kind]


def _after_fields(content: bytes, at: int, depth: int) -> int:
    """Return where a structure ends; what is within it is passed in the same loop."""
    inner = depth
    while inner >= depth:
        byte = content[at]
        at += 1
        if not byte:
            inner -= 1
            continue
        if not byte >> 4:  # the field's number follows
            at = _after(content, at, _I64, inner)
        kind = byte & 15
        if _I16 <= kind <= _I64:
            while content[at] > _LARGEST_LAST_BYTE:
                at += 1
            at += 1
        elif kind == _BINARY and content[at] <= _LARGEST_LAST_BYTE:
            at += content[at] + 1
        elif kind == _STRUCT:
            inner += 1
            if inner > _MOST_LEVELS:
                raise ValueError("too deep")
        elif kind > _FALSE:
            at = _after(content, at, kind, inner)
    return at


def list_at(content: bytes, at: int) -> tuple[int, int, int]:
    """Return how many values a list has, of which kind, and where the first one begins."""
    byte = content[at]
    count, at = (byte >> 4, at + 1) if byte >> 4 < _LENGTH_FOLLOWS else number_at(content, at + 1)
    return count, byte & 15, at


def _after_list(content: bytes, at: int, depth: int) -> int:
    if depth > _MOST_LEVELS:
        raise ValueError("too deep")
    count, kind, at = list_at(content, at)
    if kind in _WIDTHS:  # whatever the count, which damage makes as large as a number can be
        return at + count * _WIDTHS[kind]
    if _I16 <= kind <= _I64:
        for _ in range(count):
            while content[at] > _LARGEST_LAST_BYTE:
                at += 1
            at += 1
        return at
    for _ in range(count):
        at = _after(content, at, kind, depth)
    return at


def number_at(content: bytes, at: int) -> tuple[int, int]:
    """Return a number of any length, and where it ends."""
    byte = content[at]
    number, shift = byte & _LARGEST_LAST_BYTE, 7
    while byte > _LARGEST_LAST_BYTE:
        at += 1
        byte = content[at]
        number |= (byte & _LARGEST_LAST_BYTE) << shift
        shift += 7
        if shift > _LONGEST_NUMBER_BITS:
            raise ValueError("no number is so long")
    return number, at + 1
