"""Answers an unknown command or option with the nearest, or the one for another library's name."""

import re
from difflib import get_close_matches
from typing import Any

from xentcli.cli import names
from xentcli.errors import UsageError

# What users of PyTorch, scikit-learn and NumPy may type, with the command that does it.
_MEANT_COMMANDS = {
    "cross-entropy": "loss",
    "cross-entropy-loss": "loss",
    "crossentropy": "loss",
    "crossentropyloss": "loss",
    "ce": "loss",
    "softmax-cross-entropy": "loss",
    "softmax-cross-entropy-with-logits": "loss",
    "softmax-cross-entropy-with-integer-labels": "loss",
    "ppl": "eval --metric perplexity",
    "perplexity": "eval --metric perplexity",
    "accuracy": "eval --metric accuracy",
    "accuracy-score": "eval --metric accuracy",
    "acc": "eval --metric accuracy",
    "top-k-accuracy-score": "eval --metric top5_accuracy",
    "f1": "eval --metric macro_f1",
    "f1-score": "eval --metric macro_f1",
    "ece": "eval --metric ece",
    "calibration-curve": "eval --metric bins",
    "calibration-error": "eval --metric ece",
    "brier": "eval --metric brier",
    "brier-score-loss": "eval --metric brier",
    "confusion-matrix": "eval --metric confusions",
    "classification-report": "eval --metric classes",
    "auc": "eval --binary --metric auroc",
    "roc-auc-score": "eval --binary --metric auroc",
    "auroc": "eval --binary --metric auroc",
    "evaluate": "eval",
    "metrics": "eval",
    "score": "eval",
    "report": "eval --report FILE.html",
    "bce-with-logits": "loss --binary",
    "bcewithlogits": "loss --binary",
    "bcewithlogitsloss": "loss --binary",
    "binary-cross-entropy-with-logits": "loss --binary",
    "sigmoid-cross-entropy": "loss --binary",
    "bce": "nll --binary --probs FILE",
    "bceloss": "nll --binary --probs FILE",
    "binary-cross-entropy": "nll --binary --probs FILE",
    "binary-crossentropy": "nll --binary --probs FILE",
    "categorical-crossentropy": "nll --probs FILE",
    "sparse-categorical-crossentropy": "nll --probs FILE",
    "nll-loss": "nll",
    "nllloss": "nll",
    "log-likelihood": "nll",
    "negative-log-likelihood": "nll",
    "log-loss": "nll --probs FILE",
    "logloss": "nll --probs FILE",
    "logsoftmax": "log-softmax",
    "onehot": "one-hot",
    "to-categorical": "one-hot",
    "kl": "compare --metric kl",
    "kl-div": "compare --metric kl",
    "kl-divergence": "compare --metric kl",
    "kldivloss": "compare --metric kl",
    "js": "compare --metric js",
    "jensenshannon": "compare --metric js",
    "mcnemar": "compare --metric mcnemar_p",
    "ttest-rel": "compare --metric loss_difference",
    "diff": "compare",
    "temperature": "calibrate",
    "temperature-scaling": "calibrate",
    "probs": "softmax",
    "describe": "info",
    "inspect": "info",
    "steps": "explain",
    "completions": "completion",
    "man": "help",
    "docs": "help",
}
_COMMAND_NOTES = {
    "nll --probs FILE": "takes probabilities",
    "loss --binary": "takes the logits of class 1",
    "nll --binary --probs FILE": "takes the probabilities of class 1",
}
# The same for options; among several, the first that the command has is meant.
_MEANT_OPTIONS = {
    "--dim": ("--axis", "--class-axis"),
    "--axis": ("--class-axis",),
    "--class-axis": ("--axis",),
    "--target": ("--labels",),
    "--targets": ("--labels",),
    "--label": ("--labels",),
    "--y": ("--labels",),
    "--y-true": ("--labels",),
    "--truth": ("--labels",),
    "--input": ("--logits", "--log-probs", "--labels"),
    "--inputs": ("--logits", "--log-probs", "--labels"),
    "--file": ("--logits", "--log-probs", "--labels"),
    "--scores": ("--logits", "--probs"),
    "--pred": ("--logits", "--probs"),
    "--preds": ("--logits", "--probs"),
    "--predictions": ("--logits", "--probs"),
    "--y-pred": ("--logits", "--probs"),
    "--y-proba": ("--probs", "--logits"),
    "--y-prob": ("--probs", "--logits"),
    "--y-score": ("--probs", "--logits"),
    "--eps": ("--clip",),
    "--epsilon": ("--clip",),
    "--reduce": ("--reduction",),
    "--size-average": ("--reduction",),
    "--log-prob": ("--log-probs",),
    "--logprobs": ("--log-probs",),
    "--prob": ("--probs",),
    "--class-weight": ("--weight",),
    "--weights": ("--weight",),
    "--n-classes": ("--num-classes",),
    "--smoothing": ("--label-smoothing",),
    "--temp": ("--temperature",),
    "--ignore": ("--ignore-index",),
    "--padding-idx": ("--ignore-index",),
    "--names": ("--classes",),
    "--class-names": ("--classes",),
    "--target-names": ("--classes",),
    "--usecols": ("--columns",),
    "--sep": ("--delimiter",),
    "--index-col": ("--id-column", "--drop"),
    "--out": ("--output",),
    "--format": ("--to", "--from"),
    "--overwrite": ("--force",),
    "--n-jobs": ("--jobs",),
    "--num-workers": ("--jobs",),
    "--threads": ("--jobs",),
    "--workers": ("--jobs",),
}
_MODELS = ("--base", "--new", "--old", "--model", "--models")
_FEW = 3  # options that a message names at most


def unknown_command(name: str) -> UsageError:
    """Return the error that names the command which was probably meant."""
    plain = _dashed(name).lower()
    known = names.command_names()
    meant = _MEANT_COMMANDS.get(plain) or (plain if plain in known else None)
    if meant is None:
        near = get_close_matches(plain, [*known, *_MEANT_COMMANDS], 1)
        meant = near[0] if near else None
        meant = _MEANT_COMMANDS.get(meant or "", meant)
    if meant is None:
        return UsageError(f"there is no command {name!r}", hint="xent --help")
    note = f", which {_COMMAND_NOTES[meant]}" if meant in _COMMAND_NOTES else "?"
    return UsageError(f"there is no command {name!r}", hint=f"did you mean xent {meant}{note}")


def unknown_option(error: Any) -> UsageError:
    """Return the error that names the option which was probably meant."""
    typed, context = error.option_name, error.ctx
    page = f"{context.command_path} --help"
    has = {flag for p in context.command.get_params(context) for flag in _flags(p)}
    meant = _same_option(typed, has)
    if context.info_name == "compare" and _dashed(typed).lower() in _MODELS:
        hint = f"models go by position: xent compare BASE NEW; {page}"
    elif meant:
        hint = f"did you mean {meant}? {page}"
    elif elsewhere := _commands_with(_dashed(typed), context.info_name):
        hint = f"this is an option of {', '.join(elsewhere)}; {page}"
    else:
        near = _begun(_dashed(typed), has) or get_close_matches(
            _dashed(typed), sorted(has - {"--help"}), 1, 0.7
        )
        hint = f"did you mean {' or '.join(near)}? {page}" if near else page
    return UsageError(f"No such option: {typed}", hint=hint)


def _same_option(typed: str, has: set[str]) -> str | None:
    """Return the option of the command that other libraries call by the name which was typed."""
    plain = _dashed(typed).lower()
    return next(
        (option for option in (plain, *_MEANT_OPTIONS.get(plain, ())) if option in has), None
    )


def _begun(typed: str, has: set[str]) -> list[str]:
    """Return the options that begin with the typed text, if they are few."""
    begun = sorted(option for option in has if option.startswith(typed))
    return begun if len(begun) <= _FEW else []


def _commands_with(option: str, but: str | None) -> list[str]:
    """Return the commands that have an option, of those that can be loaded."""
    from xentcli.cli.command import command_or_error

    others = {name: command_or_error(name)[0] for name in names.command_names() if name != but}
    return [
        f"xent {name}"
        for name, command in others.items()
        if command and any(option in _flags(param) for param in command.params)
    ]


def _flags(parameter: Any) -> list[str]:
    """Return the long names of an option."""
    return [flag for flag in (*parameter.opts, *parameter.secondary_opts) if flag[:2] == "--"]


def _dashed(name: str) -> str:
    """Return a name with dashes between its words."""
    start, rest = re.fullmatch(r"(-*)(.*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    return start + re.sub(r"[_\s]+", "-", rest)
