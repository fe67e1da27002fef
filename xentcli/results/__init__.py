"""What a command can report: plain data, one file a command, no I/O, no formatting."""
