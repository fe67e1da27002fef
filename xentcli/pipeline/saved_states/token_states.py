"""The state of a server's answers: made of a run, and made a loss again."""

from collections.abc import Sequence
from typing import cast

from xentcli import __version__
from xentcli.core.row_losses import Reduction
from xentcli.errors import InputError
from xentcli.formats.inline import expand_all
from xentcli.formats.logprobs.source import AnswersSource
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.language.token_counts import TokenCounts, TokensAsked
from xentcli.pipeline.language.tokens import loss_of_tokens
from xentcli.pipeline.provenance import file_facts
from xentcli.pipeline.saved_states.state_header import ModelFacts, StateHeader, each_once
from xentcli.pipeline.saved_states.state_options import Setting
from xentcli.pipeline.saved_states.state_rows import whole_files
from xentcli.pipeline.saved_states.states import SavedState
from xentcli.results.tokens import TokenLoss

_ROLE = "answers"


def state_of_tokens(
    counts: TokenCounts,
    sources: Sequence[AnswersSource],
    names: Sequence[str],
    reduction: Reduction,
    without: Sequence[str],
) -> SavedState:
    """Return the state of the answers in files, by the names that the user gave."""
    paths = expand_all(names, without)
    criterion = Criterion("log-probabilities", reduction=reduction, picked=True)
    facts = [
        each
        for source, path in zip(sources, paths, strict=True)
        for each in file_facts(_ROLE, source, [path])
    ]
    header = StateHeader(
        __version__,
        "nll",
        whole_files(paths),
        each_once(facts),
        (ModelFacts(_ROLE, Setting.of(criterion)),),
        0,
        tokens=TokensAsked(sources[0].part, sources[0].dialect),
    )
    return SavedState(header, (States({"tokens": counts}),))


def tokens_of(saved: SavedState) -> tuple[TokenLoss, list[str]]:
    """Return the loss of a state's tokens, and what the user should know of it."""
    asked = saved.header.tokens
    if asked is None:
        raise InputError(f"{saved.name}: the state is of no answers")
    counts = saved.states[0].states["tokens"]
    return loss_of_tokens(counts, asked, cast("Reduction", saved.header.setting.reduction))
