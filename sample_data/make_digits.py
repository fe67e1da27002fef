"""Make the sample digit logits and labels in this folder.

Two multinomial logistic regressions are trained on scikit-learn's copy of the UCI handwritten
digits and scored on the same held-out images. The "weak" model sees only a few training images,
so that there are two sets of outputs to compare.

The files are committed, so this script is needed only to make them again. scikit-learn is not a
dependency of xentcli; install it first, then run the script from anywhere::

    pip install numpy scikit-learn
    python sample_data/make_digits.py

The split and the training are seeded, but another scikit-learn or numpy release, or another
machine, may change the last digits of the logits.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

HERE = Path(__file__).resolve().parent
CLASS_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HELD_OUT_ROWS = 450
WEAK_TRAIN_ROWS = 60
SEED = 0


def split_digits() -> tuple[Floats, Floats, Labels, Labels]:
    """Return train pixels, held-out pixels, train labels, held-out labels; pixels in [0, 1]."""
    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        pixels / 16.0,
        labels.astype(np.int64),
        test_size=HELD_OUT_ROWS,
        stratify=labels,
        random_state=SEED,
    )
    return train_x, test_x, train_y, test_y


def fit_logits(train_x: Floats, train_y: Labels, test_x: Floats) -> Logits:
    """Train a multinomial logistic regression and return its logits for ``test_x``."""
    model = LogisticRegression(max_iter=1000, random_state=SEED).fit(train_x, train_y)
    logits: Logits = np.ascontiguousarray(model.decision_function(test_x), dtype=np.float32)
    return logits


def write_csv(path: Path, header: Sequence[str], rows: npt.NDArray[np.generic]) -> None:
    """Write a header and rows; each float is the shortest text that reads back to its bits."""
    lines = [",".join(header), *(",".join(str(value) for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Train both models and write the ``digits_*`` files next to this script."""
    train_x, test_x, train_y, test_y = split_digits()
    weak_x, _, weak_y, _ = train_test_split(
        train_x, train_y, train_size=WEAK_TRAIN_ROWS, stratify=train_y, random_state=SEED
    )
    logits = fit_logits(train_x, train_y, test_x)
    weak_logits = fit_logits(weak_x, weak_y, test_x)

    np.save(HERE / "digits_logits.npy", logits)
    np.save(HERE / "digits_weak_logits.npy", weak_logits)
    np.save(HERE / "digits_labels.npy", test_y)
    write_csv(HERE / "digits_logits.csv", CLASS_NAMES, logits)
    write_csv(HERE / "digits_labels.csv", ("label",), test_y[:, np.newaxis])


if __name__ == "__main__":
    main()
