"""Logits and labels of six rows as frames, whose rows and classes have names."""

import numpy as np
import pandas as pd

CLASSES = ["ant", "bee", "cat"]
ROWS = list("fedcba")
Z = pd.DataFrame(np.random.default_rng(5).normal(size=(6, 3)), ROWS, CLASSES)
Y = pd.Series([0, 1, 2, 0, 1, 2], ROWS)
ONE_HOT = pd.DataFrame(np.eye(3)[Y], ROWS, CLASSES)
LOSS = float(np.mean(np.log(np.exp(Z.to_numpy()).sum(axis=1)) - Z.to_numpy()[np.arange(6), Y]))
MOVED = CLASSES[::-1]
