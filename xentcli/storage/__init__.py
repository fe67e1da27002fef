"""Where bytes come from and go to. Knows nothing of what they mean."""
