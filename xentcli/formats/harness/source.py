"""Samples files as sources: rows are docs, and classes their choices."""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.base import MemorySource, ReadOptions, Source
from xentcli.formats.harness import details
from xentcli.formats.harness.collected import Collector, Samples
from xentcli.formats.harness.padded import NO_GOLD
from xentcli.formats.harness.sample import OddSampleError, Sample, is_sample, sample_of
from xentcli.formats.json.values import decoded, load, parser
from xentcli.formats.json.whole_lines import lines_of, with_first_line
from xentcli.storage.inputs import Input

_PROBE_BYTES = 64
_KEYS = (b'"doc_id"', b'"arguments"', b'resps"')
_SHOWN_MEASURES = 3


def holds_samples(data: Input) -> bool:
    """Whether a file is samples of lm-evaluation-harness, by its first line."""
    if not data.peek(_PROBE_BYTES).removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
        return False
    line = with_first_line(data).removeprefix(BOM_UTF8).lstrip().partition(b"\n")[0]
    if not all(key in line for key in _KEYS):
        return False
    try:
        return is_sample(load(line.decode(), data.name))
    except (InputError, UnicodeDecodeError):
        return False


class SamplesSource(MemorySource):
    """Log-likelihoods (N, C) of docs with their choices, or (N,), each with its doc's label.

    Attributes
    ----------
    samples : Samples
        Everything that is known of the docs.
    """

    of_samples = True

    def __init__(self, name: str, samples: Samples, options: ReadOptions) -> None:
        golds, ids = samples.golds, np.array(samples.docs)
        choices = samples.kind == "choices"
        if options.labels:
            super().__init__(name, golds, ids=ids)
        else:
            super().__init__(
                name, samples.log_likelihoods, labels=golds if choices else None, ids=ids
            )
        self.format = "json"
        self.id_column = "doc_id"
        self.samples = samples
        self.notes = [*samples.notes, *_notes(name, samples)] if choices else [*samples.notes]

    def place(self, index: tuple[int, ...]) -> str:
        """Name the line of a doc."""
        return self.samples.place(index[0]) if index else self.name


def _notes(name: str, samples: Samples) -> Iterator[str]:
    """Yield which docs have no label, and where labels come from."""
    several = sum(len(each) > 1 for each in samples.several_golds)
    if several:
        yield (
            f"{name}: docs with several right choices: {several:,}; they count in the accuracies "
            "that are computed again, and not in the loss"
        )
    if samples.several_inputs:
        yield (
            f"{name}: the choices are contexts, and no target says which is right: labels are "
            "those that the logged acc leaves possible"
        )


def open_samples(data: Input, options: ReadOptions) -> Source:
    """Open a samples file.

    Raises
    ------
    InputError
        If no loss can be computed from it, or not by this command.
    """
    return _source([data], data.name, options)


def open_tasks(inputs: Sequence[Input], options: ReadOptions) -> Source:
    """Open the samples files of several tasks as one array."""
    more = f" and {len(inputs) - 1} more" if len(inputs) > 1 else ""
    return _source(inputs, f"{inputs[0].name}{more}", options)


def _source(inputs: Sequence[Input], name: str, options: ReadOptions) -> Source:
    if options.columns or options.drop or options.label_column:
        raise InputError(
            f"{name}: samples have no columns to choose from",
            hint="leave --columns, --drop and --label-column out",
        )
    collector = Collector(options.key)
    for data in inputs:
        task = collector.begin(data.name)
        found = details.samples_of(data) if details.may_be_details(data) else _samples(data)
        for line, sample in found:
            collector.add(sample, data.name, line, task)
    samples = collector.collected(name)
    source = SamplesSource(name, samples, options)
    if all(map(details.may_be_details, inputs)):
        source.format = "parquet"
    sizes = [data.file_size for data in inputs]
    source.size = None if None in sizes else sum(size or 0 for size in sizes)
    checks = [data.check_unchanged for data in inputs]
    source.unchanged = partial(_check_all, checks)
    if not options.any_columns:
        _check(samples, name, options)
    return source


def _samples(data: Input) -> Iterator[tuple[int, Sample]]:
    """Yield the number and the sample of each line."""
    for line, document in _documents(data):
        try:
            if not is_sample(document):
                raise LookupError
            sample = sample_of(document)
        except OddSampleError as error:
            raise InputError(f"{data.name}:{line}: {error}") from error
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            what = "no sample as lm-evaluation-harness writes it"
            raise InputError(f"{data.name}:{line}: {what}", hint="leave this line out") from error
        yield line, sample


def _check_all(checks: Sequence[Callable[[], None]]) -> None:
    for check in checks:
        check()


def _check(samples: Samples, name: str, options: ReadOptions) -> None:
    """Raise InputError if the command can do nothing with these."""
    if samples.kind == "generated":
        raise InputError(
            f"{name}: answers that were generated: there are no log-likelihoods, and so no loss",
            hint=logged_means(samples) or None,
        )
    if samples.kind != "choices" and options.tokens is None and not options.missing:
        what = "whole texts" if samples.kind == "texts" else "one continuation a doc"
        raise InputError(
            f"{name}: log-likelihoods of {what}, and no choices", hint=f"xent nll {name}"
        )
    if samples.kind == "choices" and bool((samples.golds == NO_GOLD).all()):
        raise InputError(f"{name}: no doc says which of its choices is right, one of them")


def logged_means(samples: Samples) -> str:
    """Say which means the harness's own measures have."""
    told = [
        f"{re.sub('[^ -~]', '?', measure)} {float(np.nanmean(values)):.4g}"
        for measure, values in samples.logged.items()
        if not np.isnan(values).all()
    ][:_SHOWN_MEASURES]
    return f"logged, of {len(samples.docs):,} docs: {', '.join(told)}" if told else ""


def _documents(data: Input) -> Iterator[tuple[int, Any]]:
    """Yield the number and the object of each line."""
    simdjson = parser()
    if data.seekable:
        data.rewind()
    for number, line in enumerate(lines_of(data), 1):
        text = line.strip()
        if not text:
            continue
        try:
            document = simdjson.parse(text, recursive=True) if simdjson is not None else None
        except (ValueError, RuntimeError):
            document = None
        if document is None:
            document = load(decoded(text, f"{data.name}:{number}"), data.name, number)
        yield number, document
