"""The answers of PyTorch, and a second opinion where its last digits may be lost."""

from typing import Any

import numpy as np
from golden_case import NAN, Array, Case, Option

try:
    import torch  # type: ignore[import-not-found, unused-ignore]
    from torch.nn import functional  # type: ignore[import-not-found, unused-ignore]
except ModuleNotFoundError as error:
    raise SystemExit("make_golden.py asks PyTorch for the answers: pip install torch") from error

VERSION: str = torch.__version__
torch.set_num_threads(1)  # the order of sums, hence the last digit, must not depend on threads

# How far PyTorch may be from `second_opinion` before a case has to be marked as confident.
SECOND_OPINION_RTOL = 2e-14


def label_tensor(labels: Array) -> torch.Tensor:
    """PyTorch takes int64 labels; whole numbers of other dtypes are turned into that."""
    if labels.dtype.kind == "f" and not np.all(np.isfinite(labels) & (labels == np.floor(labels))):
        return torch.from_numpy(np.array(labels))
    return torch.from_numpy(np.array(labels).astype(np.int64))


def target_tensor(logits: Array, target: Array) -> torch.Tensor:
    """Tell class probabilities, which have the logits' shape, from labels.

    Floating probabilities become float64: PyTorch would smooth float32 ones in float32.
    """
    if logits.shape != target.shape:
        return label_tensor(target)
    tensor = torch.from_numpy(np.array(target))
    return tensor.double() if tensor.is_floating_point() else tensor


def torch_answer(
    call: str, args: tuple[Array, ...], weight: Array | None, options: dict[str, Option]
) -> Array | None:
    """Return what PyTorch answers for these float64 inputs, or None where it raises."""
    first = args[0]
    keywords: dict[str, Any] = dict(options)
    if weight is not None:
        keywords["weight"] = torch.from_numpy(np.array(weight))
    try:
        if call == "one_hot":
            result = functional.one_hot(label_tensor(first), **keywords)
        elif call in ("softmax", "log_softmax"):
            function = functional.softmax if call == "softmax" else functional.log_softmax
            result = function(torch.from_numpy(np.array(first)), dim=keywords.get("axis", -1))
        elif call == "nll_loss":
            labels = label_tensor(args[1])
            result = functional.nll_loss(torch.from_numpy(np.array(first)), labels, **keywords)
        else:
            target = target_tensor(first, args[1])
            result = functional.cross_entropy(torch.from_numpy(np.array(first)), target, **keywords)
    except (RuntimeError, ValueError, IndexError):
        return None
    return np.asarray(result.numpy())


def exact_log_softmax(logits: torch.Tensor, dim: int) -> torch.Tensor:
    """log_softmax without cancellation: the maximum is left out of the sum that log1p is given."""
    top, place = logits.max(dim, keepdim=True)
    powers = (logits - top).exp().scatter(dim, place, 0.0)
    result = (logits - top) - torch.log1p(powers.sum(dim, keepdim=True))
    return torch.where(top.isfinite(), result, NAN)


def exact_cross_entropy(
    logits: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """Cross entropy as its definition reads, on top of `exact_log_softmax`."""
    dim = 0 if logits.ndim == 1 else 1
    classes = logits.shape[dim]
    log_probs = exact_log_softmax(logits, dim)
    weights = torch.ones(classes, dtype=torch.float64) if weight is None else weight
    column = weights.reshape([-1 if axis == dim else 1 for axis in range(logits.ndim)])
    if target.shape == logits.shape:
        mixed = target * (1 - label_smoothing) + label_smoothing / classes
        rows = -(column * mixed * log_probs).sum(dim)
        return {"none": rows, "sum": rows.sum(), "mean": rows.sum() / rows.numel()}[reduction]
    hard = functional.nll_loss(
        log_probs, target, weight=weight, ignore_index=ignore_index, reduction=reduction
    )
    if label_smoothing == 0:
        return hard
    target = target.reshape(log_probs.sum(dim).shape)
    rows = (-(column * log_probs).sum(dim)).masked_fill(target == ignore_index, 0.0)
    used = weights[target[target != ignore_index]].sum()
    smooth = {"none": rows, "sum": rows.sum(), "mean": rows.sum() / used}[reduction]
    return (1 - label_smoothing) * hard + label_smoothing / classes * smooth


def second_opinion(case: Case) -> Array | None:
    """Compute the same by another route, for the calls whose last digits PyTorch may lose."""
    first = torch.from_numpy(case.args[0].copy())
    if case.call == "log_softmax" and first.ndim and first.numel():
        return np.asarray(exact_log_softmax(first, int(case.options.get("axis", -1))).numpy())
    if case.call == "cross_entropy" and 0 not in first.shape[:2]:
        weight = None if case.weight is None else torch.from_numpy(case.weight)
        options: dict[str, Any] = dict(case.options)
        target = target_tensor(*case.args)
        return np.asarray(exact_cross_entropy(first, target, weight, **options).numpy())
    return None


def answer(case: Case) -> Array | None:
    """Return what to store, None for an error. PyTorch and the second opinion must agree."""
    result = torch_answer(case.call, case.args, case.weight, case.options)
    if case.differs:
        if result is None:
            raise ValueError(f"{case.id}: PyTorch raises too, so this is no difference")
        return None
    if result is None:
        return None
    other = second_opinion(case)
    if other is None:
        return result
    # The absolute part is the rounding of log(1 + s) next to 1, once per row.
    atol = 2e-15 * case.args[0].size if case.confident else 0.0
    np.testing.assert_allclose(
        result, other, rtol=SECOND_OPINION_RTOL, atol=atol, equal_nan=True, err_msg=case.id
    )
    return other if case.confident else result
