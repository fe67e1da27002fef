"""The loss over the temperature: what a picture shows around the one that was fitted."""

import math

import numpy as np

from xentcli.metrics.slope_sums import SlopesOfBeta
from xentcli.pipeline.temperatures.temperature import Pass
from xentcli.results.temperature import CurvePoint

_STEPS = 6  # to each side
_FURTHEST = 1e9  # points further apart would not make a curve
_FACTOR = 4.0  # how many times the fitted temperature the curve reaches, up and down


def curve_of(
    beta: float, loss_before: float | None, weight: float, read: Pass
) -> tuple[CurvePoint, ...]:
    """Return the mean loss around an inverse temperature, by one more pass over all rows.

    The losses are integrals of their slopes, starting from the loss at a temperature of 1. Between
    two points, the polynomial is integrated that has the first three derivatives at both.

    Parameters
    ----------
    beta : float
        The fitted inverse temperature.
    loss_before : float or None
        The mean loss at a temperature of 1.
    weight : float
        What the derivatives of the summed loss are divided by.
    read : callable
        Reads all rows, for slopes at inverse temperatures.
    """
    reach = max(_FACTOR, 1.5 * beta, 1.5 / beta)
    if (
        reach > _FURTHEST
        or loss_before is None
        or not math.isfinite(loss_before)
        or not weight > 0.0
    ):
        return ()
    places = beta * reach ** (np.arange(-_STEPS, _STEPS + 1) / _STEPS)
    betas = sorted({1.0, *(float(each) for each in places.astype(np.float32))})
    found = read(tuple(betas), fine=False).betas
    start = betas.index(1.0)
    losses = {start: loss_before}
    growth = [
        _integral(betas[i + 1] - betas[i], found[i], found[i + 1]) / weight
        for i in range(len(betas) - 1)
    ]
    for i in range(start, len(betas) - 1):
        losses[i + 1] = losses[i] + growth[i]
    for i in range(start, 0, -1):
        losses[i - 1] = losses[i] - growth[i - 1]
    return tuple(
        CurvePoint(1.0 / betas[i], losses[i], found[i].derivatives[0] / weight)
        for i in range(len(betas) - 1, -1, -1)
    )


def _integral(width: float, one: SlopesOfBeta, two: SlopesOfBeta) -> float:
    """Return by how much the summed loss grows, by the quintic of its slope."""
    first, second, third = ((one.derivatives[i], two.derivatives[i]) for i in range(3))
    return width * (
        (first[0] + first[1]) / 2.0
        + width * (second[0] - second[1]) / 10.0
        + width * width * (third[0] + third[1]) / 120.0
    )
