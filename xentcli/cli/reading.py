"""The options that say how files are read, and the files to read with them."""

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from xentcli.cli.options import FORMATS, complete_format, of_reading
from xentcli.cli.parsing import Decimal, InputDtype, parse_delimiter, parse_names

if TYPE_CHECKING:
    from xentcli.pipeline.inputs import InputFile


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
            help="The array in a file that holds several: a name in NPZ or safetensors, "
            "a column of lists in Parquet or Arrow.",
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

    def without(self, *names: str) -> "Reading":
        """Return the same, and these columns are left out too."""
        quoted = ['"' + name.replace('"', '""') + '"' for name in names]
        return self._replace(drop=",".join([*([self.drop] if self.drop else []), *quoted]) or None)

    def file(self, path: str, **more: Any) -> "InputFile":
        """Return a file to read with all of these options, and `more` of `ReadOptions`."""
        return self._file(
            path,
            columns=parse_names(self.columns),
            drop=parse_names(self.drop) or (),
            key=self.key,
            input_dtype=self.input_dtype,
            **more,
        )

    def labels(
        self,
        path: str,
        label_column: str | None = None,
        label_key: str | None = None,
        *,
        beside: bool = False,
        **more: Any,
    ) -> "InputFile":
        """Return a file of labels: all of it, or the column or array that is named.

        Those `beside` the logits are an array of the same file that only its name tells. `more` of
        `ReadOptions` are the names of classes, and the column of ids.
        """
        columns = (label_column,) if label_column else None
        return self._file(
            path,
            columns=columns,
            key=label_key,
            key_option="--label-key",
            labels=True,
            header=self.header if self.labels_header is None else self.labels_header,
            beside=beside,
            **more,
        )

    def _file(self, path: str, **more: Any) -> "InputFile":
        from xentcli.pipeline.inputs import InputFile, ReadOptions

        options = ReadOptions(
            delimiter=parse_delimiter(self.delimiter),
            encoding=self.encoding,
            decimal=self.decimal,
            **{"header": self.header, **more},
        )
        return InputFile(path, self.from_, options)
