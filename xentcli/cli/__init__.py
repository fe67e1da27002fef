"""The command line: what a user types is parsed here, run by the pipeline, and shown by render."""
