"""Tables of columns: Parquet, and Arrow IPC as a file (Feather) or a stream. Read by pyarrow."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from xentcli.formats.base import ArrayHeader, Format, ReadOptions, Source, Writer
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

if TYPE_CHECKING:
    from xentcli.formats.contents import Content

EXTRA = "arrow"
"""The extra of this package that brings pyarrow."""

_STREAM_START = b"\xff\xff\xff\xff"  # no text, in any encoding, begins so


def _format(
    name: str,
    extensions: tuple[str, ...],
    magic: bytes | tuple[bytes, ...],
    kind_of: Callable[[Input], str],
) -> Format:
    """Return a format that is written as `name`, and read as what `kind_of` says of the input."""

    def open_source(data: Input, options: ReadOptions) -> Source:
        from xentcli.formats.arrow.source import TableSource

        if _is_details(data):
            from xentcli.formats.harness.source import open_samples

            return open_samples(data, options)
        return TableSource(data, options, kind_of(data))

    def contents(data: Input, options: ReadOptions) -> list["Content"]:
        from xentcli.formats.arrow.contents import contents as contents_of

        if _is_details(data):
            return []
        return contents_of(data, options, kind_of(data))

    def open_writer(output: Output, header: ArrayHeader) -> Writer:
        from xentcli.formats.arrow.writer import TableWriter

        return TableWriter(output, header, name)

    return Format(
        name=name,
        extensions=extensions,
        recognises=lambda head: head.startswith(magic),
        open_source=open_source,
        open_writer=open_writer,
        has_columns=True,
        has_keys=True,
        requires=("pyarrow", EXTRA),
        contents=contents,
    )


def _is_details(data: Input) -> bool:
    """Whether lighteval wrote the file, whose rows are docs."""
    if "details_" not in data.name:
        return False
    from xentcli.formats.harness.details import is_details

    return is_details(data)


def _kind_of_arrow(data: Input) -> str:
    """Tell either kind of Arrow data: users take the extensions for one another."""
    return "arrows" if data.peek(len(_STREAM_START)) == _STREAM_START else "arrow"


# Behind the magic bytes comes a structure whose first field is an int32; text goes on as text.
PARQUET = _format("parquet", (".parquet", ".pq"), b"PAR1\x15", lambda _data: "parquet")
ARROW = _format("arrow", (".arrow", ".feather", ".ipc"), (b"ARROW1\0", b"FEA1\0"), _kind_of_arrow)
ARROWS = _format("arrows", (".arrows",), _STREAM_START, _kind_of_arrow)
