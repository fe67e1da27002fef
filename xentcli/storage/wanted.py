"""Knows which parts of remote files will be read, if the caller has said so in advance."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from xentcli.storage.parts import LOCK

Share = tuple[float, float]
"""Where a part of a file begins and ends, as shares of its rows."""

_HEADER_BYTES = 2**14  # that stand before the rows, at most
_shares: dict[str, list[Share]] = {}


@contextmanager
def wanting(shares: Sequence[tuple[str, Share]]) -> Iterator[None]:
    """Fetch these parts of files ahead, and no other parts of the same files."""
    with LOCK:
        for url, share in shares:
            _shares.setdefault(url, []).append(share)
    try:
        yield
    finally:
        with LOCK:
            for url, share in shares:
                _shares[url].remove(share)  # from then on, nothing is wanted ahead


def is_known(url: str) -> bool:
    """Whether it is known which parts of a file will be read."""
    return url in _shares


def wanted_from(url: str, offset: int, size: int) -> tuple[int, int]:
    """Return the next byte that is wanted from `offset` on, and where its part ends."""
    if url not in _shares:
        return offset, size
    for begin, end in sorted(_shares[url]):
        stop = min(size, int(end * size) + _HEADER_BYTES)
        if offset < stop:
            return max(offset, int(begin * size)), stop
    return size, size
