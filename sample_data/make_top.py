"""Write `top20.npz` and `topk_nemo.jsonl`: the most probable classes of a language model's rows.

The first holds log-probabilities and their classes, of 3 sequences of 40 tokens; the second logits
with their log-sum-exp, a sequence a line, with the keys of NeMo-Aligner. Both are of the same drawn
model with 2,000 classes.

Run ``python sample_data/make_top.py``.
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SEQUENCES, LENGTH, CLASSES, LISTED = 3, 40, 2000, 20
MASKED = 4  # tokens of a prompt, which do not count


def main() -> None:
    """Draw rows and labels, and keep the largest logits of each row."""
    rng = np.random.default_rng(20)
    logits = rng.normal(size=(SEQUENCES, LENGTH, CLASSES)) * 4.0
    total = np.log(np.exp(logits).sum(-1))
    labels = np.argmax(logits + rng.gumbel(size=logits.shape), -1)
    indices = np.argsort(-logits, -1)[..., :LISTED].astype(np.int32)
    values = np.take_along_axis(logits, indices, -1)
    np.savez_compressed(
        HERE / "top20.npz",
        top_logprobs=(values - total[..., None]).astype(np.float32),
        top_indices=indices,
        labels=labels,
        vocab_size=CLASSES,
    )
    with (HERE / "topk_nemo.jsonl").open("w") as file:
        for i in range(SEQUENCES):
            line = {
                "tokens": [1, *labels[i, :-1].tolist()],
                "labels": labels[i].tolist(),
                "loss_mask": [0] * MASKED + [1] * (LENGTH - MASKED),
                "topk_logits": values[i, :, :5].round(4).tolist(),
                "topk_token_ids": indices[i, :, :5].tolist(),
                "log_sum_exp_logits": total[i].round(4).tolist(),
                "index": i,
            }
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
