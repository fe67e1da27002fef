"""An object of JSON that a command wrote, and another one reads."""

from contextlib import closing
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.json.document import content_of
from xentcli.formats.json.values import load
from xentcli.storage.open import open_input


def read_object(path: str, what: str, empty: str | None = None) -> tuple[str, dict[str, Any]]:
    """Return the name of a file as messages show it, and the object that it holds.

    Parameters
    ----------
    path : str
        The file.
    what : str
        The hint where it holds something else.
    empty : str, optional
        The hint where it holds nothing.

    Raises
    ------
    InputError
        If it holds no object.
    """
    with closing(open_input(path)) as data:
        if not data.peek(1):
            raise InputError(f"{data.name}: the file is empty", hint=empty or what)
        name = data.name
        try:
            result = load(content_of(data), name)
        except InputError as error:
            error.hint = error.hint or what
            raise
    if not isinstance(result, dict):
        raise InputError(f"{name}: this is no result of xent", hint=what)
    return name, result
