"""What the bytes of a file mean. One file, or folder, a format; `registry` picks."""
