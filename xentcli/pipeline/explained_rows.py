"""The rows that `explain` shows, and every step from their logits to their mean loss."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xentcli.core.checks import Problem
from xentcli.core.gradient import gradient_of_probabilities, mean_gradient
from xentcli.core.labels import Labels, LossOptions
from xentcli.core.losses import cross_entropy, nll_loss
from xentcli.core.one_hot import one_hot
from xentcli.core.row_losses import SUM_TOLERANCE, Reduction
from xentcli.core.softmax import log_softmax, softmax
from xentcli.results.array_values import IGNORED
from xentcli.results.explain import Explanation, Route

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ExplainedRows(NamedTuple):
    """Logits (N, C), their labels, and what their loss multiplies and divides by.

    Attributes
    ----------
    labels : Labels or None
        The classes of the rows; None if labels are class probabilities.
    y : array of shape (N,) or (N, C)
        The class of each row, IGNORED for one that is left out; or its class probabilities.
    used : array of shape (N,)
        Whether a row counts.
    targets : array of shape (N, C)
        One-hot rows or class probabilities, smoothed if that is asked for; 0 in rows left out.
    factors : array of shape (N, C)
        The targets times the weights of the classes.
    divisor : float
        What the mean divides by: the sum of the weights of the rows that count, or their number.
    ignored : tuple of int
        The labels of the rows that are left out, if there are such rows.
    problems : tuple of Problem
        What is wrong with the labels.
    """

    z: "NDArray[np.float64]"
    labels: Labels | None
    options: LossOptions
    y: "NDArray[Any]"
    used: "NDArray[np.bool_]"
    targets: "NDArray[np.float64]"
    factors: "NDArray[np.float64]"
    divisor: float
    ignored: tuple[int, ...]
    problems: tuple[Problem, ...]

    @classmethod
    def of(
        cls,
        z: "NDArray[np.float64]",
        labels: Labels,
        options: LossOptions,
        ignored: tuple[int, ...],
    ) -> "ExplainedRows":
        """Return rows with what their labels and the options make of them."""
        classes, smoothing, weight = z.shape[1], options.label_smoothing, options.weight
        used = np.ones(len(z), np.bool_) if labels.used is None else labels.used
        hot = one_hot(labels.index, classes)
        targets = np.where(used[:, None], hot * (1.0 - smoothing) + smoothing / classes, 0.0)
        return cls(
            z,
            labels,
            options,
            np.where(used, labels.index, IGNORED),
            used,
            targets,
            targets if weight is None else weight * targets,
            math.fsum(used if labels.weight is None else labels.weight),
            () if used.all() else ignored,
            labels.problems,
        )

    @classmethod
    def of_probabilities(
        cls,
        z: "NDArray[np.float64]",
        labels: "NDArray[Any]",
        options: LossOptions,
        problems: tuple[Problem, ...],
    ) -> "ExplainedRows":
        """Return rows whose labels are class probabilities, all of which count alike."""
        shares = labels.astype(np.float64)
        smoothing, weight = options.label_smoothing, options.weight
        targets = shares * (1.0 - smoothing) + smoothing / max(1, z.shape[1])
        factors = targets if weight is None else weight * targets
        every = np.ones(len(z), np.bool_)
        return cls(z, None, options, shares, every, targets, factors, len(z), (), problems)

    @property
    def uneven(self) -> int:
        """How many rows have class probabilities that do not sum to 1."""
        if self.labels is not None:
            return 0
        return int((np.abs(self.y.sum(axis=1) - 1.0) > SUM_TOLERANCE).sum())

    def losses(self, log_probs: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Return what each class adds to the loss of its row, given log-probabilities."""
        return np.where(self.used[:, None], 0.0 - self.factors * log_probs, 0.0)

    def steps(
        self,
        places: tuple[tuple[int, ...], ...],
        columns: tuple[str, ...] | None,
        first_row: int,
    ) -> Explanation:
        """Return every step from logits (N, C) and labels (N,) to the loss.

        Everything is computed in float64. Where softmax underflows to 0, its logarithm is -inf, and
        the textbook's ``-y * log(softmax)`` has ``-0 * -inf``, which is NaN and is shown as NaN.
        """
        z, used, options = self.z, self.used, self.options
        probs, log_probs = softmax(z), log_softmax(z).astype(np.float64, copy=False)
        with np.errstate(all="ignore"):
            log_of_softmax = np.log(probs)
            terms = self.losses(log_of_softmax)
            textbook = terms.sum(axis=1)
            routes = self._routes(textbook, log_probs)
            gaps = np.abs(log_of_softmax - log_probs)
            gaps[log_of_softmax == log_probs] = 0.0  # both -inf
        losses = [route.loss for route in routes]
        return Explanation(
            first_row=first_row,
            rows=places,
            columns=columns,
            labels=None if self.labels is None else self.y,
            used=used,
            label_smoothing=options.label_smoothing,
            weight=options.weight,
            weight_sum=self.divisor,
            logits=z,
            softmax=probs,
            softmax_sums=probs.sum(axis=1),
            one_hot=None if self.labels is None else self._one_hot(self.labels),
            targets=self.targets,
            log_of_softmax=log_of_softmax,
            log_softmax=log_probs,
            terms=terms,
            textbook_losses=textbook,
            row_losses=np.asarray(self._cross_entropy("none")),
            log_differences=gaps.max(axis=1, initial=0.0),
            underflows=int((np.isneginf(log_of_softmax) & np.isfinite(log_probs))[used].sum()),
            routes=routes,
            difference=max(losses) - min(losses) if np.isfinite(losses).all() else float("nan"),
            gradient=self._gradient,
        )

    def _one_hot(self, labels: Labels) -> "NDArray[Any]":
        return np.where(self.used[:, None], one_hot(labels.index, self.z.shape[1]), 0)

    @property
    def _gradient(self) -> "NDArray[np.float64]":
        if self.labels is None:
            return gradient_of_probabilities(self.z, self.factors, self.divisor)
        return mean_gradient(self.z, self.labels, self.options, self.divisor)

    def _cross_entropy(self, reduction: Reduction) -> "NDArray[np.float64] | np.float64":
        smoothing, weight = self.options.label_smoothing, self.options.weight
        return cross_entropy(
            self.z, self.y, weight=weight, label_smoothing=smoothing, reduction=reduction
        )

    def _routes(
        self, textbook: "NDArray[np.float64]", log_probs: "NDArray[np.float64]"
    ) -> tuple[Route, ...]:
        """Return three ways to the mean loss; the caller ignores NumPy's errors."""
        weight, smoothing = self.options.weight, self.options.label_smoothing
        divisor = np.float64(self.divisor)
        of_shares = smoothing > 0.0 or self.labels is None
        weighted, hot = "" if weight is None else "w * ", "y" if of_shares else "one_hot"
        asked = "" if weight is None else ", weight=w"
        if self.ignored not in ((), (IGNORED,)):
            several = self.ignored if len(self.ignored) > 1 else self.ignored[0]
            asked += f", ignore_index={several}"
        mean = f"sum() / {self.divisor:.6g}"
        if weight is None and not smoothing and self.used.all():
            mean = "sum(1).mean()"
        if of_shares:
            second = f"({weighted}y * -log_softmax(logits)).{mean}"
            loss = self.losses(log_probs).sum() / divisor
        else:
            second = f"nll_loss(log_softmax(logits), labels{asked})"
            loss = nll_loss(log_probs, self.y, weight=weight)
        asked += f", label_smoothing={smoothing:g}" if smoothing else ""
        return (
            Route(f"({weighted}{hot} * -log(softmax)).{mean}", float(textbook.sum() / divisor)),
            Route(second, float(loss)),
            Route(f"cross_entropy(logits, labels{asked})", float(self._cross_entropy("mean"))),
        )


def divided(steps: Explanation, logits: "NDArray[np.float64]", temperature: float) -> Explanation:
    """Return the steps of logits that a temperature has divided, from before the division on."""
    if temperature == 1.0:
        return steps
    routes = (
        replace(route, formula=route.formula.replace("(logits", "(logits / T"))
        for route in steps.routes
    )
    return replace(
        steps,
        logits=logits,
        temperature=temperature,
        scaled_logits=steps.logits,
        routes=tuple(routes),
        gradient=steps.gradient / temperature,
    )
