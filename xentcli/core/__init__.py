"""The formulas, each written once: they take and return NumPy arrays, and read or print nothing."""
