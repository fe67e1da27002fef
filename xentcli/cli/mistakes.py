"""Whose mistake an unexpected exception is: that of xent, or of what a script has added to it."""

import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import TracebackType

from xentcli.errors import XentError

_PACKAGE = Path(__file__).parents[1]
_WHERE = "--debug shows where"
_WHERE_AND_HOW = "--debug shows where; what an addition must have: xent help design"


def mistake(error: BaseException) -> XentError:
    """Return the error of an exception that no file, option or machine explains."""
    if isinstance(error.__cause__, StopIteration | EOFError):  # which mean something else here
        error = error.__cause__
    text = _text_of(error)
    if isinstance(error, SyntaxError) and error.filename:  # of a file that is being imported
        return _mistake_at(
            f"{Path(error.filename).name}:{error.lineno}", f"SyntaxError: {error.msg}"
        )
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if place := place_outside(error.__traceback__):
        return _mistake_at(place, what)
    if _started_by_script():
        added = f"or in what {Path(sys.argv[0]).name} adds to it"
        return XentError(f"a mistake in xent, {added}: {what}", hint=_WHERE_AND_HOW)
    return XentError(f"a mistake in xent: {what}", hint=_WHERE)


def _mistake_at(place: str, what: str) -> XentError:
    return XentError(f"a mistake in {place}: {what}", hint=_WHERE_AND_HOW)


def _text_of(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - a class of an addition whose text cannot be made
        return ""


def names_nothing(error: ImportError) -> bool:
    """Whether xent, or what was added to it, imports a name that its module does not have.

    Where a library does so, it is not as its other parts expect it, which is nobody's mistake here.
    """
    if not str(error).startswith("cannot import name"):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and not _is_library(trace)


def place_outside(trace: TracebackType | None) -> str | None:
    """Return the last line of code that belongs neither to xent nor to a library, if any."""
    place = None
    while trace is not None:
        path = _path_of(trace)
        if path.is_file() and not path.is_relative_to(_PACKAGE) and not _is_library(trace):
            place = f"{path.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _is_library(trace: TracebackType) -> bool:
    """Whether the line of code is one of Python's or of an installed package but this one."""
    path = _path_of(trace)
    return not path.is_relative_to(_PACKAGE) and any(map(path.is_relative_to, _libraries()))


@cache
def _libraries() -> set[str]:
    """Return the folders of Python and of installed packages; it takes a millisecond to ask."""
    folders = sysconfig.get_paths()
    return {folders[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}


def _path_of(trace: TracebackType) -> Path:
    return Path(trace.tb_frame.f_code.co_filename)


def _started_by_script() -> bool:
    """Return whether a script calls the command line, as those do that add something to it."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    return "xentcli.__main__" not in sys.modules and getattr(main, "name", "") != "xentcli.__main__"
