"""The state of rows that are known in part: made of a run, and made a loss again."""

from collections.abc import Iterable, Sequence

from xentcli import __version__
from xentcli.errors import InputError
from xentcli.metrics.interface import States
from xentcli.metrics.top_lists import TopListsState
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.in_part.bounded import BoundedKind, BoundedSums, bounded_loss
from xentcli.pipeline.saved_states.state_header import ModelFacts, StateHeader, each_once
from xentcli.pipeline.saved_states.state_options import Setting
from xentcli.pipeline.saved_states.state_rows import whole_files
from xentcli.pipeline.saved_states.states import SavedState
from xentcli.pipeline.top_lists.top_measures import ListsKind, lists_measures
from xentcli.results.bounds import BoundedLoss, TopMeasures
from xentcli.results.provenance import FileFacts


def state_of_bounded(
    command: str,
    sums: BoundedSums | TopListsState,
    kind: BoundedKind | ListsKind,
    criterion: Criterion,
    files: Iterable[FileFacts],
    paths: Sequence[str],
) -> SavedState:
    """Return the state of the rows in `paths`; `files` are what was read, labels too."""
    facts = each_once(files)
    role = next(each.role for each in facts if each.role != "labels")
    header = StateHeader(
        __version__,
        command,
        whole_files(paths),
        facts,
        (ModelFacts(role, Setting.of(criterion)),),
        kind.num_classes or 0,
        bounded=kind if isinstance(kind, BoundedKind) else None,
        lists=kind if isinstance(kind, ListsKind) else None,
    )
    name = "bounded" if header.bounded is not None else "lists"
    return SavedState(header, (States({name: sums}),))


def lists_of(saved: SavedState) -> TopMeasures:
    """Return what is measured of a state's lists."""
    kind = saved.header.lists
    if kind is None:
        raise InputError(f"{saved.name}: the state is of whole rows")
    return lists_measures(saved.states[0].states["lists"], kind)


def bounded_of(saved: SavedState) -> tuple[BoundedLoss, list[str]]:
    """Return the loss of a state's rows, and what the user should know of it."""
    header = saved.header
    if header.bounded is None:
        raise InputError(f"{saved.name}: the state is of whole rows")
    sums = saved.states[0].states["bounded"]
    return bounded_loss(sums, header.bounded, header.command, header.setting.reduction)
