"""Decides which values belong to the same row (axes, shift, names, ids), and hands out steps."""
