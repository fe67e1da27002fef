"""Files whose rows are known in part: bases of llama-perplexity, and lists of some classes."""

from typing import NamedTuple

from xentcli.formats.files import InputFile
from xentcli.pipeline.bounded import BoundedRows
from xentcli.pipeline.kld import KldLabels, is_base, open_base
from xentcli.pipeline.top_files import TopOptions, find_lists, open_lists
from xentcli.pipeline.top_rows import told_apart

__all__ = ["Partly", "TopOptions", "open_partly"]


class Partly(NamedTuple):
    """Rows that are known in part.

    Attributes
    ----------
    what : str
        What messages call them.
    rows : BoundedRows
        The rows, with their labels.
    notes : list of str
        What the user should know of them.
    has_labels : bool
        Whether the labels are the file's own, and none can be chosen.
    """

    what: str
    rows: BoundedRows
    notes: list[str]
    has_labels: bool = False


def open_partly(file: InputFile | None, options: TopOptions, *, bases: bool) -> Partly | None:
    """Open rows that are known in part; None of a file of whole rows, or of something else.

    Parameters
    ----------
    file : InputFile, optional
        What may hold them; None where options name the lists.
    options : TopOptions
        What is said of lists.
    bases : bool
        Whether a base of llama-perplexity is of use.
    """
    if file is not None and bases and is_base(file):
        rows = KldLabels(open_base(file))
        what = "a base of llama-perplexity, which holds its own labels"
        return Partly(what, rows, [], has_labels=True)
    found = None if file is None else find_lists(file)
    if file is not None and found is None:
        return None
    lists, notes = told_apart(open_lists(found, options))
    return Partly("lists of the most probable classes", lists, notes)
