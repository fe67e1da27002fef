"""The names of metrics and measures, apart from the metrics themselves, which import NumPy."""

from collections.abc import Iterable, Sequence

from xentcli.text import is_count

HOMES = {  # name: module of this folder, which registers the metric
    "rows": "row_counts",
    "loss": "loss",
    "accuracy": "accuracy",
    "ranks": "ranks",
    "classes": "classes",
    "brier": "means",
    "entropy": "means",
    "kl": "means",
    "calibration": "calibration",
    "classwise": "classwise",
    "losses": "loss_bins",
    "worst_rows": "worst_rows",
    "groups": "groups",
    "labels": "groups",
    "clusters": "clusters",
    "group_clusters": "group_clusters",
    "label_clusters": "group_clusters",
    "class_confidence": "suspects",
    "suspects": "suspects",
    "slopes": "slopes",
    "slope_clusters": "slope_clusters",
    "held_out": "held_out",
}

PAIR_HOMES = {  # the same for metrics of two models, which take the facts of both
    "pair_loss": "pair_loss",
    "pair_hits": "pair_hits",
    "pair_divergences": "pair_divergences",
    "pair_clusters": "pair_clusters",
    "pair_groups": "pair_groups",
    "pair_group_clusters": "pair_clusters",
    "changed_rows": "changed_rows",
    "pair_pictures": "pair_pictures",
}

OF_PAIRS = (
    "loss_base",
    "loss_new",
    "loss_difference",
    "loss_correlation",
    "share_worse",
    "perplexity_base",
    "perplexity_new",
    "perplexity_ratio",
    "log_perplexity_ratio",
    "perplexity_difference",
    "accuracy_base",
    "accuracy_new",
    "accuracy_difference",
    "mcnemar_p",
    "both_right",
    "only_base_right",
    "only_new_right",
    "neither_right",
    "kl",
    "kl_reverse",
    "js",
    "kl_median",
    "kl_p90",
    "kl_p95",
    "kl_p99",
    "kl_p999",
    "kl_max",
    "infinite_rows",
    "agreement",
    "delta_p",
    "rms_delta_p",
)
"""The measures that are reported of two models, in this order."""
PLACES = (
    *("min", "p001", "p01", "p05", "p10", "p25", "median"),
    *("p75", "p90", "p95", "p99", "p999", "max"),
)
"""The percentiles that are reported of two models, from 0 to 100 %."""
OF_BASES = (
    "loss_base",
    "loss_new",
    "loss_correlation",
    "perplexity_base",
    "perplexity_new",
    "log_perplexity_ratio",
    "perplexity_ratio",
    "perplexity_difference",
    "kl",
    *(f"kl_{place}" for place in PLACES),
    "delta_p",
    *(f"delta_p_{place}" for place in PLACES),
    "rms_delta_p",
    "agreement",
)
"""The measures that llama-perplexity reports of two models, in this order."""
PAIR_TABLES = ("percentiles", "changed_rows", "groups")

MEASURES = {  # measure: the metric, or the order of all rows, that it comes from
    "loss": "loss",
    "perplexity": "loss",
    "bits": "loss",
    "accuracy": "accuracy",
    "acc_norm": "choices",
    "acc_bytes": "choices",
    "acc_mutual_info": "choices",
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
"""There are also ``top5_accuracy`` and the like for any number, which come from ranks."""
TABLES = ("classes", "losses", "worst_rows", "suspects", "groups", "labels")
"""The tables besides ``confusions`` and ``bins``, which come with classes and calibration."""
GATE_WORDS = ("baseline", "se")
"""What the bound of a gate may name beside numbers."""
_MOST_DIGITS = 18  # of the k of a top-k accuracy


def top_of(name: str) -> int | None:
    """Return the k of the name of a top-k accuracy.

    Examples
    --------
    >>> top_of("top5_accuracy"), top_of("accuracy")
    (5, None)
    """
    if not name.startswith("top"):  # as hardly any does of the hundreds that are asked for
        return None
    number = name.removeprefix("top").removesuffix("_accuracy")
    is_number = is_count(number) and len(number) <= _MOST_DIGITS
    is_top = f"top{number}_accuracy" == name and is_number and int(number) > 0
    return int(number) if is_top else None


_SAID_ELSEWHERE = {  # name in scikit-learn, torchmetrics and others: name here
    "acc": "accuracy",
    "accuracy_score": "accuracy",
    "log_loss": "loss",
    "nll": "loss",
    "cross_entropy": "loss",
    "ppl": "perplexity",
    "f1": "macro_f1",
    "f1_score": "macro_f1",
    "precision": "macro_precision",
    "recall": "macro_recall",
    "auc": "auroc",
    "roc_auc": "auroc",
    "roc_auc_score": "auroc",
    "ap": "average_precision",
    "brier_score": "brier",
    "calibration_error": "ece",
    "calibration": "ece",
    "confusion_matrix": "confusions",
    "confusion": "confusions",
    "classification_report": "classes",
    "worst": "worst_rows",
    "topk_accuracy": "top5_accuracy",
    "adaptive_ece": "equal_mass_ece",
    "ace": "equal_mass_ece",
    "reliability": "bins",
}


def same_elsewhere(name: str) -> str:
    """Return the name here of a measure that other libraries or people call `name`.

    Examples
    --------
    >>> same_elsewhere("Log-Loss"), same_elsewhere("top@3"), same_elsewhere("brier")
    ('loss', 'top3_accuracy', 'brier')
    """
    plain = name.lower().replace("-", "_").replace("@", "").replace(" ", "_")
    k = plain.removeprefix("top").removesuffix("_accuracy").removesuffix("_acc").strip("_")
    if plain[:3] == "top" and is_count(k):
        return f"top{k}_accuracy"
    return _SAID_ELSEWHERE.get(plain, plain)


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that was probably meant, or None."""
    from difflib import get_close_matches

    plain = same_elsewhere(name)
    if is_among(plain, known):
        return plain
    return next(iter(get_close_matches(plain, known, 1)), None)


def is_among(name: str, known: Iterable[str]) -> bool:
    """Whether a name is known; one known top-k accuracy stands for those of any k."""
    return name in known or (top_of(name) is not None and any(map(top_of, known)))
