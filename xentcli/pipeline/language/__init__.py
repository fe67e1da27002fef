"""What programs around language models log: texts, choices, tokens and their log-probabilities."""
