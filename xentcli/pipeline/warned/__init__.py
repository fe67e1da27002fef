"""The warnings beside results: each decided once, for the commands and for Python."""
