"""Everything that tunes the process: its streams, its signals, its memory, its threads.

It is set up here and nowhere else: a program that imports the package keeps its own settings.
"""

import atexit
import errno
import gc
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

_GARBAGE_OBJECTS = 100_000  # more than a start makes: the search for garbage took a tenth of it
_REPEAT_SECONDS = 2.0
_FRAMES_OF_A_COMMAND = 5  # `end`, `program`, its module, and the two of Python that `-m` calls
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
_MALLOC_KEPT_BYTES = 2**25  # the largest threshold that glibc accepts
_GROUPED_KEPT_BYTES = 2**21  # what one number for each row takes in a block of few classes
_ENDING_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
READER_GONE = 128 + signal.SIGPIPE
"""The exit code if the reader of standard output went away."""


class _Signals:
    """The signal that ends this process, and whether something must be cleaned up first."""

    received = 0
    unwinds = False


def begin() -> None:
    """Set up the process, first of all."""
    gc.set_threshold(_GARBAGE_OBJECTS)
    _open_standard_descriptors()
    for name in _ENDING_SIGNALS:
        number = getattr(signal, name)
        # A signal that was ignored from the start stays ignored, as nohup asks for.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    if sys.stderr is not None:
        sys.stderr = _text_to(_LossyFile(sys.stderr.fileno(), "w", closefd=False), sys.stderr)
    if sys.stdout is None:  # it is closed, and printing must say so
        sys.stdout = io.TextIOWrapper(_ClosedFile(1, closefd=False), write_through=True)
    elif not os.get_blocking(sys.stdout.fileno()):
        sys.stdout = _text_to(_PatientFile(sys.stdout.fileno(), "w", closefd=False), sys.stdout)
    # Nothing here needs BLAS, whose threads would spin beside ours for a tenth of a second.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def begin_work() -> None:
    """Have signals unwind the stack from now on, since there may be something to clean up."""
    _Signals.unwinds = True


class _StandIn(ModuleType):
    """Stands for a module that is imported when something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def later(*names: str) -> Iterator[None]:
    """Within a ``with``, what is imported gets stand-ins for modules that few runs use."""
    standing = {name: _StandIn(name) for name in names if name not in sys.modules}
    sys.modules.update(standing)
    try:
        yield
    finally:
        for name, module in standing.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def keep_freed_memory(*, grouped: bool = False) -> None:
    """Have glibc keep the memory of a block for the next one, and keep less if rows are grouped.

    By default glibc gives arrays of more than 128 KiB back to the system, which clears every page
    again. That takes a quarter of all time on rows of ten classes. But sums of 100,000 groups, each
    larger than the last, leave gaps that the next do not fit. Without glibc, do nothing.
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
    """Exit with this code, or with the code of a signal that was received."""
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
        # The rest of the buffer cannot be written: keep the interpreter from trying at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if _Signals.received:
        if clusters := sys.modules.get("xentcli.execution.dask_client"):  # in few runs
            clusters.abandon_local_clusters()
        _exit_now()
    _Ending.code = code
    sys.exit(code)


class _Ending:
    """With what code this process ends, as soon as nothing is left to say or to write."""

    code: int | None = None


def end_without_memory() -> NoReturn:
    """Exit where memory ran out before the command line ran, or while it ended."""
    if _Ending.code is None:
        tell_plainly("error: out of memory")
    os._exit(1 if _Ending.code is None else _Ending.code)


def end(code: Any) -> None:
    """Exit with this code, and leave to the system what Python would take apart object by object.

    That takes 6 ms, a twentieth of a short run. If threads still run, Python has to wait for them;
    and a profiler or debugger that runs the command goes on after it, as does `python -i`.
    """
    goes_on = threading.active_count() > 1 or _frames() > _FRAMES_OF_A_COMMAND or sys.flags.inspect
    if isinstance(code, int) and not goes_on:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):  # to which these may have written
            if stream is not None:
                with suppress(OSError):
                    stream.flush()
        os._exit(code)
    gc.freeze()  # there is no search for garbage


def _frames() -> int:
    """Return how many calls led to the caller of this, itself included."""
    frame, count = sys._getframe().f_back, 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


def _open_standard_descriptors() -> None:
    """Keep descriptors 0 to 2 from being given to other files if they are closed.

    An output with descriptor 2 would receive the complaints of libraries. The descriptors are
    opened the wrong way round, so that reading and writing them stays an error.
    """
    for descriptor, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest free descriptor, which is this one


def _stop(number: int, _frame: Any) -> NoReturn:
    """Remember the signal and end, at once or, if something must be cleaned up, by unwinding.

    Any signal raises KeyboardInterrupt, which no library takes for an error of its own. If
    something swallows it all the same, or waits for a thread, it is raised again.
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
    """A file whose failures change nothing: text that cannot be written is lost."""

    def write(self, data: Any) -> int:
        """Write as much as can be written."""
        try:
            return super().write(data) or len(data)
        except OSError:
            return len(data)


class _ClosedFile(io.FileIO):
    """Standard output where it was closed from the start."""

    def writable(self) -> bool:
        """Claim that it can be written to; writing then fails."""
        return True

    def write(self, _data: Any) -> int:
        """Raise OSError."""
        raise OSError(errno.EBADF, "it is closed")


class _PatientFile(io.FileIO):
    """A file that does not block; writing waits while it is full."""

    def write(self, data: Any) -> int:
        """Write as much as there is room for, once there is room."""
        while (count := super().write(data)) is None:
            select.select((), (self,), ())
        return count


def _text_to(file: io.FileIO, stream: Any) -> io.TextIOWrapper:
    """Return a text stream to a file, which replaces a stream with the same descriptor."""
    return io.TextIOWrapper(
        io.BufferedWriter(file, buffer_size=2**16),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
        write_through=True,
    )
