"""A page of measures: one file of HTML that needs nothing else."""

from xentcli.errors import OutputError, missing_library
from xentcli.render.pictures import EXTRA, NEEDS, check_matplotlib

REPORT_NEEDS = NEEDS["losses"]
"""The tables that a page shows besides what every evaluation measures."""


def check_libraries(what: str) -> None:
    """Raise now if a library that makes the page is not installed.

    Parameters
    ----------
    what : str
        What needs it, such as ``--report``.
    """
    from importlib.util import find_spec

    if find_spec("jinja2") is None:
        raise missing_library(what, "jinja2", EXTRA, OutputError)
    check_matplotlib(what)
