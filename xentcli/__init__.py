"""Softmax, one-hot and cross-entropy losses with PyTorch's semantics, on a NumPy core.

The functions take and return arrays of the shapes that PyTorch's functions of the same names
take and return. They are imported when first used, so that the command line starts without NumPy.
"""

TYPE_CHECKING = False  # `typing` takes longer than all else until signals are heeded

if TYPE_CHECKING:
    from xentcli.core.binary import binary_cross_entropy_with_logits
    from xentcli.core.losses import cross_entropy, nll_loss
    from xentcli.core.one_hot import one_hot
    from xentcli.core.softmax import log_softmax, softmax

__version__ = "0.2.0"
__all__ = [
    "__version__",
    "binary_cross_entropy_with_logits",
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


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals().update(
        {n: getattr(import_module(f"xentcli.core.{home}"), n) for n, home in _HOMES.items()}
    )
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
