"""Whose mistake an unexpected exception is: that of xent, or of what a script has added to it."""

import sys
import sysconfig
from pathlib import Path
from types import TracebackType

from xentcli.errors import XentError

_PACKAGE = Path(__file__).parents[1]
_WHERE = "--debug shows where"
_WHERE_AND_HOW = "--debug shows where; what an addition must have: xent help design"


def mistake(error: BaseException) -> XentError:
    """Return the error of an exception that no file, option or machine explains."""
    text = " ".join(str(error).split())
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if place := _place_outside(error.__traceback__):
        return XentError(f"a mistake in {place}: {what}", hint=_WHERE_AND_HOW)
    if _started_by_script():
        added = f"or in what {Path(sys.argv[0]).name} adds to it"
        return XentError(f"a mistake in xent, {added}: {what}", hint=_WHERE_AND_HOW)
    return XentError(f"a mistake in xent: {what}", hint=_WHERE)


def _place_outside(trace: TracebackType | None) -> str | None:
    """Return the last line of code that belongs neither to xent nor to a library, if any."""
    libraries = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    ours = [_PACKAGE, *(Path(libraries[name]) for name in names)]
    place = None
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_file() and not any(path.is_relative_to(folder) for folder in ours):
            place = f"{path.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _started_by_script() -> bool:
    """Return whether a script calls the command line, as those do that add something to it."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    return "xentcli.__main__" not in sys.modules and getattr(main, "name", "") != "xentcli.__main__"
