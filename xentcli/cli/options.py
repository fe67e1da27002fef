"""The options of the commands, each written once, in groups."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xentcli.cli.expand import OptionGroup
from xentcli.cli.parsing import Dtype, NonFinite
from xentcli.pipeline import written_names
from xentcli.render.console import Color, tell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from xentcli.errors import XentError
    from xentcli.pipeline.opening import Source
    from xentcli.pipeline.run import Run

computation = partial(typer.Option, rich_help_panel="Computation")
of_labels = partial(typer.Option, rich_help_panel="Labels")
of_reading = partial(typer.Option, rich_help_panel="How files are read")
of_heads = partial(typer.Option, rich_help_panel="Hidden states of a language model")
of_writing = partial(typer.Option, rich_help_panel="Output")
of_gates = partial(typer.Option, rich_help_panel="Gates")
of_inputs = partial(typer.Option, rich_help_panel="Files by name, instead of by position")
of_every_command = partial(typer.Option, rich_help_panel="Every command")


_SHARDS = "Several files are one input: quote a pattern, 'run/*.npy', or repeat its option."
LOGITS_LABELS = (
    "Files or URLs of logits, and of the labels of their rows: class indices, class names or class "
    f"probabilities. - is standard input. {_SHARDS}"
)
LOG_PROBS_LABELS = (
    "Files or URLs of log-probabilities, and of the labels of their rows: class indices or class "
    f"names. - is standard input. {_SHARDS}"
)
SEVERAL = "Files or URLs, which are one array; quote a pattern, 'run/*.npy'. - is standard input."
EACH = "Files or URLs, each shown by itself; quote a pattern, 'run/*.npy'. - is standard input."


def complete_written(incomplete: str) -> list[str]:
    """Return the formats to complete with that can be written."""
    return [name for name in written_names() if name.startswith(incomplete)]


def files_argument(usage: str, what: str) -> Any:
    """Return the argument of all files that a command takes by position."""
    return typer.Argument(metavar=usage, help=what, show_default=False)


# Single options

LogitsLabelsArgument = Annotated[list[str] | None, files_argument("LOGITS LABELS", LOGITS_LABELS)]
LogitsOption = Annotated[
    list[str] | None,
    of_inputs("--logits", metavar="FILE", help="Logits; may be repeated for several shards."),
]
LabelsOption = Annotated[
    list[str] | None,
    of_inputs("--labels", metavar="FILE", help="Labels: one file, or one for each file of logits."),
]
LogProbsOption = Annotated[
    list[str] | None,
    of_inputs(
        "--log-probs",
        metavar="FILE",
        help="Log-probabilities; may be repeated for several shards.",
    ),
]
AxisOption = Annotated[int, computation("--axis", metavar="N", help="The axis of the classes.")]
ClassAxisOption = Annotated[
    int | None,
    computation(
        "--class-axis", metavar="N", help="The axis of the classes.", show_default="as PyTorch"
    ),
]
TemperatureOption = Annotated[
    str,
    computation(
        "--temperature",
        metavar="T|FILE",
        help="Divide the logits by this: a number, or what xent calibrate -o wrote.",
    ),
]
DtypeOption = Annotated[Dtype | None, computation("--dtype", help="Cast values to it first.")]
NonFiniteOption = Annotated[
    NonFinite,
    computation("--non-finite", help="What NaN and +inf give: an error, or NaN as in PyTorch."),
]
LabelBaseOption = Annotated[
    int | None,
    of_labels(
        "--label-base",
        metavar="N",
        min=-(2**31),
        max=2**31,
        help="The label of the first class.",
        show_default="0",
    ),
]
ClassesOption = Annotated[
    str | None,
    of_labels(
        "--classes",
        metavar="A,B,...|FILE",
        help="Names of the classes, in the order of the columns, or a file with one a line. "
        "Labels may be these names.",
        show_default="the header",
    ),
]
IdColumnOption = Annotated[
    str | None,
    of_reading(
        "--id-column",
        metavar="NAME",
        help="The column that names the rows. It is written before each row, and labels and "
        "weights are matched by it if their file has it too.",
    ),
]
LabelColumnOption = Annotated[
    str | None,
    of_labels(
        "--label-column",
        metavar="NAME",
        help="The column that holds the labels, in their file or else in the logits'.",
    ),
]
LabelKeyOption = Annotated[
    str | None,
    of_labels(
        "--label-key",
        metavar="NAME",
        help="The array that holds the labels, in their file or else in the logits'.",
    ),
]
ShiftOption = Annotated[
    int,
    of_labels(
        "--shift",
        metavar="S",
        min=0,
        help="Logits at t predict the label at t + S: 1 for language models.",
    ),
]


# Groups


class Writing(OptionGroup):
    """Options of commands that write results."""

    output: Annotated[
        str,
        of_writing(
            "--output",
            "-o",
            metavar="FILE",
            help="Write here; the extension says the format, and .gz, .bz2, .xz, .zst compress.",
            show_default="standard output",
        ),
    ] = "-"
    to: Annotated[
        str | None,
        of_writing(
            "--to",
            metavar="FORMAT",
            help=f"The format to write: {', '.join(written_names())}.",
            show_default="by extension",
            autocompletion=complete_written,
        ),
    ] = None
    force: Annotated[bool, of_writing("--force", help="Overwrite an existing file.")] = False


class Common(OptionGroup):
    """Options that every command has."""

    json: Annotated[bool, of_writing("--json", help="Print one JSON object.")] = False
    quiet: Annotated[bool, of_every_command("--quiet", "-q", help="No notes and warnings.")] = False
    jobs: Annotated[
        int | None,
        of_every_command(
            "--jobs",
            metavar="N",
            min=1,
            help="How many threads or processes work at once.",
            show_default="all cores",
        ),
    ] = None
    scheduler: Annotated[
        str | None,
        of_every_command(
            "--scheduler",
            metavar="ADDRESS",
            help="Compute on a dask cluster: tcp://HOST:PORT, tls://HOST:PORT or local:N.",
        ),
    ] = None
    color: Annotated[
        Color, of_every_command("--color", help="Whether to use colour; NO_COLOR wins over auto.")
    ] = "auto"
    debug: Annotated[bool, of_every_command("--debug", help="Show tracebacks.")] = False

    def __init__(self, **values: Any) -> None:
        self._told: list[tuple[str, str]] = []
        super().__init__(**values)

    @property
    def told(self) -> list[str]:
        """Everything that was told, if only to the quiet: first the warnings, then the notes."""
        ordered = sorted(self._told, key=lambda each: each[0] != "warning")
        return list(dict.fromkeys(message for _, message in ordered))

    def tell(self, kind: str, message: str) -> None:
        """Print a note or a warning on standard error, unless quiet; a page has it, too."""
        self._told.append((kind, message))
        if not self.quiet:
            tell(kind, message, self.color)

    def tell_notes(self, notes: "Iterable[str]") -> None:
        """Print notes on standard error, unless quiet."""
        for note in dict.fromkeys(notes):
            self.tell("note", note)

    def tell_error(self, error: "XentError") -> None:
        """Print an error that does not end the command."""
        tell("error", error.message, self.color)
        if error.hint:
            tell("hint", error.hint, self.color)

    @property
    def how(self) -> "Run":
        """How many workers compute at once, and where."""
        from xentcli.pipeline.run import run_of

        return run_of(self.jobs, self.scheduler)

    def run(self, source: "Source", *, grouped: bool = False) -> "AbstractContextManager[Run]":
        """Return how to run: with how many threads, and with a progress bar if somebody watches."""
        from xentcli.cli.running import running

        return running(self, source, grouped=grouped)
