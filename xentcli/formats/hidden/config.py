"""What a model's config.json says of its head: tied or not, what follows the product, the norm."""

import math
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.formats.hidden.families import (
    EPSILONS,
    FAMILIES,
    NORMS,
    OF_OTHERS,
    WITHOUT_WEIGHTS,
    Key,
)
from xentcli.formats.hidden.model_tensors import CONFIG, read_json
from xentcli.storage.names import beside, shown_name
from xentcli.storage.open import kind_of

_EPSILONS = (
    *("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon"),
    *("layernorm_epsilon", "layernorm_eps"),
)
_TEXTS = ("text_config", "decoder")
_WIDTHS = ("hidden_size", "d_model", "n_embd")


class After(NamedTuple):
    """What follows the product: logits are multiplied, divided and softly capped.

    Each step is rounded as the product is, unless the model computes `in_float32`. Before the
    product, hidden states are divided by `before`.
    """

    multiplier: float = 1.0
    divisor: float = 1.0
    softcap: float | None = None
    in_float32: bool = False
    before: float = 1.0


class Config(NamedTuple):
    """A model's config.json, as far as its head goes.

    Attributes
    ----------
    name : str or None
        What messages call the file; None where there is none.
    after : After
        What follows the product.
    tied : bool or None
        Whether the head is the embeddings; None where the file does not say.
    norm : str or None
        The kind of the final norm: rms, rms once (rounded only after the weight), gemma, layer,
        or layer 1p (with 1 + w as weight); None where only a bias could tell.
    epsilon : float or None
        The norm's epsilon; None where neither the file nor the type of the model tells it.
    has_weights : bool
        Whether the norm has weights.
    classes : int or None
        How many of the head's rows are classes; None for all.
    """

    name: str | None = None
    after: After = After()
    tied: bool | None = None
    norm: str | None = None
    epsilon: float | None = None
    has_weights: bool = True
    classes: int | None = None


def config_of(folder: str | None) -> Config:
    """Read the config.json of a folder, if it has one.

    Raises
    ------
    InputError
        If what it says of logits is no number above 0.
    """
    path = None if folder is None else beside(folder, CONFIG)
    if path is None or kind_of(path) is None:
        return Config()
    return config_from(shown_name(path), read_json(path))


def config_from(name: str, whole: dict[str, Any]) -> Config:
    """Return what a configuration says; where there are several, the text model's comes first.

    Raises
    ------
    InputError
        If what it says of logits is no number above 0.
    """
    text: Any = next((whole[each] for each in _TEXTS if isinstance(whole.get(each), dict)), {})
    both = {**whole, **text}
    kind = str(both.get("model_type", ""))
    family = FAMILIES.get(kind, OF_OTHERS)
    ties = [each.get("tie_word_embeddings") for each in (whole, text)]
    tied = True if True in ties else False if False in ties else None

    def number(*keys: Key) -> float | None:
        for key in keys:
            value = both.get(key.name, key.default)
            if value is not None:
                return _positive(name, key.name, value)
        return None

    width = next((float(both[each]) for each in _WIDTHS if isinstance(both.get(each), int)), 1.0)
    before, base = number(*family.before), number(*family.base)
    before = before if base is None else width / base
    if family.root and tied is not False:
        before = math.sqrt(width)
    after = After(
        number(*family.multiplier) or 1.0,
        number(*family.divisor) or 1.0,
        number(*family.softcap),
        family.in_float32,
        before or 1.0,
    )
    classes = both.get("unpadded_vocab_size")
    return Config(
        name,
        after,
        tied,
        _norm_of(kind, both),
        number(*(Key(each) for each in _EPSILONS)) or EPSILONS.get(kind),
        kind not in WITHOUT_WEIGHTS,
        classes if isinstance(classes, int) and classes > 0 else None,
    )


def _norm_of(kind: str, both: dict[str, Any]) -> str | None:
    if kind == "cohere2_moe" and both.get("rms_norm_eps") is not None:
        return "rms"
    return WITHOUT_WEIGHTS.get(kind) or NORMS.get(kind)


def _positive(name: str, key: str, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0.0 < value < math.inf:
        raise InputError(f"{name}: {key} is {value!r}, and no number above 0")
    return float(value)
