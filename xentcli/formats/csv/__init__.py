"""CSV and TSV: numbers as text, one row a line, in UTF-8."""

from xentcli.formats.csv.source import CsvSource
from xentcli.formats.csv.writer import CsvWriter
from xentcli.formats.interface import Format


def _format(name: str, extensions: tuple[str, ...], delimiter: str) -> Format:
    return Format(
        name=name,
        extensions=extensions,
        recognises=lambda _head: False,  # any text may be CSV
        open_source=lambda data, options: CsvSource(data, options, delimiter),
        open_writer=lambda output, header: CsvWriter(output, header, delimiter),
    )


CSV = _format("csv", (".csv", ".txt", ".dat"), ",")
TSV = _format("tsv", (".tsv", ".tab"), "\t")
