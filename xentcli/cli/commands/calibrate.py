"""xent calibrate."""

from typing import TYPE_CHECKING, Annotated

from xentcli.cli import calibrating, loss_inputs, measure_options, options, samples
from xentcli.cli.command import Command
from xentcli.cli.expand import OptionGroup, Without
from xentcli.cli.loss_options import GivenOptions
from xentcli.cli.reports import TEMPERATURES, Drawn
from xentcli.cli.slots import Slot, fill
from xentcli.cli.telling import Telling
from xentcli.errors import UsageError
from xentcli.render.picture_kinds import TemperaturePictureKind

if TYPE_CHECKING:
    from xentcli.pipeline.calibrate import CalibrateOptions


class CalibrateFlags(OptionGroup):
    """Options that say how a temperature is fitted, and what is written besides."""

    folds: Annotated[
        int,
        options.computation(
            "--folds",
            metavar="K",
            min=0,
            max=20_000,
            help="How many parts of the rows are left out in turn; 0 for none.",
        ),
    ] = 5
    bins: measure_options.BinsOption = 15
    test: Annotated[
        tuple[str, str] | None,
        options.computation(
            "--test", metavar="LOGITS LABELS", help="Also report on these files.", show_default=""
        ),
    ] = None
    cluster: Annotated[
        str | None,
        options.computation(
            "--cluster",
            metavar="COLUMN|FILE|axis0|rows",
            help="Which rows depend on one another: for the errors, and for the folds.",
            show_default="axis0 where rows have several axes",
        ),
    ] = None
    report: measure_options.ReportOption = None
    plot: measure_options.PlotOption = None
    plot_kind: Annotated[
        TemperaturePictureKind | None,
        options.of_writing(
            "--plot-kind", help="What the picture shows.", show_default="reliability"
        ),
    ] = None
    digest: measure_options.DigestOption = False

    def wanted(self) -> "CalibrateOptions":
        """Return how the temperature is fitted, and whether its curve is drawn.

        Raises
        ------
        UsageError
            If a number makes no sense, or the picture is of files that are not given.
        """
        if self.plot_kind == "tested" and self.test is None:
            raise UsageError("--plot-kind tested draws the files of --test, and there is no --test")
        curve = self.report is not None or (self.plot is not None and self.plot_kind == "curve")
        return calibrating.wanted(self.folds, self.bins)._replace(curve=curve)


def calibrate(
    files: measure_options.OutputFiles,
    asked: CalibrateFlags,
    given: Annotated[GivenOptions, Without("top", "reduction", "state")],
) -> None:
    """Find the temperature that minimises the cross entropy of logits divided by it."""
    named, kind = files.outputs
    by_position, named = samples.together(files.by_position, named, given.reading)
    both = fill(by_position, Slot("LOGITS", named), Slot("LABELS", files.labels))
    loss_inputs.check_files([*both, list(asked.test or ())], given, asked.cluster)
    loss_inputs.check_second(both, files.labels, given)
    criterion = loss_inputs.criterion_of(given.flags, "logits", given.loss)
    criterion = criterion._replace(from_probs=kind == "probabilities")
    keeper = given.gates.keeper(calibrating.measures())
    writing = calibrating.writing_of(given)
    drawn = Drawn(asked.report, asked.plot, asked.plot_kind, writing.force, TEMPERATURES)
    drawn.check(given.writing)
    wanted = asked.wanted()
    telling = Telling.of("calibrate", keeper, drawn, writing, given.common)
    rows = calibrating.open_rows(criterion, both, asked.test, asked.cluster, given)
    from xentcli.pipeline.calibrate import calibrate as fitted

    with given.common.run(rows.logits) as run:
        found = fitted(
            *rows[:3],
            run,
            wanted,
            sample_weight=rows.sample_weight,
            cluster=rows.cluster,
            tested=rows.tested,
        )
    provenance = calibrating.provenance(found, rows, both, asked.test, digest=asked.digest)
    calibrating.tell(telling, found, provenance, kind, rows)
    keeper.exit()


COMMAND = Command(
    calibrate,
    first=("--output", "--folds", "--test", "--label-column", "--shift", "--json"),
    examples=(
        "xent calibrate logits.npy labels.npy --quiet",
        "xent calibrate logits.npy labels.npy --quiet -o temperature.json",
    ),
)
