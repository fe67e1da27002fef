"""Computes means over rows of one number each: Brier score, entropy, divergence."""

from typing import ClassVar

from xentcli.metrics.interface import register
from xentcli.metrics.mean_state import MeanState


@register("brier")
class BrierState(MeanState):
    """The squared distance between probabilities and labels."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("brier", "measured")


@register("entropy")
class EntropyState(MeanState):
    """The entropy of the probabilities, in nats."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("entropy", "measured")


@register("kl")
class DivergenceState(MeanState):
    """The divergence from class probabilities, in nats."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("divergence", "measured")
