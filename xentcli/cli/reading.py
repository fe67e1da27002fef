"""The options that say how files are read, and the files to read with them."""

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from xentcli.cli.options import FORMATS, complete_format, of_reading
from xentcli.cli.parsing import Decimal, InputDtype, parse_delimiter, parse_names

if TYPE_CHECKING:
    from xentcli.pipeline.inputs import InputFile
    from xentcli.pipeline.reading import Reader


class Reading(NamedTuple):
    """Options of how input files are read."""

    from_: Annotated[
        str | None,
        of_reading(
            "--from",
            metavar="FORMAT",
            help=f"The format to read: {FORMATS}",
            show_default="by content, then extension",
            autocompletion=complete_format,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        of_reading(
            "--delimiter", metavar="CHAR", help="Between the cells of CSV.", show_default="found"
        ),
    ] = None
    header: Annotated[
        bool | None,
        of_reading(
            "--header/--no-header",
            help="Whether the first row of CSV is names.",
            show_default="found",
        ),
    ] = None
    labels_header: Annotated[
        bool | None,
        of_reading(
            "--labels-header/--no-labels-header",
            help="The same of the file of labels alone.",
            show_default="found",
        ),
    ] = None
    decimal: Annotated[
        Decimal, of_reading("--decimal", help="What stands before the fraction of a number in CSV.")
    ] = "."
    columns: Annotated[
        str | None,
        of_reading(
            "--columns",
            metavar="A,B,...",
            help="Read these columns: names, numbers from 1, 3-12, 'logit_*'.",
        ),
    ] = None
    drop: Annotated[
        str | None,
        of_reading("--drop", metavar="A,B,...", help="Leave these columns out."),
    ] = None
    key: Annotated[
        str | None,
        of_reading(
            "--key",
            metavar="NAME",
            help="The array in a file that holds several: a name in NPZ, safetensors, HDF5 or "
            "PyTorch files, a column of lists in Parquet or Arrow.",
        ),
    ] = None
    input_dtype: Annotated[
        InputDtype | None,
        of_reading("--input-dtype", help="What an array of raw 2-byte words is."),
    ] = None
    encoding: Annotated[
        str | None,
        of_reading(
            "--encoding",
            metavar="NAME",
            help="Of CSV and TSV: latin-1, utf-16, ...",
            show_default="utf-8",
        ),
    ] = None

    @property
    def reader(self) -> "Reader":
        """What these options say, for whoever opens files."""
        from xentcli.pipeline.reading import Reader

        common = {
            "delimiter": parse_delimiter(self.delimiter),
            "encoding": self.encoding,
            "decimal": self.decimal,
            "header": self.header,
        }
        values = {
            "columns": parse_names(self.columns),
            "drop": parse_names(self.drop) or (),
            "key": self.key,
            "input_dtype": self.input_dtype,
        }
        return Reader(self.from_, common, values, self.labels_header)

    def file(self, path: str, **more: Any) -> "InputFile":
        """Return a file to read with all of these options, and `more` of `ReadOptions`."""
        return self.reader.file(path, **more)
