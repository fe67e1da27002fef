"""Rows that are known in part, as codes or lists: exact numbers where possible, else bounds."""
