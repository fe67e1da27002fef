"""What is measured of one model: which measures, of what, and their report."""
