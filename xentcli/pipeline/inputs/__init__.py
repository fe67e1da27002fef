"""What a command or a call is given: rows, labels, and what stands beside them, opened alike."""
