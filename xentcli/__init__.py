"""Softmax, one-hot and cross-entropy losses with PyTorch's semantics, on a NumPy core.

The functions take and return arrays of the shapes that PyTorch's functions of the same names
take and return; `calibrate` takes arrays or names of files. They are imported when first used, so
that the command line starts without NumPy.
"""

TYPE_CHECKING = False  # `typing` takes longer than all else until signals are heeded

if TYPE_CHECKING:
    from xentcli.core.binary import binary_cross_entropy_with_logits
    from xentcli.core.losses import cross_entropy, nll_loss
    from xentcli.core.one_hot import one_hot
    from xentcli.core.softmax import log_softmax, softmax
    from xentcli.pipeline.api import calibrate

__version__ = "0.2.0"
__all__ = [
    "__version__",
    "binary_cross_entropy_with_logits",
    "calibrate",
    "cross_entropy",
    "log_softmax",
    "nll_loss",
    "one_hot",
    "softmax",
]

_HOMES = {
    "softmax": "softmax",
    "log_softmax": "softmax",
    "one_hot": "one_hot",
    "nll_loss": "losses",
    "cross_entropy": "losses",
    "binary_cross_entropy_with_logits": "binary",
}
_ON_FILES = ("calibrate",)
"""The functions that take names of files too, for which more is imported."""


def __getattr__(name: str) -> object:
    if name not in (*_HOMES, *_ON_FILES):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name in _ON_FILES:
        return getattr(import_module("xentcli.pipeline.api"), name)
    globals().update(
        {n: getattr(import_module(f"xentcli.core.{home}"), n) for n, home in _HOMES.items()}
    )
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
