"""The rows that tests of shards cut into files."""

import numpy as np

RNG = np.random.default_rng(11)
ROWS = 41
LOGITS = RNG.normal(size=(ROWS, 5)) * RNG.choice([0.1, 1.0, 9.0], size=(ROWS, 1))
LABELS = RNG.integers(5, size=ROWS)
LABELS[::9] = -100
PROBS = RNG.dirichlet(np.ones(5), size=ROWS)
CUTS = [0, 1, 1, 4, 17, 18, 40]  # empty shards at the beginning, in the middle and at the end
