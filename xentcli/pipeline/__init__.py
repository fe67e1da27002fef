"""Joins sources, the core, metrics and sinks. Prints nothing.

`transform` and `encode` map an array to one of the same rows, `evaluate` maps logits and labels to
a loss, `explain` and `inspect` look at a few rows and at whole files.
"""

from xentcli.core.losses import LossOptions, as_weight
from xentcli.formats.interface import ArrayHeader, ReadOptions, Source
from xentcli.pipeline.evaluate import Criterion, Evaluation, Kind, evaluate
from xentcli.pipeline.explain import explain
from xentcli.pipeline.flow import Sink
from xentcli.pipeline.inputs import InputFile, Run, open_array, read_vector, row_bytes
from xentcli.pipeline.inspect import inspect
from xentcli.pipeline.outputs import array_file, text_file
from xentcli.pipeline.transform import Transform, encode, transform

__all__ = [
    "ArrayHeader",
    "Criterion",
    "Evaluation",
    "InputFile",
    "Kind",
    "LossOptions",
    "ReadOptions",
    "Run",
    "Sink",
    "Source",
    "Transform",
    "array_file",
    "as_weight",
    "encode",
    "evaluate",
    "explain",
    "inspect",
    "open_array",
    "read_vector",
    "row_bytes",
    "text_file",
    "transform",
]
