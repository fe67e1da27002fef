"""The results that commands report: plain data in one file a command, no I/O, no formatting."""
