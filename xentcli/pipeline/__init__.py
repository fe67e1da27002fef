"""Joins sources, the core, metrics and sinks. Prints nothing.

`transform` maps an array to one of the same rows, `evaluate` maps logits and labels to a loss, and
`measure` to everything else that is measured of one model. `compare` takes several models,
`calibrate` fits a temperature, and `explain` looks at a few rows. In folders, `inspection.inspect`
looks at whole files, and `saved_states.state_merging` puts the states of several runs together.
"""

from xentcli.formats.names import format_names, written_names

__all__ = ["format_names", "written_names"]
