"""The names of the measures of two models, for those who load no NumPy."""

from xentcli.metrics.names import OF_BASES, OF_PAIRS, PAIR_TABLES

__all__ = ["OF_BASES", "OF_PAIRS", "PAIR_TABLES"]
