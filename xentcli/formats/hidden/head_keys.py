"""Which of a model's tensors is its head, or the bias of it."""

from collections.abc import Iterator

from xentcli.errors import InputError
from xentcli.formats.hidden.config import Config
from xentcli.formats.hidden.model_tensors import Tensors
from xentcli.formats.keys import shown

_HEADS = (
    "lm_head.weight",
    "language_model.lm_head.weight",
    "model.lm_head.weight",
    "output.weight",
    "embed_out.weight",
    "head.weight",
    "lm_head.out_proj.weight",
    "lm_head.decoder.weight",
    "output_projection.weight",
    "proj_out.weight",
    "lm_loss.weight",
    "pred_layer.proj.weight",
    "model.llm.unembed.weight",
)
_BIASES = tuple(head.removesuffix("weight") + "bias" for head in _HEADS)
_EMBEDDINGS = (
    "model.embed_tokens.weight",
    "model.language_model.embed_tokens.weight",
    "language_model.model.embed_tokens.weight",
    "model.text_model.embed_tokens.weight",
    "model.decoder.embed_tokens.weight",
    "transformer.wte.weight",
    "wte.weight",
    "gpt_neox.embed_in.weight",
    "gpt_neox_japanese.embed_in.weight",
    "transformer.word_embeddings.weight",
    "transformer.word_embedding.weight",
    "transformer.embeddings.weight",
    "transformer.w.weight",
    "transformer.tokens_embed.weight",
    "tokens_embed.weight",
    "word_embeddings.weight",
    "backbone.embeddings.weight",
    "backbone.embedding.weight",
    "biogpt.embed_tokens.weight",
    "tok_embeddings.weight",
    "embed_tokens.weight",
    "model.shared.weight",
    "shared.weight",
    "model.encoder.text_model.embed_tokens.weight",
)
_LAST = ("lm_head.weight", "embed_tokens.weight")
"""What the names of the two end with in models that other models are a part of."""
_QUANTISED = (
    *("qweight", "qzeros", "scales", "biases", "SCB", "weight_packed", "weight_scale"),
    *("weight_scale_inv", "weight_zero_point", "weight.absmax", "weight.quant_map"),
)
_OF_LAYERS = ("lm_head.", "cls.predictions.", "generator_predictions.")
UNQUANTISED = "the head of the model before it was quantised: --lm-head MODEL_DIR"


def key_of(tensors: Tensors, key: str | None, config: Config) -> str:
    """Return the name of the head among a model's tensors.

    Raises
    ------
    InputError
        If there is none, or it is not just one matrix: it is quantised, or made of layers.
    """
    there = tensors.places
    if key is not None:
        _check_there(tensors, key)
        _check_not_quantised(tensors, (key,))
        return key
    if "" in there:
        return ""
    found = _named(tensors, config)
    _check_not_quantised(tensors, (found,))
    _check_no_layers(tensors)
    return found


def _named(tensors: Tensors, config: Config) -> str:
    """Return the head as models name it, else the embeddings where these are tied to it."""
    there = tensors.places
    of_head = next(_candidates(tensors, _HEADS, _LAST[0]), None)
    if of_head is not None:
        return of_head
    _check_not_quantised(tensors, _HEADS)
    embeddings = next(_candidates(tensors, _EMBEDDINGS, _LAST[1]), None)
    if embeddings is not None and config.tied is not False:
        return embeddings
    if len(there) == 1:
        return next(iter(there))
    what = f"{tensors.name}: there is no lm_head.weight"
    if embeddings is not None:
        what += f", and {config.name} says that it is not tied to {embeddings}"
        raise InputError(what, hint=f"if it is tied all the same: --lm-head FILE:{embeddings}")
    raise InputError(what, hint="name the head: --lm-head FILE:KEY")


def _candidates(tensors: Tensors, keys: tuple[str, ...], last: str) -> Iterator[str]:
    """Yield the tensors of these names that there are, then the only one whose name ends so."""
    yield from (key for key in keys if key in tensors.places)
    ending = [key for key in tensors.places if key.endswith(f".{last}")]
    if len(ending) == 1:
        yield ending[0]


def is_embedding(key: str) -> bool:
    """Whether the tensor of this name is the embeddings, so that a head by it is tied."""
    return key in _EMBEDDINGS or key.endswith(_LAST[1])


def bias_in(tensors: Tensors, key: str | None) -> str:
    """Return the name of the bias in a file of one, by its key or as models name it.

    Raises
    ------
    InputError
        If it is not there.
    """
    if key is not None:
        _check_there(tensors, key)
        return key
    if len(tensors.places) == 1:
        return next(iter(tensors.places))
    found = next((each for each in _BIASES if each in tensors.places), None)
    if found is None:
        what = f"{tensors.name}: which array is the bias? There is no lm_head.bias"
        raise InputError(what, hint="name it: --head-bias FILE:KEY")
    return found


def _check_there(tensors: Tensors, key: str) -> None:
    if key not in tensors.places:
        some = ", ".join(repr(shown(each)) for each in list(tensors.places)[:5])
        raise InputError(f"{tensors.name}: there is no array {key!r}; it holds {some}")


def bias_of(tensors: Tensors, key: str) -> str | None:
    """Return the name of the bias beside a head; a tied head may have one, too."""
    if not is_embedding(key) and key not in _HEADS and not key.endswith(_LAST[0]):
        return None
    names = _BIASES if is_embedding(key) else (key.removesuffix("weight") + "bias",)
    return next((each for each in names if each in tensors.places), None)


def _check_not_quantised(tensors: Tensors, heads: tuple[str, ...]) -> None:
    """Raise InputError if one of these tensors, or what it would be, is quantised."""
    stems = tuple(head.removesuffix("weight") for head in heads if head)
    for each in tensors.places:
        if any(each.startswith(stem) and each.removeprefix(stem) in _QUANTISED for stem in stems):
            what = f"{tensors.name}: the head is quantised: it has {shown(each)!r}"
            raise InputError(what, hint=UNQUANTISED)


def _check_no_layers(tensors: Tensors) -> None:
    """Raise InputError if a model's head is more than one matrix and one bias."""
    known = {*_HEADS, *_BIASES}
    for each in tensors.places:
        if each.startswith(_OF_LAYERS) and each not in known:
            raise InputError(
                f"{tensors.name}: the head is more than a matrix: it has {shown(each)!r}",
                hint="of states behind its other layers: --lm-head FILE:KEY names the matrix",
            )
