"""The state of a comparison of models known in part: made of a run, and made a report again."""

from collections.abc import Iterator, Sequence

from xentcli import __version__
from xentcli.errors import InputError
from xentcli.metrics.coded_pairs import OF_SUMS, CodedPairsState, CodedSums
from xentcli.metrics.interface import States
from xentcli.metrics.listed_pairs import ListedPairsState
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.in_part.partly_compared import Models
from xentcli.pipeline.in_part.partly_pairs import PairsKind, comparison_of
from xentcli.pipeline.provenance import role_of_model
from xentcli.pipeline.saved_states.pair_states import names_of
from xentcli.pipeline.saved_states.state_header import ModelFacts, StateHeader, each_once
from xentcli.pipeline.saved_states.state_options import Setting
from xentcli.pipeline.saved_states.state_rows import whole_files
from xentcli.pipeline.saved_states.states import SavedState
from xentcli.results.comparison import Comparison
from xentcli.results.provenance import FileFacts
from xentcli.storage.names import shown_name


def state_of_partly(
    models: Models,
    states: Sequence[CodedPairsState | ListedPairsState],
    metrics: tuple[str, ...] | None,
    criterion: Criterion,
    files: Sequence[FileFacts],
) -> SavedState:
    """Return the state of models; `states` are those of each but the first with the first."""
    setting = Setting.of(criterion)
    facts = []
    for i, (source, path) in enumerate(zip(models.sources, models.paths, strict=True)):
        within = source.name.removeprefix(shown_name(path))
        facts.append(ModelFacts(role_of_model(i), setting, within))
    header = StateHeader(
        __version__,
        "compare",
        whole_files(models.paths[:1]),
        each_once(files),
        tuple(facts),
        models.num_classes,
        pairs=PairsKind(models.kinds, metrics, models.cluster, models.several_axes),
    )
    sums = (each.sums if isinstance(each, CodedPairsState) else each for each in states)
    return SavedState(header, tuple(States({header.sole_state or "": each}) for each in sums))


def comparisons_of_partly(saved: SavedState) -> list[Comparison]:
    """Return what a state says of each model but the first."""
    header = saved.header
    if header.pairs is None:
        raise InputError(f"{saved.name}: the state is of whole rows")
    kinds, names = header.pairs.kinds, names_of(saved)
    found = []
    for i, states in enumerate(saved.states, 1):
        state = states.states[header.sole_state or ""]
        if isinstance(state, CodedSums):
            state = CodedPairsState(state)
        both = (names[0], names[i]), (kinds[0], kinds[i])
        found.append(comparison_of(state, *both, header.num_classes, header.pairs.clustering))
    return found


def notes_of_lost(kind: PairsKind) -> Iterator[str]:
    """Say which of the measures asked for need every row at once."""
    shown = kind.names if kind.metrics is None or "all" in kind.metrics else kind.metrics
    if kind.are_bases and any(name not in OF_SUMS for name in shown):
        yield "percentiles of kl and delta_p: null, since states have not all rows at once"
