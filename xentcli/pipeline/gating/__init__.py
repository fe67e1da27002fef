"""Conditions under which a result fails."""
