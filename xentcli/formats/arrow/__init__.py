"""Tables of columns: Parquet, and Arrow IPC as a file (Feather) or a stream. Read by pyarrow."""

from xentcli.formats.interface import ArrayHeader, Format, ReadOptions, Source, Writer
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output


def _open_parquet(data: Input, options: ReadOptions) -> Source:
    from xentcli.formats.arrow.files import ParquetFile
    from xentcli.formats.arrow.source import TableSource

    return TableSource(data, options, "parquet", ParquetFile)


def _open_arrow(data: Input, options: ReadOptions) -> Source:
    """Open either kind of Arrow data: users take the extensions for one another."""
    from xentcli.formats.arrow.files import ArrowFile, ArrowStream
    from xentcli.formats.arrow.source import TableSource

    if data.peek(len(_STREAM)) == _STREAM:
        return TableSource(data, options, "arrows", ArrowStream)
    return TableSource(data, options, "arrow", ArrowFile)


def _write_parquet(output: Output, header: ArrayHeader) -> Writer:
    from xentcli.formats.arrow.writer import TableWriter, parquet

    return TableWriter(output, header, "parquet", parquet)


def _write_arrow(output: Output, header: ArrayHeader) -> Writer:
    from xentcli.formats.arrow.writer import TableWriter, arrow_file

    return TableWriter(output, header, "arrow", arrow_file)


def _write_stream(output: Output, header: ArrayHeader) -> Writer:
    from xentcli.formats.arrow.writer import TableWriter, arrow_stream

    return TableWriter(output, header, "arrows", arrow_stream)


_STREAM = b"\xff\xff\xff\xff"  # no text, in any encoding, begins so

PARQUET = Format(
    name="parquet",
    extensions=(".parquet", ".pq"),
    # Behind the magic bytes comes a structure whose first field is an int32; text goes on as text.
    recognises=lambda head: head.startswith(b"PAR1\x15"),
    open_source=_open_parquet,
    open_writer=_write_parquet,
    has_columns=True,
    has_keys=True,
)
ARROW = Format(
    name="arrow",
    extensions=(".arrow", ".feather", ".ipc"),
    recognises=lambda head: head.startswith(b"ARROW1\0"),
    open_source=_open_arrow,
    open_writer=_write_arrow,
    has_columns=True,
    has_keys=True,
)
ARROWS = Format(
    name="arrows",
    extensions=(".arrows",),
    recognises=lambda head: head.startswith(_STREAM),
    open_source=_open_arrow,
    open_writer=_write_stream,
    has_columns=True,
    has_keys=True,
)
