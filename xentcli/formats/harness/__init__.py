"""Samples files of lm-evaluation-harness: log-likelihoods of choices or texts, a doc a line."""
