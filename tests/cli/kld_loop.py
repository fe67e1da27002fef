"""What a base of llama-perplexity says, by plain loops written from its description: no NumPy."""

import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Plain(NamedTuple):
    """Each row's log-probabilities, its label and its scale, and whether code 0 is a floor."""

    rows: list[list[float]]
    codes: list[tuple[int, ...]]
    labels: list[int]
    scales: list[float]
    cut: list[bool]


def plainly(path: Path) -> Plain:
    content = path.read_bytes()
    n_ctx, n_vocab, n_chunk = struct.unpack_from("<iii", content, 8)
    tokens = struct.unpack_from(f"<{n_ctx * n_chunk}i", content, 20)
    found = Plain([], [], [], [], [])
    at = 20 + 4 * n_ctx * n_chunk
    for chunk in range(n_chunk):
        for j in range(n_ctx - 1 - n_ctx // 2):
            scale, least = struct.unpack_from("<ff", content, at)
            codes = struct.unpack_from(f"<{n_vocab}H", content, at + 8)
            found.rows.append([scale * code + least for code in codes])
            found.codes.append(codes)
            found.labels.append(tokens[chunk * n_ctx + n_ctx // 2 + j + 1])
            found.scales.append(scale)
            found.cut.append(abs(scale * 65535 - 16) < 1e-4)
            at += 8 + 4 * ((n_vocab + 1) // 2)
    return found


def unc(x: Sequence[float]) -> float:
    n = len(x)
    mean = math.fsum(x) / n
    spread = (math.fsum(each * each for each in x) / n - mean * mean) / (n - 1)
    return math.sqrt(spread) if spread > 0 and n > 10 else 0.0


def at_fraction(x: Sequence[float], fraction: float) -> float:
    ordered = sorted(x)
    place = fraction * (len(x) - 1)
    low = min(int(place), len(x) - 2)
    return ordered[low] + (place - low) * (ordered[low + 1] - ordered[low])


def statistics(base: Plain, new: Plain) -> dict[str, tuple[float, float | None]]:
    """Return what llama-perplexity says, each with its error."""
    kld, nll_base, nll_new, dp, same = [], [], [], [], 0
    for p, q, label in zip(base.rows, new.rows, base.labels, strict=True):
        kld.append(math.fsum(math.exp(a) * (a - b) for a, b in zip(p, q, strict=True) if a > -16))
        nll_base.append(-p[label])
        nll_new.append(-q[label])
        dp.append(math.exp(q[label]) - math.exp(p[label]))
        same += p.index(max(p)) == q.index(max(q))
    n = len(kld)
    mean_base, mean_new = math.fsum(nll_base) / n, math.fsum(nll_new) / n
    products = math.fsum(a * b for a, b in zip(nll_base, nll_new, strict=True))
    cov = (products / n - mean_base * mean_new) / (n - 1)
    unc_base, unc_new = unc(nll_base), unc(nll_new)
    log_error = math.sqrt(unc_new**2 + unc_base**2 - 2 * cov)
    ppl_base, ppl_new = math.exp(mean_base), math.exp(mean_new)
    ratio = math.exp(mean_new - mean_base)
    apart = (ppl_new * unc_new) ** 2 + (ppl_base * unc_base) ** 2 - 2 * ppl_new * ppl_base * cov
    rms = math.sqrt(math.fsum(x * x for x in dp) / n)
    found: dict[str, tuple[float, float | None]] = {
        "loss_base": (mean_base, unc_base),
        "loss_new": (mean_new, unc_new),
        "perplexity_base": (ppl_base, ppl_base * unc_base),
        "perplexity_new": (ppl_new, ppl_new * unc_new),
        "loss_correlation": (cov / (unc_base * unc_new), None),
        "log_perplexity_ratio": (mean_new - mean_base, log_error),
        "perplexity_ratio": (ratio, ratio * log_error),
        "perplexity_difference": (ppl_new - ppl_base, math.sqrt(apart)),
        "kl": (math.fsum(kld) / n, unc(kld)),
        "delta_p": (math.fsum(dp) / n, unc(dp)),
        "rms_delta_p": (rms, 0.5 / rms * unc([x * x for x in dp])),
        "agreement": (same / n, math.sqrt(same / n * (1 - same / n) / (n - 1))),
    }
    names = ("min", "p001", "p01", "p05", "p10", "p25", "median", "p75", "p90", "p95", "p99")
    fractions = (0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
    for name, fraction in zip((*names, "p999", "max"), fractions, strict=True):
        found[f"kl_{name}"] = (at_fraction(kld, fraction), None)
        found[f"delta_p_{name}"] = (at_fraction(dp, fraction), None)
    return found
