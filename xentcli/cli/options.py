"""The options of the commands, each written once, and what they turn into."""

import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from xentcli.errors import UsageError, XentError
from xentcli.pipeline import FORMAT_NAMES
from xentcli.render.console import Color, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np

    from xentcli.pipeline.inputs import Run, Source


Dtype = Literal["float16", "float32", "float64"]
Reduction = Literal["mean", "sum", "none"]
NonFinite = Literal["error", "propagate"]

FORMATS = f"{', '.join(FORMAT_NAMES)}."

SEVERAL = "Several: a quoted pattern, such as 'run/*.npy', or the option again."
SEVERAL_ARGUMENTS = (
    "- is standard input. Several files, or a quoted pattern, such as 'run/*.npy', are one array."
)

LogitsArgument = Annotated[
    list[str],
    typer.Argument(metavar="LOGITS...", help=f"File or URL of logits; {SEVERAL_ARGUMENTS}"),
]
LogitsOption = Annotated[
    list[str],
    typer.Option(
        "--logits", metavar="FILE", help=f"File or URL of logits; - is standard input. {SEVERAL}"
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
        help="The array of labels, in a file of several: in --labels, or else here.",
    ),
]


class Common(NamedTuple):
    """Options that every command has."""

    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes and warnings.")] = False
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="Threads or processes at once.",
            show_default="the cores there are",
        ),
    ] = None
    color: Annotated[Color, typer.Option("--color", help="NO_COLOR wins.")] = "auto"
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False

    def tell(self, kind: str, message: str) -> None:
        """Print a note or a warning on standard error, unless quiet."""
        if not self.quiet:
            tell(kind, message, self.color)

    def complain(self, error: XentError) -> None:
        """Print an error that does not end the command."""
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


class Writing(NamedTuple):
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
        typer.Option("--to", metavar="FORMAT", help=FORMATS, show_default="by extension"),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False


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
