"""Softmax, one-hot and cross-entropy losses with PyTorch's semantics, on a NumPy core.

The functions take and return arrays of the shapes that PyTorch's functions of the same names
take and return; `loss`, `nll`, `evaluate`, `compare`, `calibrate` and `load` take files too. They
are imported when first used, so that the command line starts without NumPy. What they raise of
their own is an `XentError`.
"""

TYPE_CHECKING = False  # importing `typing` would delay the handling of signals

if TYPE_CHECKING:
    from xentcli.core.binary import binary_cross_entropy_with_logits
    from xentcli.core.losses import cross_entropy, nll_loss
    from xentcli.core.one_hot import one_hot
    from xentcli.core.softmax import log_softmax, softmax
    from xentcli.errors import XentError
    from xentcli.pipeline.from_python.compare_python import compare
    from xentcli.pipeline.from_python.python import evaluate, load
    from xentcli.pipeline.from_python.python_calibrate import calibrate
    from xentcli.pipeline.from_python.python_losses import loss, nll

__version__ = "0.2.0"
__all__ = [
    "XentError",
    "__version__",
    "binary_cross_entropy_with_logits",
    "calibrate",
    "compare",
    "cross_entropy",
    "evaluate",
    "load",
    "log_softmax",
    "loss",
    "nll",
    "nll_loss",
    "one_hot",
    "softmax",
]

_HOMES = {
    "softmax": "core.softmax",
    "log_softmax": "core.softmax",
    "one_hot": "core.one_hot",
    "nll_loss": "core.losses",
    "cross_entropy": "core.losses",
    "binary_cross_entropy_with_logits": "core.binary",
    "calibrate": "pipeline.from_python.python_calibrate",
    "compare": "pipeline.from_python.compare_python",
    "evaluate": "pipeline.from_python.python",
    "load": "pipeline.from_python.python",
    "loss": "pipeline.from_python.python_losses",
    "nll": "pipeline.from_python.python_losses",
    "XentError": "errors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"xentcli.{_HOMES[name]}"), name)
    if not isinstance(found, type):
        from xentcli.pipeline.from_python.public import in_python

        found = in_python(found)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
