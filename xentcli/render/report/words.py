"""What the measures are called in words, for those who did not ask for them."""

WORDS = {
    "loss": "mean cross entropy, in nats",
    "perplexity": "e to the loss: a guess among so many classes would lose as much",
    "bits": "the loss in bits",
    "accuracy": "share of rows whose label is the prediction",
    "mrr": "mean of 1 / the place of the label among all classes",
    "balanced_accuracy": "mean recall of the classes",
    "macro_precision": "mean over classes of the share of predictions that are right",
    "macro_recall": "mean over classes of the share of labels that are predicted",
    "macro_f1": "mean over classes of F1, the harmonic mean of precision and recall",
    "weighted_precision": "precision, classes weighed by their rows",
    "weighted_recall": "recall, classes weighed by their rows",
    "weighted_f1": "F1, classes weighed by their rows",
    "brier": "squared distance of probabilities from labels, from 0 to 2",
    "kl": "divergence from the labels' probabilities, in nats",
    "ece": "mean gap between confidence and accuracy, over bins",
    "ece_by_chance": "what a perfectly calibrated model would show as ECE",
    "mce": "largest gap of a bin; n are its rows",
    "rmsce": "root of the mean squared gap",
    "rmsce_debiased": "the same, less what chance adds",
    "classwise_ece": "mean over classes of each one's ECE",
    "equal_mass_ece": "ECE in bins of equally many rows",
    "mean_confidence": "mean probability of the prediction",
    "entropy": "mean entropy of the probabilities, in nats",
    "auroc": "how often a row of class 1 has the higher score",
    "average_precision": "mean precision over all thresholds",
}
BINARY_WORDS = {
    "loss": "mean binary cross entropy, in nats",
    "accuracy": "share of numbers on the right side",
    "brier": "squared distance of probabilities from labels",
    "mean_confidence": "mean probability of class 1",
    "ece": "mean gap between probability and share of class 1, over bins",
}


def in_words(name: str, *, binary: bool) -> str:
    """Return what a measure is, or nothing for an unknown one.

    Examples
    --------
    >>> in_words("top5_accuracy", binary=False)
    'share of rows whose label is among the first 5'
    """
    if name.startswith("top") and name.endswith("_accuracy"):
        return f"share of rows whose label is among the first {name[3:-9]}"
    return (BINARY_WORDS.get(name) if binary else None) or WORDS.get(name, "")


PAIR_WORDS = {
    "loss_base": "mean cross entropy of the first model, in nats",
    "loss_new": "mean cross entropy of the new model",
    "loss_difference": "by how much the new model's loss is larger, row by row",
    "loss_correlation": "how much the losses of rows go together, up to 1",
    "share_worse": "share of rows whose loss is larger",
    "perplexity_base": "e to the loss of the first model",
    "perplexity_new": "e to the loss of the new model",
    "perplexity_ratio": "the perplexity of the new model over that of the first",
    "log_perplexity_ratio": "the logarithm of that ratio",
    "perplexity_difference": "the perplexity of the new model less that of the first",
    "accuracy_base": "share of rows that the first model predicts right",
    "accuracy_new": "share of rows that the new model predicts right",
    "accuracy_difference": "by how much the new accuracy is larger, as a share: 0.01 is a point",
    "mcnemar_p": "how probable so uneven changes are by chance (McNemar, exact)",
    "both_right": "rows that both predict right",
    "only_base_right": "rows lost: right with the first model alone",
    "only_new_right": "rows won: right with the new model alone",
    "neither_right": "rows that both predict wrong",
    "kl": "divergence of the new model from the first, in nats",
    "kl_reverse": "divergence the other way round",
    "js": "Jensen-Shannon divergence, at most ln 2",
    "kl_median": "half of the rows are not above it",
    "kl_p90": "90 % of the rows are not above it",
    "kl_p95": "95 % of the rows are not above it",
    "kl_p99": "99 % of the rows are not above it",
    "kl_p999": "99.9 % of the rows are not above it",
    "kl_max": "the divergence of the row that differs most",
    "infinite_rows": "rows where one model gives probability 0 and the other does not",
    "agreement": "share of rows that both predict alike",
    "delta_p": "mean change of the label's probability",
    "rms_delta_p": "root mean square of that change",
}
TEMPERATURE_WORDS = {
    "temperature": "what the logits are to be divided by",
    "log_temperature_error": "standard error of its logarithm",
    "loss_before": "mean cross entropy, in nats",
    "loss_after": "the same of logits divided by the temperature",
    "ece_before": "mean gap between confidence and accuracy, over bins",
    "ece_after": "the same of logits divided by the temperature",
    "ece_by_chance_after": "what a perfectly calibrated model would show as ECE",
    "brier_before": "squared distance of probabilities from labels",
    "brier_after": "the same of logits divided by the temperature",
    "loss_out_of_fold": "loss of rows that took no part in the fit",
    "ece_out_of_fold": "ECE of rows that took no part in the fit",
    "accuracy": "share of rows whose label is the prediction, at any temperature",
}


def pair_in_words(name: str) -> str:
    """Return what a measure of two models is."""
    return PAIR_WORDS.get(name, "")


def temperature_in_words(name: str) -> str:
    """Return what a measure of a temperature is."""
    return TEMPERATURE_WORDS.get(name, "")
