"""Joins sources, the core, metrics and sinks. Prints nothing.

`transform` maps an array to one of the same rows, `evaluate` maps logits and labels to a loss, and
`measure` to everything else that is measured of one model. `compare` takes several models,
`calibrate` fits a temperature, `explain` and `inspect` look at a few rows and at whole files, and
`state_merging` puts the states of several runs together.
"""

from xentcli.formats.names import format_names

__all__ = ["format_names"]
