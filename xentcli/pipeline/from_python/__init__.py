"""The Python API: what is given as arrays or the names of files, and the functions that take it."""
