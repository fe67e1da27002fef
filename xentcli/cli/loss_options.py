"""The options of the commands that compare rows with their labels."""

from typing import TYPE_CHECKING, Annotated

from xentcli.cli.criterion_options import IgnoreIndexOption, WeightOption
from xentcli.cli.expand import OptionGroup
from xentcli.cli.options import (
    ClassAxisOption,
    ClassesOption,
    Common,
    DtypeOption,
    IdColumnOption,
    LabelBaseOption,
    LabelColumnOption,
    LabelKeyOption,
    NonFiniteOption,
    ShiftOption,
    Writing,
    computation,
    of_gates,
    of_inputs,
    of_writing,
)
from xentcli.cli.parsing import Reduction
from xentcli.cli.reading import Reading
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentcli.cli.gates import Gatekeeper


SampleWeightOption = Annotated[
    str | None,
    computation("--sample-weight", metavar="FILE", help="A factor for each row."),
]
PosWeightOption = Annotated[
    str | None,
    computation(
        "--pos-weight",
        metavar="FILE|2|1,2,0.5",
        help="With --binary: a factor for labels of 1, for all or each column.",
    ),
]
StateOption = Annotated[
    str | None,
    of_writing(
        "--state",
        metavar="FILE.json",
        help="Also write a state; xent merge makes one result of many.",
    ),
]


class LossFlags(OptionGroup):
    """Options of the commands whose result is a loss."""

    reduction: Annotated[
        Reduction,
        computation("--reduction", help="The mean or the sum; none writes one loss per row."),
    ] = "mean"
    sample_weight: SampleWeightOption = None
    pos_weight: PosWeightOption = None
    state: StateOption = None

    def of_rows(self) -> dict[str, object]:
        """Return the options for whole rows, by their names; None for one not given."""
        return {
            "--sample-weight": self.sample_weight,
            "--pos-weight": self.pos_weight,
            "--state": self.state,
        }


class RowFlags(OptionGroup):
    """Options of the commands that read rows and their labels: which these are, and the loss."""

    weight: WeightOption = None
    binary: Annotated[
        bool,
        computation("--binary", help="Each number has a label of its own, 0 to 1 (multi-label)."),
    ] = False
    rows: Annotated[
        str | None,
        computation(
            "--rows",
            metavar="A:B",
            help="Use only these rows, given as a slice.",
            show_default="all",
        ),
    ] = None
    ignore_index: IgnoreIndexOption = None
    class_axis: ClassAxisOption = None
    shift: ShiftOption = 0
    label_column: LabelColumnOption = None
    label_key: LabelKeyOption = None
    label_base: LabelBaseOption = None
    classes: ClassesOption = None
    id_column: IdColumnOption = None
    dtype: DtypeOption = None
    non_finite: NonFiniteOption = "error"

    def of_rows(self) -> dict[str, object]:
        """Return the options for whole rows, by their names; None for one not given.

        Options that say which column is what, and --binary, are not among them: others take these.
        """
        return {
            "--weight": self.weight,
            "--rows": self.rows,
            "--ignore-index": self.ignore_index,
            "--class-axis": self.class_axis,
            "--shift": self.shift or None,
            "--label-base": self.label_base,
            "--classes": self.classes,
            "--id-column": self.id_column,
            "--dtype": self.dtype,
        }

    def without_labels(self) -> "RowFlags":
        """Return the same without the options that say where labels are, and how to read them."""
        return self.replaced(
            ignore_index=None, shift=0, label_base=None, label_key=None, label_column=None
        )


class Gates(OptionGroup):
    """Options that judge a result."""

    fail_if: Annotated[
        list[str] | None,
        of_gates(
            "--fail-if",
            metavar="GATE",
            help="Exit with 3 if this holds, such as 'MEASURE > 0.5'; may be repeated.",
        ),
    ] = None
    baseline: Annotated[
        str | None,
        of_gates(
            "--baseline",
            metavar="FILE",
            help="An earlier result of --json, for gates such as 'MEASURE > baseline + 2 se'.",
        ),
    ] = None

    def keeper(
        self,
        measures: "Sequence[str] | None" = None,
        elsewhere: str | None = None,
        counted: str = "rows",
    ) -> "Gatekeeper":
        """Return the judge of the result; `Gatekeeper` describes the parameters."""
        from xentcli.cli.gates import Gatekeeper

        return Gatekeeper(self, measures, elsewhere, counted)


class TopFlags(OptionGroup):
    """Options of the commands that take lists of classes in place of whole rows."""

    top_values: Annotated[
        str | None,
        of_inputs(
            "--top-values",
            metavar="FILE[:KEY]",
            help="The largest logits or log-probabilities of each row, (..., K), not all of them.",
        ),
    ] = None
    top_indices: Annotated[
        str | None,
        of_inputs("--top-indices", metavar="FILE[:KEY]", help="The classes of these values."),
    ] = None
    log_sum_exp: Annotated[
        str | None,
        of_inputs(
            "--log-sum-exp",
            metavar="FILE[:KEY]",
            help="The log-sum-exp of each row over all classes: with it, losses are exact.",
        ),
    ] = None
    num_classes: Annotated[
        int | None,
        of_inputs("--num-classes", metavar="V", min=1, help="How many classes there are in all."),
    ] = None

    @property
    def given(self) -> bool:
        """Whether lists are named by options."""
        if (self.top_values is None) != (self.top_indices is None):
            raise UsageError("--top-values and --top-indices go together")
        if self.top_values is None and self.log_sum_exp is not None:
            raise UsageError("--log-sum-exp goes with --top-values and --top-indices")
        return self.top_values is not None

    def files(self, inputs: list[list[str]]) -> tuple[list[str], list[str]]:
        """Return the files of the lists, and the files of the labels."""
        from xentcli.pipeline.opening import expand_all

        named = (self.top_values, self.top_indices)
        lists = [self._path(each) for each in named if each is not None]
        values, labels = map(expand_all, inputs)
        return lists or values, labels

    @staticmethod
    def _path(name: str) -> str:
        from xentcli.pipeline.opening import is_there

        path, _, _ = name.rpartition(":")
        return name if is_there(name) or not path else path


class GivenOptions(OptionGroup):
    """The groups of options of a command on rows and their labels, handed on as one."""

    flags: RowFlags
    loss: LossFlags
    writing: Writing
    reading: Reading
    gates: Gates
    common: Common
    top: TopFlags = TopFlags()
