"""Rows for which a file lists the most probable classes."""
