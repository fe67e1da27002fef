"""How long forming the logits of hidden states will take."""

import math
import time

import numpy as np

from xentcli.formats.base import Source
from xentcli.formats.hidden.head import TOKENS, Head
from xentcli.formats.hidden.head_options import HeadOptions

_COLUMNS = 1024  # width of the product that is timed


def estimate(states: Source, head: Head, options: HeadOptions) -> str:
    """Return what a note says of the logits of hidden states, and of the time that they take."""
    lead = states.shape[:-2] if options.layer is not None else states.shape[:-1]
    shape = (*lead, head.classes)
    text = f"{states.name}: with {head.what}, logits of shape {shape}"
    if None in lead:
        return text
    tokens = math.prod(n or 0 for n in lead)
    work = 2.0 * tokens * head.classes * head.width
    seconds = work / _speed(head.width)
    return f"{text}: {work / 1e12:.3g} TFLOP, about {_words(seconds)} of one core"


def _words(seconds: float) -> str:
    for size, unit in ((3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1.0, seconds):.0f} s"


def _speed(width: int) -> float:
    """Return the operations a second of a product like those to come."""
    one = np.ones((TOKENS, width), np.float32)
    other = np.ones((_COLUMNS, width), np.float32)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        np.matmul(other, one.T)
        times.append(time.perf_counter() - begin)
    return 2.0 * TOKENS * _COLUMNS * width / max(min(times), 1e-9)
