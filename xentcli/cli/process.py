"""Everything that tunes the process: its streams, its signals, its memory, its threads.

It is set up here and nowhere else: a program that imports the package keeps its own settings.
"""

import errno
import gc
import io
import os
import select
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

_GARBAGE_OBJECTS = 100_000  # more than a start makes: the search for garbage took a tenth of it
_REPEAT_SECONDS = 2.0
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
_MALLOC_KEPT_BYTES = 2**25  # the largest threshold that glibc accepts
_GROUPED_KEPT_BYTES = 2**21  # what a block of few classes takes for one number a row
_ENDING_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
READER_GONE = 128 + signal.SIGPIPE
"""The exit code where the reader of standard output went away."""


class _Signals:
    """The signal that ends this process, and whether there is something to clean up first."""

    received = 0
    unwinds = False


def begin() -> None:
    """Set up the process, first of all."""
    gc.set_threshold(_GARBAGE_OBJECTS)
    _open_standard_descriptors()
    for name in _ENDING_SIGNALS:
        number = getattr(signal, name)
        # One that was ignored from the start stays so: that is what nohup asks for.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    if sys.stderr is not None:
        sys.stderr = _text_to(_LossyFile(sys.stderr.fileno(), "w", closefd=False), sys.stderr)
    if sys.stdout is None:  # closed: whatever prints is to say so
        sys.stdout = io.TextIOWrapper(_ClosedFile(1, closefd=False), write_through=True)
    elif not os.get_blocking(sys.stdout.fileno()):
        sys.stdout = _text_to(_PatientFile(sys.stdout.fileno(), "w", closefd=False), sys.stdout)
    # Nothing here is BLAS, whose threads would spin beside ours for a tenth of a second.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def begin_work() -> None:
    """Have signals unwind the stack from now on: there may be something to clean up."""
    _Signals.unwinds = True


def keep_freed_memory(*, grouped: bool = False) -> None:
    """Have glibc keep what a block frees for the next one; less of it where rows are grouped.

    By default it gives arrays of more than 128 KiB back to the system, which clears every page
    again: on rows of ten classes, a quarter of all time. But sums of 100,000 groups, each larger
    than the last, leave gaps that the next do not fit. Elsewhere than on glibc, do nothing.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        most = _GROUPED_KEPT_BYTES if grouped else _MALLOC_KEPT_BYTES
        mallopt(_M_MMAP_THRESHOLD, most)
        mallopt(_M_TRIM_THRESHOLD, most)


def tell_plainly(line: str) -> None:
    """Print a line on standard error with next to no memory."""
    with suppress(OSError):
        os.write(2, line.encode() + b"\n")


def received_signal() -> int:
    """Return the signal that is to end this process, or 0."""
    return _Signals.received


def leave(code: int) -> NoReturn:
    """Exit with this code, or with that of the signal which was received."""
    _Signals.unwinds = False
    lost = False
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = READER_GONE
    except OSError:
        code = code or 1
        lost = True
    if (lost or code == READER_GONE) and sys.stdout is not None:
        # Whatever is still buffered cannot be written: keep the interpreter from trying at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if _Signals.received:
        _exit_now()
    sys.exit(code)


def end() -> None:
    """Spare the interpreter the search for garbage at exit, which took as long as at the start."""
    gc.freeze()


def _open_standard_descriptors() -> None:
    """Give descriptors 0 to 2 to nobody else where they are closed.

    An output that got descriptor 2 would hold whatever a library complains of. They are opened the
    wrong way round, so that reading and writing them stays an error.
    """
    for descriptor, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest that is free: this one


def _stop(number: int, _frame: Any) -> NoReturn:
    """Remember the signal, and end: at once, or by unwinding where there is something to clean up.

    KeyboardInterrupt, for any signal: no library takes it for an error of its own. If something
    swallows it all the same, or waits for a thread, it is raised again.
    """
    if number != signal.SIGALRM:
        _Signals.received = _Signals.received or number
    if not _Signals.unwinds:
        _exit_now()
    sys.unraisablehook = lambda _unraisable: None
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, _REPEAT_SECONDS)
    raise KeyboardInterrupt


def _exit_now() -> NoReturn:
    """Exit without waiting for any thread."""
    os._exit(128 + _Signals.received)


class _LossyFile(io.FileIO):
    """A file whose failures change nothing: what cannot be written is lost."""

    def write(self, data: Any) -> int:
        """Write what can be written."""
        try:
            return super().write(data) or len(data)
        except OSError:
            return len(data)


class _ClosedFile(io.FileIO):
    """Standard output where it was closed from the start."""

    def writable(self) -> bool:
        """Say what it takes to be written to, which then fails."""
        return True

    def write(self, _data: Any) -> int:
        """Raise OSError."""
        raise OSError(errno.EBADF, "it is closed")


class _PatientFile(io.FileIO):
    """A file that does not block, and is waited for where it is full."""

    def write(self, data: Any) -> int:
        """Write what there is room for, once there is some."""
        while (count := super().write(data)) is None:
            select.select((), (self,), ())
        return count


def _text_to(file: io.FileIO, stream: Any) -> io.TextIOWrapper:
    """Return a text stream to a file, in place of one that has its descriptor."""
    return io.TextIOWrapper(
        io.BufferedWriter(file, buffer_size=2**16),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
        write_through=True,
    )
