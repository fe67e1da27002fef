"""What the measures are called in words, for those who did not ask for them."""

WORDS = {
    "loss": "mean cross entropy, in nats",
    "perplexity": "e to the loss: as many classes would be guessed among",
    "bits": "the loss in bits",
    "accuracy": "share of rows whose label is the prediction",
    "mrr": "mean of 1 / the place of the label among all classes",
    "balanced_accuracy": "mean recall of the classes",
    "macro_precision": "mean over classes of: predicted so, and right",
    "macro_recall": "mean over classes of: labelled so, and found",
    "macro_f1": "mean over classes of F1, between precision and recall",
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
    """Return what a measure is, or nothing of one that is not known.

    Examples
    --------
    >>> in_words("top5_accuracy", binary=False)
    'share of rows whose label is among the first 5'
    """
    if name.startswith("top") and name.endswith("_accuracy"):
        return f"share of rows whose label is among the first {name[3:-9]}"
    return (BINARY_WORDS.get(name) if binary else None) or WORDS.get(name, "")
