"""The state of whole texts: made of a run, and made a loss again."""

from collections.abc import Sequence

from xentcli import __version__
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.inline import expand_all
from xentcli.metrics.interface import States
from xentcli.metrics.texts import TextsState
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.language.texts import TextsAsked, loss_of_texts
from xentcli.pipeline.provenance import file_facts
from xentcli.pipeline.saved_states.state_header import ModelFacts, StateHeader, each_once
from xentcli.pipeline.saved_states.state_options import Setting
from xentcli.pipeline.saved_states.state_rows import whole_files
from xentcli.pipeline.saved_states.states import SavedState
from xentcli.results.texts import TextLoss

_ROLE = "texts"


def state_of_texts(
    texts: TextsState,
    source: Source,
    names: Sequence[str],
    asked: TextsAsked,
    without: Sequence[str],
) -> SavedState:
    """Return the state of the texts in files, by the names that the user gave."""
    paths = expand_all(names, without)
    # The number of documents in one of several files is not known.
    files = (each._replace(shape=(None,)) for each in file_facts(_ROLE, source, paths))
    header = StateHeader(
        __version__,
        "nll",
        whole_files(paths),
        each_once(files),
        (ModelFacts(_ROLE, Setting.of(Criterion("log-probabilities", picked=True))),),
        0,
        texts=asked,
    )
    return SavedState(header, (States({"texts": texts}),))


def texts_of(saved: SavedState) -> TextLoss:
    """Return the loss of a state's texts."""
    if saved.header.texts is None:
        raise InputError(f"{saved.name}: the state is of no texts")
    return loss_of_texts(saved.states[0].states["texts"], saved.name)
