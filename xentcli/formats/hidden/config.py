"""What a model's config.json says of its head: tied or not, what follows the product, the norm."""

import math
import os
from pathlib import Path
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.formats.hidden.tensors import read_json
from xentcli.storage.names import shown_name

_GEMMA_NORMS = (
    *("gemma", "gemma2", "gemma3", "gemma3_text", "paligemma", "vaultgemma", "recurrent_gemma"),
    *("t5gemma", "qwen3_next", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"),
)
_LAYER_NORMS = ("cohere", "cohere2", "mpt", "dbrx")
_ROUNDED_ONCE = (
    *("gemma3n", "gemma3n_text", "gemma4", "gemma4_text", "gemma4_unified", "gemma4_unified_text"),
    *("olmo2", "olmo3", "olmo_hybrid", "flex_olmo", "gpt_oss", "helium", "nemotron_h", "afmoe"),
)
_NORMS = {
    **dict.fromkeys(_GEMMA_NORMS, "gemma"),
    **dict.fromkeys(_LAYER_NORMS, "layer"),
    **dict.fromkeys(_ROUNDED_ONCE, "rms once"),
    "nemotron": "layer 1p",
}
_EPSILONS = ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon")
_SOFTCAPS = ("final_logit_softcapping", "logits_soft_cap", "output_logit_soft_cap")
_MULTIPLIERS = ("logit_scale", "lm_head_multiplier")
_DIVISORS = ("logits_scaling",)
_MULTIPLIED = ("hyperclovax",)  # by what divides the logits of Granite
_OF_FAMILIES = {  # what the classes of transformers say where a file leaves it out
    "gemma2": {"final_logit_softcapping": 30.0},
    "recurrent_gemma": {"logits_soft_cap": 30.0},
    "cohere": {"logit_scale": 0.0625},
    "cohere2": {"logit_scale": 0.0625},
}


class After(NamedTuple):
    """What follows the product: logits times one number, over another, softly capped."""

    multiplier: float = 1.0
    divisor: float = 1.0
    softcap: float | None = None


class Config(NamedTuple):
    """A model's config.json, as far as its head goes.

    Attributes
    ----------
    name : str or None
        What messages call the file; None where there is none.
    after : After
        What follows the product.
    tied : bool or None
        Whether the head is the embeddings; None where it does not say so.
    norm : str or None
        The kind of the final norm: rms, gemma or layer, rms once where it is rounded behind its
        weight alone, layer 1p of 1 + w; None where only a bias could tell.
    epsilon : float or None
        That of the norm; None where it does not say so.
    """

    name: str | None = None
    after: After = After()
    tied: bool | None = None
    norm: str | None = None
    epsilon: float | None = None


def config_of(folder: str | None) -> Config:
    """Read the config.json of a folder, if it has one.

    Raises
    ------
    InputError
        If what it says of logits is no number above 0.
    """
    path = None if folder is None else os.path.join(folder, "config.json")  # noqa: PTH118
    if path is None or not os.path.exists(path):  # noqa: PTH110
        return Config()
    return config_from(shown_name(str(Path(path))), read_json(path))


def config_from(name: str, whole: dict[str, Any]) -> Config:
    """Return what a configuration says; that of the text comes first where there are several."""
    text = whole.get("text_config")
    both = {**whole, **text} if isinstance(text, dict) else whole
    kind = str(both.get("model_type", ""))
    both = {**_OF_FAMILIES.get(kind, {}), **both}
    tied = both.get("tie_word_embeddings")

    def number(keys: tuple[str, ...]) -> float | None:
        given = next((key for key in keys if both.get(key) is not None), None)
        if given is None:
            return None
        value = both[given]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0.0 < value < math.inf:
            raise InputError(f"{name}: {given} is {value!r}, and no number above 0")
        return float(value)

    multiplier, divisor = number(_MULTIPLIERS) or 1.0, number(_DIVISORS) or 1.0
    if kind in _MULTIPLIED:
        multiplier, divisor = divisor, 1.0
    after = After(multiplier, divisor, number(_SOFTCAPS))
    return Config(
        name,
        after,
        tied if isinstance(tied, bool) else None,
        _NORMS.get(kind),
        number(_EPSILONS),
    )
