"""What `make_torch_files.py` saves: tensors of every dtype and layout, and what is not read."""

import dataclasses
import os
import sys
import types
from collections import OrderedDict
from typing import Any, cast

import numpy as np
import torch

torch.manual_seed(0)
Z = torch.randn(7, 4)
Y = torch.arange(7) % 4
T = torch.randn(3, 4, 5)


class Tagged(torch.Tensor):  # type: ignore[misc]
    """A subclass, as image libraries have them."""


@dataclasses.dataclass
class ModelOutput(OrderedDict):  # type: ignore[type-arg]
    """A dictionary whose pickle calls its class with its fields, as Hugging Face's does."""

    loss: Any = None
    logits: Any = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            self[field.name] = getattr(self, field.name)

    def __reduce__(self) -> Any:
        call, _, *others = cast("tuple[Any, ...]", super().__reduce__())
        return call, tuple(self[field.name] for field in dataclasses.fields(self)), *others


class Program:
    """What runs a program where it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/xent-was-here",)


for kind in (Tagged, ModelOutput, Program):  # not importable, where the files are read
    module = sys.modules.setdefault("some_library", types.ModuleType("some_library"))
    setattr(module, kind.__name__, kind)
    kind.__module__ = "some_library"

DTYPES = (
    *("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"),
    *("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64", "bool"),
)


def of_dtype(name: str) -> torch.Tensor:
    dtype = getattr(torch, name)
    if dtype.is_floating_point:
        return (3 * Z).to(dtype)
    numbers = torch.arange(28).reshape(7, 4) * (1 if name == "bool" else 4)
    return (numbers % 2 if name == "bool" else numbers).to(torch.int64).to(dtype)


def things() -> dict[str, Any]:
    """Return what is saved, by the name of its file."""
    everything = {f"dtype {name}": of_dtype(name) for name in DTYPES}
    strided = torch.randn(9, 8)
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    return everything | {
        "two": {"logits": Z, "labels": Y},
        "ordered": OrderedDict(logits=Z, labels=Y),
        "tuple": (Z, Y),
        "nested": {"test": {"logits": Z, "labels": Y}, "train": {"logits": Z[:2]}, 3: Y},
        "transposed": strided.T,
        "rows": strided[1:6],
        "every second row": strided[::2],
        "every second column": strided[:, 1::2],
        "permuted": T.permute(2, 0, 1),
        "swapped": T.transpose(1, 2),
        "channels last": torch.randn(2, 3, 4, 2).to(memory_format=torch.channels_last),
        "expanded": Z[:1].expand(5, 4),
        "expanded column": Z[:, :1].expand(7, 3),
        "diagonal": strided.diagonal(),
        "number": torch.tensor(2.5),
        "no rows": torch.zeros(0, 4),
        "no columns": torch.zeros(3, 0),
        "one row": strided[:, 3:4].T,
        "shared": {"first": strided[:3], "rest": strided[3:], "column": strided[:, 2]},
        "parameter": torch.nn.Parameter(Z),
        "gradient": Z.clone().requires_grad_(),
        "subclass": Z.clone().as_subclass(Tagged),
        "state dict": model.state_dict(),
        "model output": ModelOutput(loss=torch.tensor(0.5), logits=Z),
        "batches": [Z[:3], Z[3:6], Z[6:]],
        "batches of views": [strided[:, :3], strided[:2, 3:6], strided.T[:4, :3]],
        "dictionaries": [{"logits": Z[:3], "y": Y[:3]}, {"logits": Z[3:], "y": Y[3:]}],
        "pairs": [(Z[:3], Y[:3]), (Z[3:], Y[3:])],
        "numbers": [torch.tensor(float(i)) for i in range(4)],
        "different": [Z, Y],
        "NumPy": {
            "c": np.arange(6.0).reshape(2, 3),
            "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            "big": np.arange(3, dtype=">f4"),
            "labels": np.array([1, 200, 3], "u1"),
            "number": np.float32(1.5),
            "flags": np.array([True, False]),
            "strided": np.arange(12.0).reshape(3, 4)[:, ::2],
        },
        "lists": {"labels": [0, 1, 2], "rows": [[0.5, 1.0], [2.0, 3.0]], "epoch": 3, "lr": None},
    }


UNREAD: dict[str, Any] = {
    "complex": torch.zeros(2, dtype=torch.complex64),
    "conjugated": torch.zeros(2, dtype=torch.complex128).conj(),
    "negated": torch.zeros(2, dtype=torch.complex64).conj().imag,
    "sparse": torch.eye(3).to_sparse(),
    "quantized": torch.quantize_per_tensor(Z, 0.1, 0, torch.qint8),
    "device": torch.device("cpu"),
    "size": torch.Size([1]),
    "dtype": torch.float32,
    "set": {1, 2},
    "meta": torch.zeros(2, device="meta"),
    "objects": np.array([None, 1], object),
    "times": np.array(["2020"], "M8[D]"),
    "program": Program(),
}
