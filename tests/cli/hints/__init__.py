"""Situations that provoke every hint, by what they are about."""
