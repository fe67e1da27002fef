"""What the commands read: how files are read, and logits with the labels beside them."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from xentcli.cli.options import FORMATS
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.inputs import InputFile, Source

InputDtype = Literal["bfloat16"]

_PANEL = "How files are read"


class Reading(NamedTuple):
    """Options of how input files are read."""

    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            help=FORMATS,
            show_default="by content, then extension",
            rich_help_panel=_PANEL,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter",
            metavar="CHAR",
            help="Between CSV cells.",
            show_default="found",
            rich_help_panel=_PANEL,
        ),
    ] = None
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Is the first CSV row names?",
            show_default="found",
            rich_help_panel=_PANEL,
        ),
    ] = None
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="A,B,...",
            help="Read these columns: names, or numbers from 1.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    drop: Annotated[
        str | None,
        typer.Option(
            "--drop",
            metavar="A,B,...",
            help="Leave these columns out.",
            rich_help_panel=_PANEL,
        ),
    ] = None

    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="NAME",
            help="The array, in a file that holds several: a name in NPZ or safetensors, "
            "a column of lists in Parquet or Arrow.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    input_dtype: Annotated[
        InputDtype | None,
        typer.Option(
            "--input-dtype",
            help="What an array of raw 2-byte words is.",
            rich_help_panel=_PANEL,
        ),
    ] = None

    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            help="Of CSV and TSV: latin-1, utf-16, ...",
            show_default="utf-8",
            rich_help_panel=_PANEL,
        ),
    ] = None

    def file(self, path: str, **more: Any) -> "InputFile":
        """Return a file to read with all of these options, and `more` of `ReadOptions`."""
        return self._file(
            path,
            columns=_names(self.columns),
            drop=_names(self.drop) or (),
            key=self.key,
            input_dtype=self.input_dtype,
            **more,
        )

    def labels(
        self,
        path: str,
        label_column: str | None = None,
        label_key: str | None = None,
        classes: tuple[str, ...] = (),
    ) -> "InputFile":
        """Return a file of labels: all of it, or the column or array that is named."""
        columns = (label_column,) if label_column else None
        return self._file(
            path,
            columns=columns,
            key=label_key,
            key_option="--label-key",
            labels=True,
            classes=classes,
        )

    def _file(self, path: str, **more: Any) -> "InputFile":
        from xentcli.pipeline.inputs import InputFile, ReadOptions

        options = ReadOptions(
            delimiter=_delimiter(self.delimiter),
            header=self.header,
            encoding=self.encoding,
            **more,
        )
        return InputFile(path, self.from_, options)


def _names(text: str | None) -> tuple[str, ...] | None:
    from xentcli.text import split_names

    return None if text is None else split_names(text)


def _delimiter(text: str | None) -> str | None:
    named = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "space": " "}
    character = named.get(text or "", text)
    if character is not None and (len(character) != 1 or character in '\r\n"'):
        raise UsageError(f"--delimiter must be one character, or 'tab', not {text!r}")
    return character


def only_one_standard_input(*paths: str | None) -> None:
    """Raise UsageError if more than one input is standard input."""
    if paths.count("-") > 1:
        raise UsageError("only one input can be standard input")


def open_both(
    reading: Reading,
    logits: list[str],
    labels: list[str] | None,
    label_column: str | None,
    label_key: str | None,
    *,
    shift: int = 0,
    id_column: str | None = None,
    classes: tuple[str, ...] = (),
) -> "tuple[Source, Source | None]":
    """Open logits and labels; no labels where each row of logits has its own beside it.

    Labels that are further down than their logits are read as from a file of their own.
    """
    from xentcli.pipeline.inputs import open_pair
    from xentcli.pipeline.shards import open_shards, reads_once

    file_of = partial(reading.file, id_column=id_column)
    labels_of = partial(reading.labels, label_column=label_column, label_key=label_key)
    if labels:
        source = open_shards(logits, file_of)
        names = classes or source.columns or ()
        return source, open_shards(labels, partial(labels_of, classes=names))
    if (label_column is None) == (label_key is None):
        raise UsageError(
            "where are the labels? --labels FILE, or --label-column NAME of the same file, "
            "or --label-key NAME of the same file"
        )
    once = any(map(reads_once, logits))
    if label_key is not None and len(logits) == 1 and once:
        return open_pair(file_of(logits[0]), labels_of(logits[0]))
    if label_key is not None and once:
        raise UsageError("--label-key reads several files twice, which pipes are not")
    if label_key is not None:
        return open_shards(logits, file_of), open_shards(logits, labels_of)
    both = open_shards(logits, partial(file_of, label_column=label_column, classes=classes))
    if not shift:
        return both, None
    if once:
        raise UsageError("--shift reads a file of logits and labels twice, which a pipe is not")
    return both, open_shards(logits, partial(labels_of, classes=classes or both.columns or ()))
