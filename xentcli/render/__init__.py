"""Results to tables and JSON. Computes nothing."""
