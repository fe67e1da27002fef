"""A model's final norm: whether hidden states have been through it, and applying it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.base import read_whole
from xentcli.formats.hidden.config import Config
from xentcli.formats.hidden.model_tensors import Tensors
from xentcli.formats.hidden.rounding import round_to

_KEYS = (
    "model.norm.weight",
    "model.language_model.norm.weight",
    "language_model.model.norm.weight",
    "model.text_model.norm.weight",
    "model.final_layernorm.weight",
    "model.final_norm.weight",
    "transformer.ln_f.weight",
    "transformer.norm_f.weight",
    "ln_f.weight",
    "gpt_neox.final_layer_norm.weight",
    "model.decoder.final_layer_norm.weight",
    "backbone.norm_f.weight",
    "model.embedding_norm.weight",
    "model.language_model.embedding_norm.weight",
    "model.norm_f.weight",
    "model.layer_norm.weight",
    "model.decoder.norm.weight",
    "model.decoder.layer_norm.weight",
    "model.llm.norm.weight",
    "transformer.layernorm.weight",
    "gpt_neox_japanese.final_layer_norm.weight",
    "biogpt.layer_norm.weight",
    "rwkv.ln_out.weight",
    "backbone.out_norm.weight",
    "decoder.final_layer_norm.weight",
    "norm.weight",
)
_LARGEST_WIDTH = 2**20
_NEAR = 0.2  # the largest distance from 1; bfloat16 stays within a hundredth
_EPSILON_OF = {"rms": 1e-6, "gemma": 1e-6, "layer": 1e-5}  # where config.json does not say it
_SMALL = 0.05  # weights below it say little of a row


class Norm(NamedTuple):
    """The weights of the final norm.

    Attributes
    ----------
    name : str
        What messages call it.
    weight : ndarray of float32 of shape (D,)
        As it is stored.
    bias : ndarray of float32 of shape (D,) or None
        The bias of a LayerNorm.
    kind : str
        rms (Llama's), rms once (rounded only after the weight), gemma (with 1 + w as weight),
        layer, or layer 1p (with 1 + w as weight).
    epsilon : float
        What is added to the mean square.
    """

    name: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32] | None
    kind: str
    epsilon: float

    def was_applied(self, states: NDArray[np.float32]) -> bool:
        """Whether most rows of shape (N, D) look as the norm leaves them."""
        with np.errstate(all="ignore"):
            if self._is_layer_norm:
                rows = self._without(states, self._factor, self.bias)
                rows -= rows.mean(axis=1, keepdims=True)
                return _near_1(rows)
            return _near_1(self._without(states, self._factor, None))

    @property
    def _is_layer_norm(self) -> bool:
        return self.kind in ("layer", "layer 1p")

    @property
    def _factor(self) -> NDArray[np.float32]:
        return self.weight + np.float32(1) if self.kind in ("gemma", "layer 1p") else self.weight

    @staticmethod
    def _without(
        states: NDArray[np.float32], weight: NDArray[Any], bias: NDArray[Any] | None
    ) -> NDArray[np.float32]:
        """Return rows divided by the weight, in the places where it is not small."""
        telling = np.abs(weight) > _SMALL * np.abs(weight).max()
        values = states if bias is None else states - bias
        rows: NDArray[np.float32] = values[:, telling] / weight[telling]
        return rows

    def apply(self, states: NDArray[np.float32], dtype: str) -> NDArray[np.float32]:
        """Return normed rows of shape (N, D), rounded to the stored dtype where the models do."""
        with np.errstate(all="ignore"):
            rows = states.astype(np.float32)
            if self._is_layer_norm:
                rows -= rows.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
            squares = np.square(rows, dtype=np.float64).mean(axis=1, keepdims=True)
            rows *= (1 / np.sqrt(squares + self.epsilon)).astype(np.float32)
            if self.kind == "rms":
                round_to(rows, dtype)
            factor = self._factor
            if self.kind == "layer 1p":  # where the model adds 1 in its own dtype
                round_to(factor, dtype)
            rows *= factor
            if self.bias is not None:
                rows += self.bias
            round_to(rows, dtype)
            return rows


def _near_1(rows: NDArray[np.float32]) -> bool:
    if rows.shape[1] == 0:
        return True
    typical = float(np.median(np.square(rows, dtype=np.float64).mean(axis=1)))
    return abs(typical - 1) < _NEAR


def norm_of(tensors: Tensors, config: Config, width: int) -> Norm | None:
    """Return a model's final norm; None where it is not at hand."""
    if not config.has_weights and config.norm is not None and config.name is not None:
        ones = np.ones(width, np.float32)
        name = f"the final norm of {config.name}, which has no weights,"
        return Norm(name, ones, None, config.norm, _epsilon(config, config.norm))
    key = next((each for each in _KEYS if each in tensors.places), None)
    if key is None:
        return None
    try:
        weight = tensors.open(key)
        if weight.shape != (width,):
            return None
        beside = key.removesuffix("weight") + "bias"
        bias = None
        if beside in tensors.places:
            bias = read_whole(tensors.open(beside), _LARGEST_WIDTH).astype(np.float32)
        kind = config.norm or ("layer" if bias is not None else "rms")
        values = read_whole(weight, _LARGEST_WIDTH).astype(np.float32)
    except FileNotFoundError:
        return None
    return Norm(weight.name, values, bias, kind, _epsilon(config, kind))


def _epsilon(config: Config, kind: str) -> float:
    return config.epsilon or _EPSILON_OF[kind.partition(" ")[0]]
