"""Write ``digits.pt``: the logits in bfloat16 and the labels, as PyTorch saves a dictionary.

Run ``python sample_data/make_digits_pt.py`` where PyTorch is installed, after ``make_digits.py``.
"""

from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent


def main() -> None:
    """Write the file next to this script."""
    logits = torch.from_numpy(np.load(HERE / "digits_logits.npy"))
    labels = torch.from_numpy(np.load(HERE / "digits_labels.npy"))
    torch.save({"logits": logits.bfloat16(), "labels": labels}, HERE / "digits.pt")


if __name__ == "__main__":
    main()
