"""The names of the formats, for help pages: importing the formats themselves takes NumPy."""

HOMES = {  # name: module of this folder, which has the format under its name in capitals
    "npy": "npy",
    "npz": "npz",
    "safetensors": "safetensors",
    "json": "json",
    "csv": "csv",
    "tsv": "csv",
    "parquet": "arrow",
    "arrow": "arrow",
    "arrows": "arrow",
    "hdf5": "hdf5",
    "kld": "kld",
    "pt": "pickled",
    "pickle": "pickled",
}
FORMAT_NAMES = tuple(HOMES)
