"""The formulas, each once: NumPy arrays in, NumPy arrays out. No files, no printing."""
