"""What lighteval saves of a task: docs, a model's responses and measures, in columns of Parquet."""

import math
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import PurePath
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.harness.sample import LOGGED, Sample
from xentcli.storage.inputs import Input

_MAGIC, _PREFIX = b"PAR1", "details_"
_COLUMNS = ("doc", "model_response")
_MEASURES = "metric"


def may_be_details(data: Input) -> bool:
    """Whether a file is Parquet, and is called what lighteval calls its files."""
    named = PurePath(data.name).name.startswith(_PREFIX) and data.seekable
    return named and data.peek(len(_MAGIC)) == _MAGIC


def is_details(data: Input) -> bool:
    """Whether a file has the columns of lighteval."""
    if not may_be_details(data):
        return False
    from xentcli.formats.arrow.documents import names_of

    return {*_COLUMNS} <= {*names_of(data, "parquet")}


def samples_of(data: Input) -> Iterator[tuple[int, Sample]]:
    """Yield the number and the sample of each row, which is called by its number if it has no id.

    lighteval shuffles the docs; their ids, if no two are the same, are their places in the data.

    Raises
    ------
    InputError
        If a row is not as lighteval writes it.
    """
    from xentcli.formats.arrow.documents import rows_of

    rows = rows_of(data, "parquet", (*_COLUMNS, _MEASURES))
    samples = [_sample(each, f"{data.name}: row {row}") for row, each in enumerate(rows)]
    names = {each.doc for each in samples}
    named = len(names) == len(samples) and "" not in names
    for row, each in enumerate(samples):
        yield row, each if named else each._replace(doc=str(row))


def _sample(row: Mapping[str, Any], place: str) -> Sample:
    doc, response = row["doc"] or {}, row["model_response"] or {}
    choices = doc.get("choices") or []
    numbers, others = _log_likelihoods(response, len(choices), place)
    if numbers and len(numbers) != len(choices):
        raise InputError(f"{place}: {len(numbers)} log-probabilities of {len(choices)} choices")
    gold = doc.get("gold_index")
    golds = tuple(gold) if isinstance(gold, list) else () if gold is None else (gold,)
    if any(not isinstance(one, int) or not 0 <= one < max(1, len(choices)) for one in golds):
        raise InputError(f"{place}: the right choice {gold!r:.40} is none of {len(choices)}")
    measures = row.get(_MEASURES) or {}
    logged = {name: float(measures[name]) for name in LOGGED[:1] if measures.get(name) is not None}
    return Sample(
        kind="choices" if numbers else "generated",
        doc="" if doc.get("id") is None else str(doc["id"]),
        filter="none",
        doc_hash=None,
        log_likelihoods=numbers,
        unconditional=others if len(others) == len(numbers) else [],
        golds=golds,
        other_golds=(),
        lengths=[],
        sizes=[],
        words=None,
        bytes=None,
        greedy=None,
        logged=logged,
        several_inputs=False,
    )


def _log_likelihoods(
    response: Mapping[str, Any], count: int, place: str
) -> tuple[list[float], list[float]]:
    """Return those of the choices, and those without context, which may stand behind them."""
    told = response.get("logprobs")
    if isinstance(told, list) and None in told:
        raise InputError(f"{place}: a log-probability is null", hint="leave this doc out")
    flat = _numbers(told)
    if len(flat) == 2 * count:  # lighteval takes the second half so, however many tokens there are
        return flat[:count], flat[count:]
    others = _summed(response.get("unconditioned_logprobs"), None, count)
    return _summed(told, response.get("output_tokens"), count), others


def _summed(value: Any, tokens: Any, count: int) -> list[float]:
    """Return the sum of each choice's numbers, if it is known which of them are whose.

    It is known where each choice has a list of its own, or the tokens are as many as the numbers.
    """
    nested = isinstance(value, list) and len(value) == count and all(map(_numbers, value))
    if nested:
        return [math.fsum(_numbers(one)) for one in value]
    numbers = _numbers(value)
    sizes = [len(one) for one in tokens or () if isinstance(one, list)]
    if len(numbers) == count or len(sizes) != count or sum(sizes) != len(numbers) or not all(sizes):
        return numbers
    ends = [*accumulate(sizes)]
    return [math.fsum(numbers[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _numbers(value: Any) -> list[float]:
    """Return the numbers of a list; nothing for anything else."""
    if not isinstance(value, list) or not all(isinstance(one, (int, float)) for one in value):
        return []
    return [float(one) for one in value]
