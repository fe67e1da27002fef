"""Hidden states, a head and labels, as files and as losses of NumPy in float64."""

from typing import Any

import numpy as np

CLASSES, WIDTH, ROWS = 500, 32, 240
DRAWN = np.random.default_rng(8)
HEAD = (DRAWN.standard_normal((CLASSES, WIDTH)) * 0.5).astype(np.float32)
STATES = DRAWN.standard_normal((ROWS, WIDTH)).astype(np.float32)
LABELS = DRAWN.integers(0, CLASSES, ROWS)


def save_sequences() -> None:
    """Write the same states and labels as four sequences in one file."""
    np.savez("sequences.npz", hidden_states=STATES.reshape(4, 60, -1), labels=LABELS.reshape(4, 60))


def losses(states: Any = STATES, labels: Any = LABELS, head: Any = HEAD) -> Any:
    """Return the loss of each row in float64."""
    z = states.astype(np.float64) @ head.T.astype(np.float64)
    log_sums = np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1)) + z.max(axis=1)
    return log_sums - z[np.arange(len(z)), labels]


def save_hidden_files() -> None:
    """Write a head, states and labels into this folder."""
    np.save("head.npy", HEAD)
    np.save("states.npy", STATES)
    np.save("labels.npy", LABELS)
    np.savez("both.npz", hidden_states=STATES, input_ids=LABELS)
