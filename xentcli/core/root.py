"""Finds where an increasing function is 0, by Newton's method with more derivatives."""

import math
from collections.abc import Sequence

from xentcli.core.series import left_of_series, root_of_series

_MOST_FACTOR = 8.0  # by which a step changes the place
_NEAR = 0.02  # after a step of at most this share of the place, only rounding is left
_EXACT = 1e-17  # the most that a last step leaves over, as a share of the place
_LEAST_UNKNOWN = 1e-3  # share of the fourth derivative, which is taken from a place nearby
_TRUSTED = 0.3  # the series is of use if its next terms are at most this share of the first
_BENT_MORE = 10.0  # the next bend may be that much more than the square of the one before
_UNSEEN = 0.03  # of a step by logarithms, over its square, at least, in the terms that follow
_MOST_STEPS = 200
_LEAST_SHARE = 1e-6  # of the place, at least, that rough derivatives leave over
_FEWEST_FINE = 3  # derivatives that a fine step takes
_CLOSE = 0.3  # over the reach: a step as short as that is not bounded
_NAMED = ("value", "slope", "third", "fourth")  # the derivatives whose terms are written out


class RootSearch:
    """Walks to the root above 0 of an increasing function, by its derivatives.

    The derivatives of a first phase may be rough; those of a second one are fine. Each step is at
    most a factor of 8, and stays between places where the function is known to be below and above
    0; otherwise it goes to the geometric mean of the two.

    Parameters
    ----------
    place : float
        The place at which the search begins.
    fine : bool
        Whether there is no rough phase.
    reach : float
        The factor by which a derivative may exceed the one before it near 0. Elsewhere the factor
        is one over the place.
    limit : float
        What the function tends to at infinity, above 0, or 0 where that is unknown. Where the
        distance from it falls as a power of the place, rough steps are those of both logarithms.
    most_fine : int
        How many fine derivatives may be asked for.

    Attributes
    ----------
    place : float
        The place where derivatives are needed next, or the root.
    fine : bool
        Whether these derivatives must be fine.
    orders : int
        How many fine ones lead to the root in one step, as far as the rough ones told.
    done : bool
        Whether the place is the root.
    lost : bool
        Whether there is no root within reach.
    last_step, before : float
        The step to `place`, and the place that it was taken from: a difference of places far apart
        would not give it.
    left : float
        How much a rough step leaves over, about, as a share of the root.
    """

    def __init__(
        self,
        place: float,
        *,
        fine: bool = False,
        reach: float = math.inf,
        limit: float = 0.0,
        most_fine: int = _FEWEST_FINE,
    ) -> None:
        self.place = place
        self.orders, self._most_fine = _FEWEST_FINE, most_fine
        self.reach = reach
        self.limit = limit
        self.fine = fine
        self.done = False
        self.last_step, self.before = 0.0, place
        self.left = math.inf
        self.steps = 0
        self._low, self._high = 0.0, math.inf
        self._fourth: tuple[float, float] | None = None

    @property
    def lost(self) -> bool:
        """Whether there is no root within reach."""
        far = not 1e-290 < self.place < 1e290
        return not self.done and (far or self.steps >= _MOST_STEPS)

    def remember_fourth(self, place: float, derivative: float) -> None:
        """Remember a fourth derivative, for steps from places nearby."""
        self._fourth = (place, derivative)

    def begin_fine(self) -> None:
        """Ask for fine derivatives from now on; the bounds that rough ones gave may be wrong."""
        self.fine = True
        self._low, self._high = 0.0, math.inf

    def step(self, derivatives: Sequence[float]) -> None:
        """Go on from the function and its derivatives, three or four, at `place`."""
        self.steps += 1
        value, slope, *_ = derivatives
        if not all(map(math.isfinite, derivatives[: len(_NAMED)])):
            if self.fine:
                self.steps = _MOST_STEPS
            self.begin_fine()
            return
        if len(derivatives) > 3:
            self.remember_fourth(self.place, derivatives[3])
        newton = -value / slope if slope > 0.0 else 0.0
        if self.fine and self._ends(newton, derivatives, _EXACT):
            return
        if value < 0.0:
            self._low = max(self._low, self.place)
        elif value > 0.0:
            self._high = min(self._high, self.place)
        if self._high <= math.nextafter(self._low, math.inf):
            self.done = self.fine
            self._go(self.place)
            self.begin_fine()
            return
        step, left = self._series(newton, derivatives), self._left_over(newton, derivatives)
        if not self.fine and slope > 0.0:
            step, left = self._of_logarithms(newton, derivatives) or (step, left)
        self.left = max(_LEAST_SHARE, left)
        near = slope > 0.0 and (abs(step) <= _NEAR * self.place or self._leads_near(step))
        wanted = self.place + step if slope > 0.0 else -math.copysign(math.inf, value)
        self._go(self._bounded(wanted))
        if near and not self.fine:
            self.begin_fine()

    def accept(self, derivatives: Sequence[float], tolerance: float) -> None:
        """Take a step as `step` does, and be done if it leaves a share of at most `tolerance`."""
        newton = -derivatives[0] / derivatives[1] if derivatives[1] > 0.0 else 0.0
        if not self._ends(newton, derivatives, tolerance):
            self.step(derivatives[: len(_NAMED)])

    def _ends(self, newton: float, derivatives: Sequence[float], tolerance: float) -> bool:
        """Take a last step, unless it leaves more than a share of `tolerance`."""
        if len(derivatives) > len(_NAMED):
            step = root_of_series(derivatives)
            left = left_of_series(step, self.place, self.scale, len(derivatives))
        else:
            step, left = self._series(newton, derivatives), self._left_over(newton, derivatives)
        if left <= tolerance:
            self._go(self.place + step)
            self.done = True
        return self.done

    def _go(self, place: float) -> None:
        self.last_step, self.before = place - self.place, self.place
        self.place = place

    def _left_over(self, newton: float, derivatives: Sequence[float]) -> float:
        """Return about how much the series leaves over at most, as a share of the place."""
        if not derivatives[1] > 0.0:
            return math.inf
        if newton == 0.0:
            return 0.0
        unknown = 1.0
        if self._fourth is not None:
            unknown = max(_LEAST_UNKNOWN, abs(self._fourth[0] - self.place) * self.scale)
        second, third = self._terms(newton, derivatives)
        terms = unknown * abs(third) + abs(second * third / newton)
        size = abs(newton) * self.scale
        least = max(unknown, size / 24.0) * abs(newton) * size * size
        root = self.place + self._series(newton, derivatives)
        return max(terms, least) / min(self.place, root) if root > 0.0 else math.inf

    def _of_logarithms(
        self, newton: float, derivatives: Sequence[float]
    ) -> tuple[float, float] | None:
        """Return a step by logarithms, and the share it leaves over, if it is the better one."""
        value, slope, third, *_ = derivatives
        distance = self.limit - value
        if not (distance > 0.0 and self.limit > 0.0 and newton != 0.0):
            return None
        first = self.place * slope / distance
        if not first > 0.0:  # too small for a number
            return None
        second = first + self.place * self.place * third / distance + first * first
        step = math.log1p(-value / self.limit) / first
        bend = second / (2.0 * first) * step * step
        size = abs(bend / step) if step else 0.0
        straight = abs(self._terms(newton, derivatives)[0] / newton)
        if not size < min(straight, _TRUSTED):
            return None
        left = max(_BENT_MORE * size * size, _UNSEEN * step * step) * abs(step)
        return self.place * math.expm1(step - bend), left

    def _leads_near(self, step: float) -> bool:
        """Whether a step leads near enough for one fine step."""
        root = self.place + step
        if not root > 0.0:
            return False
        share, scale = self.left, min(1.0 / root, self.reach)
        size = share * root * scale
        unknown = max(_LEAST_UNKNOWN, abs(step) * self.scale)
        if unknown * share * size * size <= _EXACT:
            return True
        for orders in range(len(_NAMED) + 1, self._most_fine + 1):
            if left_of_series(share * root, root, scale, orders) <= _EXACT:
                self.orders = orders
                return True
        return False

    @property
    def scale(self) -> float:
        """The factor by which a derivative may exceed the one before it."""
        return min(1.0 / self.place, self.reach)

    def _terms(self, newton: float, derivatives: Sequence[float]) -> tuple[float, float]:
        """Return the terms that follow Newton's step in the series of the step to the root."""
        _, slope, third, *_ = derivatives
        fourth = 0.0 if self._fourth is None else self._fourth[1]
        a, b = third / (2.0 * slope), fourth / (6.0 * slope)
        # Products may become infinite, where powers would raise OverflowError.
        return -a * newton * newton, (2.0 * a * a - b) * newton * newton * newton

    def _series(self, newton: float, derivatives: Sequence[float]) -> float:
        """Return the step to the root, by all derivatives if they are of use, else Newton's."""
        if newton == 0.0:
            return 0.0
        second, third = self._terms(newton, derivatives)
        most = _TRUSTED * abs(newton)
        if abs(second) <= most and abs(third) <= most:  # neither is NaN
            return newton + (second + third)
        return newton

    def _bounded(self, wanted: float) -> float:
        low = max(self._low, self.place / _MOST_FACTOR)
        high = min(self._high, self.place * _MOST_FACTOR)
        if abs(wanted - self.place) * self.reach <= _CLOSE and self._low < wanted < self._high:
            return wanted
        if low < wanted < high:
            return wanted
        if self._low < low and wanted <= low:
            return low
        if high < self._high and wanted >= high:
            return high
        return math.sqrt(low) * math.sqrt(high)
