"""What the C library does with memory that is freed."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
_KEPT = 2**25  # bytes; the most that glibc takes


def keep_freed_memory() -> None:
    """Have glibc keep what a block frees for the next one.

    By default it gives arrays of more than 128 KiB back to the system, which clears every page
    again: on rows of ten classes, a quarter of all time. Elsewhere than on glibc, do nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
