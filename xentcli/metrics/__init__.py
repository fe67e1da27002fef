"""What is measured over rows: states with three verbs, from_rows, merge and compute."""
