"""`loss` and `nll` of the Python API: the numbers of the commands, of arrays or of files."""

from __future__ import annotations

from typing import Any

from xentcli.errors import UsageError
from xentcli.pipeline.from_python.python_criterion import LossArguments, RowArguments
from xentcli.pipeline.from_python.python_data import Data, GivenRows, reader_of
from xentcli.pipeline.from_python.python_rows import (
    GivenLists,
    ListData,
    RowOptions,
    TokensPart,
    in_part,
    of_rows,
    of_tokens,
)
from xentcli.pipeline.from_python.python_temperature import Temperature
from xentcli.results.bounds import BoundedLoss
from xentcli.results.loss import LossSummary
from xentcli.results.texts import TextLoss
from xentcli.results.tokens import TokenLoss


def loss(
    logits: Data | None = None,
    labels: Data | None = None,
    *,
    label_smoothing: float = 0.0,
    temperature: Temperature = 1.0,
    top_values: ListData | None = None,
    top_indices: ListData | None = None,
    log_sum_exp: ListData | None = None,
    num_classes: int | None = None,
    **options: RowOptions,
) -> LossSummary | BoundedLoss:
    """Return the cross entropy of logits, as ``xent loss`` reports it.

    Parameters
    ----------
    logits : array_like, str, path, or list of these names, optional
        Logits (N, C), (N, C, d1, ...): an array, or files. None where lists are given.
    labels : array_like, str, path, or list of these names, optional
        As in `evaluate`.
    label_smoothing : float
        As the option of the command.
    temperature : float, str, path or FittedTemperature
        As in `evaluate`.
    top_values, top_indices, log_sum_exp : array_like or str, optional
        The largest logits or log-probabilities of each row (..., K), the classes that they are of,
        and the log-sum-exp over all classes: arrays, or ``FILE`` or ``FILE:KEY``.
    num_classes : int, optional
        How many classes there are, where lists do not say it.
    **options
        `reduction`, `weight`, `ignore_index`, `class_axis`, `shift`, `non_finite`, `classes`,
        `label_base`, `label_column`, `label_key`, `id_column`, `jobs`: as the options of the
        command; `rows`, `dtype` and how files are read, as in `evaluate`; `binary`, `pos_weight`
        and `sample_weight`, as in `calibrate`.

    Returns
    -------
    LossSummary or BoundedLoss
        The latter for lists, whose rows may be known in part; its `loss` then has bounds, no value.
        `notes` has the notes and warnings of the command.

    Raises
    ------
    XentError
        If something cannot be read or does not fit, as the command says it.

    Examples
    --------
    >>> import xentcli as xent
    >>> xent.loss([[0.0, 0.0], [3.0, 0.0]], [0, 0], jobs=1).loss
    0.37086726606684367
    >>> lists = {"top_values": [[2.0, 1.0]], "top_indices": [[7, 3]], "log_sum_exp": [2.5]}
    >>> xent.loss(labels=[7], **lists).loss.value
    0.5
    """
    rows, more, reading = _split(options)
    lists = GivenLists(top_values, top_indices, log_sum_exp, num_classes)
    reader = reader_of(reading)
    given = GivenRows.of(logits, labels)
    found = in_part("loss", given, lists, (rows, more), reader)
    if found is not None:
        if label_smoothing or temperature != 1.0:
            raise UsageError("label_smoothing and temperature are for whole rows of logits")
        return found
    criterion = rows.criterion(
        "logits",
        label_smoothing=label_smoothing,
        temperature=temperature,
        binary=more.binary,
        pos_weight=more.pos_weight,
    )
    return of_rows(given, criterion, (rows, more), reader)


def nll(
    log_probs: Data | None = None,
    labels: Data | None = None,
    *,
    probs: bool = False,
    picked: bool = False,
    tokens: TokensPart | None = None,
    normalize: bool = False,
    clip: float = 0.0,
    top_values: ListData | None = None,
    top_indices: ListData | None = None,
    log_sum_exp: ListData | None = None,
    num_classes: int | None = None,
    **options: RowOptions,
) -> LossSummary | BoundedLoss | TokenLoss | TextLoss:
    """Return the negative log likelihood of log-probabilities, as ``xent nll`` reports it.

    Parameters
    ----------
    log_probs : array_like, str, path, or list of these names, optional
        Log-probabilities (N, C): an array, or files; or a base of llama-perplexity, the answers of
        a server, samples of lm-evaluation-harness. None where lists are given.
    labels : array_like, str, path, or list of these names, optional
        As in `evaluate`; a base has its own, and the tokens of answers need none.
    probs, picked, normalize, clip
        As the options of the command: what the numbers are.
    tokens : {'prompt', 'generated'}, optional
        Which tokens are read of answers that have both.
    top_values, top_indices, log_sum_exp, num_classes, **options
        As in `loss`.

    Returns
    -------
    LossSummary, BoundedLoss, TokenLoss or TextLoss
        For rows, rows that are known in part, tokens of answers, and whole texts.

    Raises
    ------
    XentError
        If something cannot be read or does not fit, as the command says it.

    Examples
    --------
    >>> import xentcli as xent
    >>> xent.nll([[0.25, 0.75], [0.5, 0.5]], [1, 0], probs=True, jobs=1).used
    2
    """
    rows, more, reading = _split(options)
    lists = GivenLists(top_values, top_indices, log_sum_exp, num_classes)
    reader = reader_of(reading, "probs" if probs else "log-probs")
    given = GivenRows.of(log_probs, labels)
    if picked and (more.binary or normalize or rows.weight is not None):
        raise UsageError("picked goes without binary, normalize and weight")
    if given.files and not (probs or picked or more.binary):
        of_server = of_tokens(given, tokens, (rows, more), num_classes, reader)
        if of_server is not None:
            return of_server
    if tokens is not None:
        raise UsageError("tokens is for a server's answers in JSON")
    if not picked:
        found = in_part("nll", given, lists, (rows, more), reader, probs=probs)
        if found is not None:
            return found
    criterion = rows.criterion(
        "probabilities" if probs else "log-probabilities",
        normalize=normalize,
        clip=clip,
        binary=more.binary,
        pos_weight=more.pos_weight,
    )
    return of_rows(given, criterion._replace(picked=picked), (rows, more), reader)


def _split(options: dict[str, Any]) -> tuple[RowArguments, LossArguments, dict[str, Any]]:
    """Return the options on rows, those on their loss, and how files are read."""
    rows, more = (
        {name: options.pop(name) for name in kind._fields if name in options}
        for kind in (RowArguments, LossArguments)
    )
    return RowArguments(**rows), LossArguments(**more), options
