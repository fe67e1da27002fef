"""Reads and writes bytes, and knows nothing of what they mean."""
