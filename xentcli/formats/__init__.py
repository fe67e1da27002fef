"""What the bytes of a file mean. One file, or folder, a format; `names` lists them, `registry` picks."""
