"""Log-probabilities of tokens, in the JSON that servers of language models answer with."""
