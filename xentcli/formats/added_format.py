"""What a format from outside, and what it gives to write with, must have."""

from typing import Any

from xentcli.errors import OutputError
from xentcli.formats.base import Format

_WRITER = ("positional", "write", "write_at", "close")
_HINT = "what a format that is added to xent must have: xent help design"


def check_format(format_: Any) -> None:
    """Raise ValueError if something is no format, or one that no file could be in."""
    if not isinstance(format_, Format):
        raise ValueError(f"register takes a Format, not {format_!r}")
    name: Any = format_.name
    if not (isinstance(name, str) and name):
        raise ValueError(f"a format has a name, not {name!r}")
    extensions: Any = format_.extensions
    if not isinstance(extensions, tuple) or not all(map(_is_extension, extensions)):
        raise ValueError(
            f"the format {name!r}: extensions are like ('.idx',), in small letters, "
            f"not {extensions!r}"
        )
    for field in ("recognises", "open_source"):
        if not callable(getattr(format_, field)):
            raise ValueError(f"the format {name!r}: {field} is a function")
    requires: Any = format_.requires
    if requires is not None and not (isinstance(requires, tuple) and len(requires) == 2):
        raise ValueError(f"the format {name!r} requires ('module', 'extra'), not {requires!r}")


def _is_extension(extension: Any) -> bool:
    return isinstance(extension, str) and extension[:1] == "." and extension == extension.lower()


def check_writer(writer: Any, name: str) -> None:
    """Raise OutputError if what an added format gives to write with is no writer."""
    lacks = [verb for verb in _WRITER if not hasattr(writer, verb)]
    if lacks:
        what = f"{type(writer).__name__}, a writer without {', '.join(lacks)}"
        raise OutputError(f"{name}: its format gives {what}", hint=_HINT)
