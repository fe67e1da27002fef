"""The names of the formats, for help pages: importing the formats themselves takes NumPy."""

FORMAT_NAMES = ("npy", "npz", "safetensors", "csv", "tsv", "parquet", "arrow", "arrows")
