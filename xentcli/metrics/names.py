"""The names of the metrics and of what they measure: the metrics themselves take NumPy."""

HOMES = {  # name: module of this folder, which registers the metric
    "rows": "rows",
    "loss": "loss",
    "accuracy": "accuracy",
    "ranks": "ranks",
    "classes": "classes",
    "brier": "means",
    "entropy": "means",
    "kl": "means",
    "calibration": "calibration",
    "classwise": "classwise",
    "losses": "losses",
    "worst_rows": "worst_rows",
    "groups": "groups",
    "labels": "groups",
    "clusters": "clusters",
    "class_confidence": "suspects",
    "suspects": "suspects",
}
METRIC_NAMES = tuple(HOMES)

MEASURES = {  # what is reported: the metric, or the order of all rows, that it comes from
    "loss": "loss",
    "perplexity": "loss",
    "bits": "loss",
    "accuracy": "accuracy",
    "mrr": "ranks",
    "balanced_accuracy": "classes",
    "macro_precision": "classes",
    "macro_recall": "classes",
    "macro_f1": "classes",
    "weighted_precision": "classes",
    "weighted_recall": "classes",
    "weighted_f1": "classes",
    "brier": "brier",
    "kl": "kl",
    "ece": "calibration",
    "ece_by_chance": "calibration",
    "mce": "calibration",
    "rmsce": "calibration",
    "rmsce_debiased": "calibration",
    "classwise_ece": "classwise",
    "equal_mass_ece": "order",
    "mean_confidence": "calibration",
    "entropy": "entropy",
    "auroc": "order",
    "average_precision": "order",
}
"""Besides these, ``top5_accuracy`` and the like, of ranks, for any number."""


def top_of(name: str) -> int | None:
    """Return the k of the name of a top-k accuracy.

    Examples
    --------
    >>> top_of("top5_accuracy"), top_of("accuracy")
    (5, None)
    """
    number = name.removeprefix("top").removesuffix("_accuracy")
    is_top = f"top{number}_accuracy" == name and number.isdecimal() and int(number) > 0
    return int(number) if is_top else None


TABLES = ("classes", "losses", "worst_rows", "suspects", "groups")
"""Besides ``confusions`` and ``bins``, which come with classes and calibration."""
