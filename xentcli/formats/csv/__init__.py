"""CSV and TSV: numbers as text, one row a line, in UTF-8."""

from typing import TYPE_CHECKING

from xentcli.formats.base import ArrayHeader, Format, ReadOptions, Source, Writer
from xentcli.storage.inputs import Input
from xentcli.storage.outputs import Output

if TYPE_CHECKING:
    from xentcli.formats.contents import Content


def _format(name: str, extensions: tuple[str, ...], delimiter: str) -> Format:
    def open_source(data: Input, options: ReadOptions) -> Source:
        from xentcli.formats.csv.source import CsvSource

        return CsvSource(data, options, delimiter)

    def contents(data: Input, options: ReadOptions) -> list["Content"]:
        from xentcli.formats.csv.contents import contents as contents_of

        return contents_of(data, options, delimiter)

    def open_writer(output: Output, header: ArrayHeader) -> Writer:
        from xentcli.formats.csv.writer import CsvWriter

        return CsvWriter(output, header, delimiter)

    return Format(
        name=name,
        extensions=extensions,
        open_source=open_source,
        open_writer=open_writer,
        is_text=True,
        has_columns=True,
        contents=contents,
    )


CSV = _format("csv", (".csv", ".txt", ".dat"), ",")
TSV = _format("tsv", (".tsv", ".tab"), "\t")
