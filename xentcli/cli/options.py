"""The options of the commands, each written once, and what they turn into."""

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from xentcli.errors import UsageError, XentError
from xentcli.pipeline import FORMAT_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np

    from xentcli.pipeline.inputs import InputFile, Run, Source


Color = Literal["auto", "always", "never"]
Dtype = Literal["float16", "float32", "float64"]
Reduction = Literal["mean", "sum", "none"]
NonFinite = Literal["error", "propagate"]
InputDtype = Literal["bfloat16"]

_FORMATS = f"{', '.join(FORMAT_NAMES)}."
_READING = "How files are read"

SEVERAL = "Several: a quoted pattern, such as 'run/*.npy', or the option again."
SEVERAL_ARGUMENTS = (
    "- is standard input. Several files, or a quoted pattern, such as 'run/*.npy', are one array."
)

LogitsArgument = Annotated[
    list[str],
    typer.Argument(metavar="LOGITS...", help=f"File of logits; {SEVERAL_ARGUMENTS}"),
]
LogitsOption = Annotated[
    list[str],
    typer.Option(
        "--logits", metavar="FILE", help=f"File of logits; - is standard input. {SEVERAL}"
    ),
]
LabelsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="Class indices, class names, or class probabilities: one file, or one for each file "
        "of logits.",
    ),
]
Shift = Annotated[
    int,
    typer.Option(
        "--shift", min=0, help="Logits at t predict the label at t + this: 1 for language models."
    ),
]
Axis = Annotated[int, typer.Option("--axis", help="The axis of the classes.")]
Temperature = Annotated[float, typer.Option("--temperature", help="Divides the logits.")]
DtypeOption = Annotated[
    Dtype | None, typer.Option("--dtype", help="Cast to this before computing.")
]
NonFiniteOption = Annotated[
    NonFinite,
    typer.Option("--non-finite", help="NaN and +inf: an error, or NaN as PyTorch has it."),
]
LabelBase = Annotated[
    int | None,
    typer.Option(
        "--label-base",
        min=-(2**31),
        max=2**31,
        help="The label of the first class.",
        show_default="0",
    ),
]
ClassesOption = Annotated[
    str | None,
    typer.Option(
        "--classes",
        metavar="A,B,...|FILE",
        help="Names of the classes, in the order of the columns, or a file with one a line: "
        "labels may be these.",
        show_default="the header",
    ),
]
IdColumn = Annotated[
    str | None,
    typer.Option(
        "--id-column",
        metavar="NAME",
        help="The column that names the rows: text, written unchanged before each row.",
    ),
]


LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="NAME",
        help="The column of labels: in --labels, or else here.",
    ),
]
LabelKey = Annotated[
    str | None,
    typer.Option(
        "--label-key",
        metavar="NAME",
        help="The NPZ or safetensors array of labels: in --labels, or else here.",
    ),
]


@dataclass(frozen=True)
class Common:
    """Options that every command has."""

    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes and warnings.")] = False
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Threads.", show_default="the cores there are"),
    ] = None
    color: Annotated[Color, typer.Option("--color", help="NO_COLOR wins.")] = "auto"
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False

    def tell(self, kind: str, message: str) -> None:
        """Print a note or a warning on standard error, unless quiet."""
        if not self.quiet:
            from xentcli.render.console import tell

            tell(kind, message, self.color)

    def complain(self, error: XentError) -> None:
        """Print an error that does not end the command."""
        from xentcli.render.console import tell

        tell("error", error.message, self.color)
        if error.hint:
            tell("hint", error.hint, self.color)

    def tell_all(self, notes: list[str]) -> None:
        """Print notes on standard error, unless quiet."""
        for note in notes:
            self.tell("note", note)

    def tell_formulas(self, path: str, cells: "Iterable[str]") -> None:
        """Warn of the first cell of a text file that a spreadsheet would run, if there is one."""
        from xentcli.text import runs_in_spreadsheet

        if cell := next(filter(runs_in_spreadsheet, cells), None):
            file = "<stdout>" if path == "-" else path
            shown = repr(cell if len(cell) <= 40 else cell[:37] + "...")
            self.tell("warning", f"{file}: a spreadsheet would run the cell {shown} as a formula")

    @contextmanager
    def run(self, source: "Source") -> "Iterator[Run]":
        """Return how to run: threads, and a progress bar where somebody looks."""
        from xentcli.pipeline.inputs import Run

        run = Run(self.jobs) if self.jobs else Run()
        if self.quiet or sys.stderr is None or not sys.stderr.isatty():
            yield run
            return
        from xentcli.render.progress import progress_bar

        with progress_bar(self.color, source.size) as progress:
            yield replace(run, progress=progress)


@dataclass(frozen=True)
class Writing:
    """Options of commands that write arrays."""

    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write here; .gz, .bz2, .xz and .zst compress.",
            show_default="standard output",
        ),
    ] = "-"
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help=_FORMATS, show_default="by extension"),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False


@dataclass(frozen=True)
class Reading:
    """Options of how input files are read."""

    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            help=_FORMATS,
            show_default="by content, then extension",
            rich_help_panel=_READING,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter",
            metavar="CHAR",
            help="Between CSV cells.",
            show_default="found",
            rich_help_panel=_READING,
        ),
    ] = None
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Is the first CSV row names?",
            show_default="found",
            rich_help_panel=_READING,
        ),
    ] = None
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="A,B,...",
            help="Read these columns: names, or numbers from 1.",
            rich_help_panel=_READING,
        ),
    ] = None
    drop: Annotated[
        str | None,
        typer.Option(
            "--drop",
            metavar="A,B,...",
            help="Leave these columns out.",
            rich_help_panel=_READING,
        ),
    ] = None

    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="NAME",
            help="The array, in an NPZ or safetensors file that holds several.",
            rich_help_panel=_READING,
        ),
    ] = None
    input_dtype: Annotated[
        InputDtype | None,
        typer.Option(
            "--input-dtype",
            help="What an NPY or NPZ array of raw 2-byte words is.",
            rich_help_panel=_READING,
        ),
    ] = None

    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            help="Of CSV and TSV: latin-1, utf-16, ...",
            show_default="utf-8",
            rich_help_panel=_READING,
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


def parse_rows(text: str) -> slice:
    """Return the slice that ``0:3``, ``5:`` or ``7`` means."""
    match = re.fullmatch(r"(\d+)|(\d*):(\d*)", text)
    if not match:
        raise UsageError(f"--rows must be like 0:3, not {text!r}")
    one, start, stop = match.groups()
    rows = (
        slice(int(one), int(one) + 1)
        if one
        else slice(int(start or 0), int(stop) if stop else None)
    )
    if rows.stop is not None and rows.stop <= rows.start:
        raise UsageError(f"--rows {text} has no row")
    return rows


def numpy_dtype(name: Dtype | None) -> "np.dtype[Any] | None":
    """Return the dtype of an option."""
    return None if name is None else number_dtype(name)


def number_dtype(name: str) -> "np.dtype[Any]":
    """Return the dtype of numbers that has this name."""
    import numpy as np

    try:
        dtype = np.dtype(name)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "fiub":
        raise UsageError(f"--dtype must be a dtype of numbers, such as uint8, not {name!r}")
    return dtype


def check_temperature(value: float) -> None:
    """Raise UsageError unless logits can be divided by it."""
    if not 0.0 < value < float("inf"):
        raise UsageError(f"--temperature must be positive, not {value}")


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
            "or --label-key NAME of the same NPZ or safetensors file"
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
