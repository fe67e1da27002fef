"""A fitted temperature, where it comes from, and what the gates say of it, as one page."""

from collections.abc import Iterable, Mapping, Sequence

from xentcli.render.pictures.kinds import OF_TEMPERATURES
from xentcli.render.report.template import rendered
from xentcli.render.report.words import temperature_in_words
from xentcli.render.temperature import interval_in_words
from xentcli.results.measure import Measure
from xentcli.results.provenance import Provenance
from xentcli.results.temperature import FittedTemperature
from xentcli.results.verdict import Verdict

_MOST_FOLDS = 50
_FIRST = ("temperature", "loss_before", "loss_after", "loss_out_of_fold", "ece_after")


def temperature_page(
    found: FittedTemperature,
    provenance: Provenance | None = None,
    verdicts: Sequence[Verdict] = (),
    told: Sequence[str] = (),
) -> str:
    """Return a page that needs no other file, no network and no script.

    Parameters
    ----------
    found : FittedTemperature
        What was fitted.
    provenance : Provenance, optional
        The command line, the files and the version.
    verdicts : sequence of Verdict
        What the gates say.
    told : sequence of str
        The warnings, and then the notes.
    """
    source = provenance or Provenance()
    name = f": {source.files[0].name}" if source.files else ""
    there = [each for each, measure in found.metrics.items() if measure.value is not None]
    return rendered(
        "temperature.html",
        f"xent calibrate{name}",
        source,
        verdicts,
        told,
        m=found,
        interval=interval_in_words(found),
        metrics=found.metrics,
        first=[each for each in _FIRST if each in there],
        numbers=_numbers(found.metrics, there),
        tested=_numbers(found.tested.metrics, found.tested.metrics) if found.tested else [],
        folds=found.folds[:_MOST_FOLDS],
        pictures=OF_TEMPERATURES.of_page(found),
    )


def _numbers(metrics: Mapping[str, Measure], names: Iterable[str]) -> list[tuple[str, str]]:
    there = (name for name in names if metrics[name].value is not None)
    return [(name, temperature_in_words(name)) for name in there]
