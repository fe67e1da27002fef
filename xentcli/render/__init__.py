"""Turns results into tables, JSON, CSV, pictures and pages; it computes nothing."""
