"""Joins sources, the core, metrics and sinks. Prints nothing.

`transform` maps an array to one of the same rows, `evaluate` maps logits and labels to a loss,
`explain` and `inspect` look at a few rows and at whole files.
"""

from xentcli.formats.names import FORMAT_NAMES

__all__ = ["FORMAT_NAMES"]
