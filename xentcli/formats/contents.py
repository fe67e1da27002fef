"""What a file of several arrays or columns holds, as its beginning describes it."""

from xentcli.formats.table_blocks import Shape
from xentcli.records import Record


class ColumnGroup(Record):
    """Columns that are one array, among all that are read together.

    Attributes
    ----------
    name : str or None
        The name or the number of a single column; None for several.
    places : tuple of int
        Their places among the columns that are read.
    columns : tuple of str or None
        Their names, where they have some.
    choice : tuple of str
        How a user names them: by name, or by number from 1.
    dtype : str
        The names of what is stored.
    """

    name: str | None
    places: tuple[int, ...]
    columns: tuple[str, ...] | None
    choice: tuple[str, ...]
    dtype: str


class Content(Record):
    """An array of a file, or columns that are read together.

    Attributes
    ----------
    name : str or None
        The key of an array, or the name or number of a column; None for several columns.
    shape : Shape
        The shape, as far as the file's beginning tells it.
    dtype : str
        The name of what is stored.
    key : str or None
        The `ReadOptions.key` that reads it; None for columns.
    columns : tuple of str
        The `ReadOptions.columns` that read them; empty where they are not read.
    groups : tuple of ColumnGroup
        The arrays that the columns read together make up.
    texts : tuple of str
        The first values of a column that is not numbers.
    """

    name: str | None
    shape: Shape
    dtype: str
    key: str | None = None
    columns: tuple[str, ...] = ()
    groups: tuple[ColumnGroup, ...] = ()
    texts: tuple[str, ...] = ()
