"""Keeps working memory for each thread, as fresh pages cost as much as half the computation."""

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_kept = threading.local()


def scratch(name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an uninitialised C-order array, valid until this thread asks for `name` again."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory: NDArray[np.uint8] | None = getattr(_kept, name, None)
    if memory is None or memory.size < size:
        memory = np.empty(size, np.uint8)
        setattr(_kept, name, memory)
    return memory[:size].view(dtype).reshape(shape)
