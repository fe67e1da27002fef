"""A number with its error and interval."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A number, its error and interval, and how many rows it is over; None if one does not apply.

    Attributes
    ----------
    value, standard_error : float or None
        The number, and its error.
    low, high : float or None
        Its interval of 95 %: by Wilson for a share, by Student's t for a mean.
    n : int or None
        How many rows, or classes, it is over.
    """

    value: float | None = None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


class ByName:
    """Gives measures by name: ``result["accuracy"]`` is ``result.accuracy``."""

    metrics: dict[str, Measure]

    def __getitem__(self, name: str) -> Measure:
        """Return a measure by its name."""
        return self.metrics[name]

    def __getattr__(self, name: str) -> Measure:
        """Return a measure as an attribute."""
        metrics: dict[str, Measure] = self.__dict__.get("metrics", {})
        if name not in metrics:
            raise AttributeError(f"no measure {name!r}: there are {', '.join(metrics)}")
        return metrics[name]


NOTHING = Measure()
