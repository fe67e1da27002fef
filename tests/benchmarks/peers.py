"""What people write instead of ``xent``, each a whole script: ``python peers.py NAME FILES``."""

import os
import sys
import threading
from pathlib import Path
from typing import Any


def torch_script(logits: str, labels: str) -> None:
    import numpy as np
    import torch

    z, y = torch.from_numpy(np.load(logits)), torch.from_numpy(np.load(labels))
    print(float(torch.nn.functional.cross_entropy(z, y)))


def torch_blocks(logits: str, labels: str) -> None:
    import numpy as np
    import torch

    z, y = np.load(logits, mmap_mode="r"), torch.from_numpy(np.load(labels))
    step = max(1, 2**22 // z.shape[1])
    total = 0.0
    for i in range(0, len(z), step):
        rows = torch.from_numpy(np.array(z[i : i + step]))
        loss = torch.nn.functional.cross_entropy(rows, y[i : i + step], reduction="sum")
        total += float(loss)
    print(total / len(z))


def _torch_measures(z: Any, y: Any, sums: Any) -> Any:
    """Add up what loss, accuracy, top-5, Brier score and ECE are made of, over some rows."""
    import torch

    probs = torch.softmax(z, dim=1)
    confidence, prediction = probs.max(dim=1)
    hit = (prediction == y).double()
    top5 = (z.topk(5, dim=1).indices == y[:, None]).any(dim=1)
    picked = probs.gather(1, y[:, None])[:, 0]
    brier = (probs * probs).sum(dim=1) - 2 * picked + 1
    gap = hit - confidence.double()
    bins = (confidence * 15).ceil().long().sub(1).clamp(0, 14)
    loss = torch.nn.functional.cross_entropy(z, y, reduction="sum").double()
    totals = torch.stack([loss, hit.sum(), top5.sum().double(), brier.double().sum()])
    return sums + torch.cat([totals, torch.bincount(bins, gap, 15)])


def _print_measures(sums: Any, rows: int) -> None:
    print(*(sums[:4] / rows).tolist(), float(sums[4:].abs().sum() / rows))


def torch_eval(logits: str, labels: str) -> None:
    import numpy as np
    import torch

    z, y = torch.from_numpy(np.load(logits)), torch.from_numpy(np.load(labels))
    _print_measures(_torch_measures(z, y, torch.zeros(19, dtype=torch.float64)), len(z))


def torch_eval_blocks(logits: str, labels: str) -> None:
    import numpy as np
    import torch

    z, y = np.load(logits, mmap_mode="r"), torch.from_numpy(np.load(labels))
    step = max(1, 2**22 // z.shape[1])
    sums = torch.zeros(19, dtype=torch.float64)
    for i in range(0, len(z), step):
        rows = torch.from_numpy(np.array(z[i : i + step]))
        sums = _torch_measures(rows, y[i : i + step], sums)
    _print_measures(sums, len(z))


def torch_compare_blocks(base: str, new: str, labels: str) -> None:
    """Print means, the paired error, and percentiles of the divergence, as `xent compare` does."""
    import numpy as np
    import torch

    z, w = np.load(base, mmap_mode="r"), np.load(new, mmap_mode="r")
    y = torch.from_numpy(np.load(labels))
    step = max(1, 2**21 // z.shape[1])
    parts = []
    for i in range(0, len(z), step):
        rows = (torch.from_numpy(np.array(each[i : i + step])) for each in (z, w))
        parts.append(_torch_pairs(next(rows), next(rows), y[i : i + step]))
    loss, other_loss, kl, *others = torch.cat(parts, dim=1).double()
    difference = other_loss - loss
    print(loss.mean(), other_loss.mean(), difference.mean(), difference.std() / len(z) ** 0.5)
    print(kl.mean(), *(each.mean() for each in others), difference.gt(0).double().mean())
    print(np.percentile(kl.numpy(), [50, 90, 95, 99, 99.9, 100]))


def _torch_pairs(z: Any, w: Any, y: Any) -> Any:
    """Return of each row the losses, KL both ways, JS, agreement, hits, and change of p(label)."""
    import torch

    log_p, log_q = torch.log_softmax(z, dim=1), torch.log_softmax(w, dim=1)
    p, q = log_p.exp(), log_q.exp()
    log_mean = ((p + q) / 2).log()
    label = y[:, None]
    first, second = log_p.argmax(dim=1), log_q.argmax(dim=1)
    facts = (
        -log_p.gather(1, label)[:, 0],
        -log_q.gather(1, label)[:, 0],
        (p * (log_p - log_q)).sum(dim=1),
        (q * (log_q - log_p)).sum(dim=1),
        ((p * (log_p - log_mean)).sum(dim=1) + (q * (log_q - log_mean)).sum(dim=1)) / 2,
        first == second,
        first == y,
        second == y,
        (q.gather(1, label) - p.gather(1, label))[:, 0],
    )
    return torch.stack([each.float() for each in facts])


def sklearn_eval(logits: str, labels: str) -> None:
    import numpy as np
    from sklearn import metrics

    z, y = np.load(logits), np.load(labels)
    z = np.exp(z - z.max(axis=1, keepdims=True))
    probs = z / z.sum(axis=1, keepdims=True)
    classes = np.arange(probs.shape[1])
    confidence, prediction = probs.max(axis=1), probs.argmax(axis=1)
    gap = (prediction == y) - confidence.astype(np.float64)
    bins = np.clip(np.ceil(confidence * 15).astype(np.int64) - 1, 0, 14)
    print(
        metrics.log_loss(y, probs, labels=classes),
        metrics.accuracy_score(y, prediction),
        metrics.top_k_accuracy_score(y, probs, k=5, labels=classes),
        metrics.brier_score_loss(y, probs, labels=classes, scale_by_half=False),
        np.abs(np.bincount(bins, gap, 15)).sum() / len(y),
    )


def _numpy_lines(z: Any, y: Any) -> float:
    import numpy as np

    z = z - z.max(axis=1, keepdims=True)
    log_probs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return float(-log_probs[np.arange(len(y)), y].mean())


def numpy_lines(logits: str, labels: str) -> None:
    import numpy as np

    print(_numpy_lines(np.load(logits), np.load(labels)))


def scipy_lines(logits: str, labels: str) -> None:
    import numpy as np
    from scipy.special import log_softmax

    y = np.load(labels)
    print(-log_softmax(np.load(logits), axis=1)[np.arange(len(y)), y].mean())


def pandas_lines(logits: str, labels: str) -> None:
    import pandas as pd

    y = pd.read_csv(labels).to_numpy()[:, 0]
    print(_numpy_lines(pd.read_csv(logits).to_numpy(), y))


def polars_lines(logits: str, labels: str) -> None:
    import polars as pl

    y = pl.read_csv(labels).to_numpy()[:, 0]
    print(_numpy_lines(pl.read_csv(logits).to_numpy(), y))


def torch_softmax(logits: str, output: str) -> None:
    import numpy as np
    import torch

    probs = torch.softmax(torch.from_numpy(np.load(logits)), dim=1)
    with Path(output).open("wb") as file:
        np.save(file, probs.numpy())
        file.flush()
        os.fsync(file.fileno())


def read_only(*files: str) -> None:
    """Read the files by two threads: what no program can be faster than."""

    def read(first: int) -> None:
        buffer = bytearray(2**22)
        for file in files:
            descriptor = os.open(file, os.O_RDONLY)
            for offset in range(first * 2**22, os.fstat(descriptor).st_size, 2 * 2**22):
                os.preadv(descriptor, [buffer], offset)
            os.close(descriptor)

    threads = [threading.Thread(target=read, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
