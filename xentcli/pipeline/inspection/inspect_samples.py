"""What a samples file of lm-evaluation-harness holds."""

import shlex

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.metrics.summary import SummaryState
from xentcli.pipeline.inspection.summary_work import range_of
from xentcli.pipeline.language.samples import samples_of
from xentcli.results.info import ArraySummary

_KINDS = {
    "choices": ("log-likelihoods of choices", "xent eval"),
    "likelihoods": ("log-likelihoods of one continuation a doc", "xent nll"),
    "texts": ("log-likelihoods of whole texts", "xent nll"),
    "generated": ("generated answers, of which there is no loss", None),
}


def summary_of_samples(source: Source, memory: int) -> ArraySummary:
    """Return what is known of the docs; padding after a doc's last choice is not counted."""
    samples = samples_of(source)
    if samples is None:
        raise InputError(f"{source.name}: no samples of lm-evaluation-harness")
    values = samples.log_likelihoods
    if samples.kind == "choices":
        there = np.arange(values.shape[1]) < np.array(samples.counts)[:, None]
        values = values[there]
    found = SummaryState.from_block(values).compute()
    what, command = _KINDS[samples.kind]
    harness = "lighteval" if source.format == "parquet" else "lm-evaluation-harness"
    return ArraySummary(
        file=source.name,
        name=None,
        format=source.format,
        shape=samples.log_likelihoods.shape
        if samples.kind != "generated"
        else (len(samples.docs),),
        dtype="float64" if samples.kind != "generated" else "text",
        columns=None,
        bytes=source.size,
        **range_of(found),
        looks_like=f"{what} ({harness})",
        memory=memory,
        fits=f"{command} {shlex.quote(source.name)}" if command else None,
    )
