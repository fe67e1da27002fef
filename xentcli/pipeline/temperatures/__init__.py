"""The search for a temperature, and what it changes."""
