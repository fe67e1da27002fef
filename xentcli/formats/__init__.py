"""What the bytes of a file mean: one file, or folder, a format; `names` lists them."""
