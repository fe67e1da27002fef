"""Measures rows by states that have three verbs: from_rows, merge and compute."""
