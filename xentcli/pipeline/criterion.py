"""Which loss, with which options, and of which rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.naming import Naming
from xentcli.core.checks import Kind, Problem
from xentcli.core.dtypes import computing_dtype
from xentcli.core.labels import LossOptions
from xentcli.core.row_losses import Reduction
from xentcli.errors import NonFiniteError
from xentcli.metrics.interface import States, from_outside
from xentcli.pipeline.prepared import logits_of, prepare
from xentcli.records import Record

if TYPE_CHECKING:
    from xentcli.core.binary_options import BinaryOptions
    from xentcli.pipeline.inputs.weights import Weights

Array = NDArray[Any]


class Criterion(Record):
    """Which loss, with which options, and what else is measured of the same rows.

    Attributes
    ----------
    kind : str
        What the rows hold.
    options : LossOptions
        The options that PyTorch's losses have.
    reduction : str
        How the row losses are reduced.
    class_axis : int, optional
        The axis of the classes.
    dtype : dtype, optional
        What logits are cast to.
    temperature : float
        What logits are divided by.
    propagate : bool
        Whether rows that are not finite give NaN instead of an error.
    shift : int
        The row of logits at t predicts the label at t + shift.
    naming : Naming
        What the user says about the names of classes.
    metrics : tuple of str
        The names of what is measured, the loss among them.
    binary : BinaryOptions, optional
        Each number is the logit, or the probability, of class 1, with a label of its own.
    picked : bool
        Whether each number is the log-probability of its row's label already.
    rows : slice, optional
        Which slices of the first axis are read; all by default.
    normalize : bool
        Whether each row of probabilities is divided by its sum.
    clip : float
        Probabilities are clipped to the range from this to 1 minus this.
    ids_wanted : bool
        Whether the user asks for ids beside the losses: an output that holds none is an error.
    parameters : mapping of str to mapping
        The parameters of metrics, by the name of the metric.
    kept : tuple of str
        Which numbers of every row are kept until all have been seen: 'confidence', 'score'.
    by_slices : bool
        Whether each slice of the first axis is a group.
    numbers : mapping of str to int
        The number of each cluster; its remainder by the folds is the fold of the cluster's rows.
    from_probs : bool
        Whether the input holds probabilities, from which logits are made.
    weights : tuple of Weights or None
        The weights of the classes and of positive labels, as they were given, with their names.
    """

    kind: Kind = "logits"
    options: LossOptions = LossOptions()
    reduction: Reduction = "mean"
    class_axis: int | None = None
    dtype: np.dtype[Any] | None = None
    temperature: float = 1.0
    propagate: bool = False
    shift: int = 0
    naming: Naming = Naming()
    metrics: tuple[str, ...] = ("loss",)
    binary: "BinaryOptions | None" = None
    picked: bool = False
    rows: slice | None = None
    normalize: bool = False
    clip: float = 0.0
    ids_wanted: bool = False
    parameters: Mapping[str, Mapping[str, Any]] = {}
    kept: tuple[str, ...] = ()
    by_slices: bool = False
    from_probs: bool = False
    weights: "tuple[Weights | None, Weights | None]" = (None, None)
    numbers: Mapping[str, int] = {}

    @property
    def states(self) -> States:
        """The states of no rows."""
        return States.empty(self.metrics, self.parameters)

    @property
    def command(self) -> str:
        """The command that computes this."""
        return "loss" if self.kind == "logits" else "nll"

    @property
    def classes_of_elements(self) -> int:
        """How many classes numbers that are no rows of classes tell of; 0 if that is unknown."""
        return 2 if self.binary else 0

    @property
    def has_metrics_from_outside(self) -> bool:
        """Whether results are computed that may be anything."""
        return not {*self.metrics}.isdisjoint(from_outside())

    def with_all_metrics(self) -> "Criterion":
        """Return the same with all the metrics that are shown beside a loss."""
        of_rows = () if self.binary or self.picked else from_outside()
        return self._replace(metrics=("loss", "accuracy", *of_rows))

    def of_model(self, kind: Kind, temperature: float) -> "Criterion":
        """Return that of a model with rows of this kind: only probabilities are normalised."""
        found = self._replace(kind=kind, temperature=temperature)
        return found if kind == "probabilities" else found._replace(normalize=False, clip=0.0)

    def is_error(self, problem: Problem) -> bool:
        """Whether a problem ends the run."""
        return problem.error is not NonFiniteError or not self.propagate

    def numbers_of(self, clusters: Array | None) -> Array | None:
        """Return the number of each row's cluster, if clusters have numbers."""
        if clusters is None or not self.numbers:
            return None
        from xentcli.metrics.group_names import names_of

        names, places = names_of(clusters, of_clusters=True)
        return np.array([self.numbers.get(name, 0) for name in names], np.int64)[places]

    def narrow(self, dtype: np.dtype[Any]) -> bool:
        """Whether numbers stored in this dtype are float32 or narrower, or are cast to it.

        A temperature that divides them does not count, though it makes them float64.
        """
        dtypes = (dtype,) if self.dtype is None else (dtype, self.dtype)
        return any(computing_dtype(each) == np.float32 for each in dtypes)

    def prepared(self, values: Array) -> Array:
        """Return the numbers that the formulas work on, made from those stored."""
        if self.from_probs:
            values = logits_of(values, binary=self.binary is not None)
        values = prepare(values, self.dtype, self.temperature)
        if self.normalize:
            values = values.astype(np.float64)
            with np.errstate(all="ignore"):
                values = values / np.add.reduce(values, axis=-1, keepdims=True)
        if self.clip:
            values = np.clip(values.astype(np.float64), self.clip, 1.0 - self.clip)
        return values
