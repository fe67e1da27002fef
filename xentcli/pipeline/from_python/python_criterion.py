"""The arguments of the Python API on rows and their labels, and which loss they ask for."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from xentcli.core.binary_options import BinaryOptions
from xentcli.core.checks import Kind
from xentcli.core.labels import LossOptions
from xentcli.errors import UsageError
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.from_python.python_data import Data
from xentcli.pipeline.from_python.python_temperature import Temperature, temperature_of
from xentcli.pipeline.inputs.labelled import LabelOptions
from xentcli.pipeline.inputs.weights import as_class_weights
from xentcli.pipeline.opening import Naming, check_names_of_classes
from xentcli.pipeline.run import Run, run_of

_LARGEST_BASE = 2**31
_DTYPES = ("float16", "float32", "float64")


def _refuse(arguments: Any, what: str, but: Sequence[str] = ()) -> None:
    for name, default in arguments._field_defaults.items():
        if name not in but and getattr(arguments, name) is not default:
            raise UsageError(f"{name} is not for {what}")


class LossArguments(NamedTuple):
    """The further arguments of functions whose result is a loss of whole rows; see `loss`."""

    binary: bool = False
    pos_weight: ArrayLike | None = None
    sample_weight: Data | None = None

    def refuse(self, what: str) -> None:
        """Raise UsageError if one of them is given, for rows that are not whole."""
        _refuse(self, what)


class RowArguments(NamedTuple):
    """The arguments of all functions on rows and their labels; see `loss`."""

    reduction: Annotated[Literal["mean", "sum"], "cross_entropy and nll_loss have 'none'"] = "mean"
    weight: ArrayLike | None = None
    ignore_index: int | Sequence[int] = -100
    class_axis: int | None = None
    shift: int = 0
    non_finite: Literal["error", "propagate"] = "error"
    classes: Sequence[str] | None = None
    label_base: int | None = None
    label_column: str | None = None
    label_key: str | None = None
    id_column: str | None = None
    rows: slice | None = None
    dtype: DTypeLike | None = None
    jobs: int | None = None

    @property
    def ignored(self) -> tuple[int, ...]:
        """The labels of rows that are left out, of which one or several are given."""
        several = self.ignore_index
        return (several,) if isinstance(several, int) else tuple(several)

    @property
    def run(self) -> Run:
        """How the work is run."""
        return run_of(self.jobs)

    @property
    def names(self) -> LabelOptions:
        """Which columns or arrays are labels and ids, and how labels belong to rows."""
        classes = tuple(self.classes or ())
        return LabelOptions(self.label_column, self.label_key, self.id_column, self.shift, classes)

    @property
    def chosen(self) -> slice | None:
        """The rows that are read, from the first to behind the last; None for all.

        Raises
        ------
        UsageError
            If there is none, or they are not neighbours that are counted from the first.
        """
        if self.rows is None:
            return None
        start, stop, step = self.rows.start or 0, self.rows.stop, self.rows.step
        if step not in (None, 1) or min(start, stop or 0) < 0:
            raise UsageError(f"rows is a slice such as slice(0, 3), not {self.rows}")
        if stop is not None and stop <= start:
            raise UsageError(f"rows has no row: {self.rows}")
        return slice(start, stop)

    @property
    def cast(self) -> np.dtype[Any] | None:
        """The dtype to which outputs are cast; None for that which they have.

        Raises
        ------
        UsageError
            If they are not computed in it.
        """
        if self.dtype is not None and np.dtype(self.dtype).name not in _DTYPES:
            raise UsageError(f"dtype is {', '.join(_DTYPES)} or None, not {np.dtype(self.dtype)}")
        return None if self.dtype is None else np.dtype(self.dtype)

    def refuse(self, what: str, but: Sequence[str] = ()) -> None:
        """Raise UsageError if an argument is given that is for whole rows with labels."""
        _refuse(self, what, ("reduction", "jobs", *but))

    def _check(self, *, binary: bool) -> None:
        """Raise UsageError if a number makes no sense, or is for classes, which binary has not."""
        if self.shift < 0:
            raise UsageError(f"shift is a whole number from 0 on, not {self.shift}")
        if self.label_base is not None and abs(self.label_base) > _LARGEST_BASE:
            raise UsageError(f"label_base is at most {_LARGEST_BASE}, not {self.label_base}")
        check_names_of_classes(self.classes or (), "classes")
        for name in ("class_axis", "label_base", "classes", "shift") if binary else ():
            if getattr(self, name) is not self._field_defaults[name]:
                raise UsageError(f"{name} is for classes, and binary numbers each have a label")

    def criterion(
        self,
        kind: Kind,
        *,
        label_smoothing: float = 0.0,
        binary: bool = False,
        pos_weight: ArrayLike | None = None,
        temperature: Temperature = 1.0,
        normalize: bool = False,
        clip: float = 0.0,
    ) -> Criterion:
        """Return the loss of outputs of a kind, as these and the other arguments say.

        Raises
        ------
        UsageError
            If a number makes no sense, or arguments do not go together.
        """
        if not 0.0 <= clip <= 0.5:
            raise UsageError(f"clip is from 0 to 0.5, not {clip}")
        if (normalize or clip) and (kind != "probabilities" or binary):
            raise UsageError("normalize and clip are for rows of probabilities")
        if pos_weight is not None:
            _check_pos_weight(kind, binary=binary)
        if binary:
            _check_binary(kind, label_smoothing)
        self._check(binary=binary)
        divisor = temperature_of(temperature, kind, binary=binary)
        propagate = self.non_finite == "propagate"
        factor, ignored = as_class_weights(self.weight), self.ignored
        elements = None
        if binary:
            of_ones = as_class_weights(pos_weight, "pos_weight")
            elements = BinaryOptions(factor, of_ones, ignored, kind == "probabilities")
        return Criterion(
            kind,
            LossOptions(
                None if binary else factor,
                ignored,
                label_smoothing,
                self.label_base or 0,
                nan_of_zero=propagate,
            ),
            class_axis=self.class_axis,
            dtype=self.cast,
            rows=self.chosen,
            propagate=propagate,
            shift=self.shift,
            naming=Naming(tuple(self.classes or ()), counted=self.label_base is not None),
            binary=elements,
            temperature=divisor,
            normalize=normalize,
            clip=clip,
        )


def _check_pos_weight(kind: Kind, *, binary: bool) -> None:
    if not binary:
        raise UsageError("pos_weight needs binary=True")
    if kind != "logits":
        raise UsageError("pos_weight goes with logits")


def _check_binary(kind: Kind, label_smoothing: float) -> None:
    if kind == "log-probabilities":
        raise UsageError("binary takes logits, or probabilities of class 1")
    if label_smoothing:
        raise UsageError("label_smoothing is for classes, and binary numbers each have a label")
