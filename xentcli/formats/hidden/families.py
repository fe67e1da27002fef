"""What the models of each type do between hidden states and logits, as transformers has them.

A type that stands in no table takes Llama's norm, or a LayerNorm where that has a bias, and what
its config.json says by the names of the keys.
"""

from typing import NamedTuple

GEMMA_NORMS = (
    *("gemma", "gemma2", "gemma3", "gemma3_text", "paligemma", "vaultgemma", "recurrent_gemma"),
    *("t5gemma", "t5_gemma_module", "t5gemma2", "t5gemma2_decoder", "qwen3_next", "qwen3_5"),
    *("qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text", "step3p5", "minimax_m3_vl_text"),
)
"""The types whose norm multiplies by 1 + w."""
LAYER_NORMS = ("cohere", "cohere2", "cohere2_moe", "cohere_compass_text", "mpt", "dbrx", "olmo")
"""The types with a LayerNorm without a bias; other LayerNorms are known by theirs."""
ROUNDED_ONCE = (
    *("gemma3n", "gemma3n_text", "gemma4", "gemma4_text", "gemma4_unified", "gemma4_unified_text"),
    *("diffusion_gemma", "diffusion_gemma_text", "olmo2", "olmo3", "olmo_hybrid", "flex_olmo"),
    *("gpt_oss", "helium", "nemotron_h", "afmoe", "beam", "deepseek_v4", "flint", "lara_mini"),
    *("inkling2_text", "inkling2_loop_text", "moshi", "kyutai_speech_to_text", "muse_glimmer_text"),
    "muse_spark_text",
)
"""The types whose RMSNorm is rounded only after the weight; Llama's is rounded before it, too."""
NORMS = {
    **dict.fromkeys(GEMMA_NORMS, "gemma"),
    **dict.fromkeys(LAYER_NORMS, "layer"),
    **dict.fromkeys(ROUNDED_ONCE, "rms once"),
    "nemotron": "layer 1p",
}
WITHOUT_WEIGHTS = {"nanochat": "rms", "hrm_text": "rms", "olmo": "layer"}
EPSILONS = {
    **dict.fromkeys(
        (
            *("afmoe", "apertus", "arcee", "bamba", "bitnet", "cwm", "diffllama", "ernie4_5"),
            *("ernie4_5_moe", "exaone", "exaone4", "exaone_moe", "falcon_h1", "falcon_mamba"),
            *("glm4_moe", "glm4_moe_lite", "glm_moe_dsa", "gpt_oss", "granite_swa", "hy_v3"),
            *("hunyuan_v1_dense", "hunyuan_v1_moe", "internlm3", "kimi_linear", "lfm2", "lfm2_moe"),
            *("llama4_text", "longcat_flash", "mamba", "mamba2", "mimo_v2_flash", "minicpm3"),
            *("minimax", "ministral3", "mixtral", "nemotron_h", "olmo2", "olmo3", "olmoe", "phi3"),
            *("phi4_multimodal", "qwen2_vl_text", "qwen2_5_vl_text", "solar_open", "zamba"),
            *("zamba2", "zaya", "apertus1p5_text", "dots3_note_text", "emu3_text_model", "hy_v4"),
            *("iquestcoder", "lfm3", "mllama_text_model"),
        ),
        1e-5,
    ),
    **dict.fromkeys(("helium", "moshi"), 1e-8),
    **dict.fromkeys(("glm", "glm4"), 1.5625e-07),
    **dict.fromkeys(("biogpt",), 1e-12),
    **dict.fromkeys(("ctrl",), 1e-6),
}
"""The epsilon of a norm where config.json does not give it, and it is not the usual one: 1e-6,
or 1e-5 for a LayerNorm."""


class Key(NamedTuple):
    """A key of config.json.

    Attributes
    ----------
    name : str
        The name of the key.
    default : float or None
        What the model's class takes where the file leaves it out.
    """

    name: str
    default: float | None = None


class Family(NamedTuple):
    """Which keys say what is done to hidden states and to logits; without keys, nothing is done.

    Attributes
    ----------
    before : tuple of Key
        The hidden states are divided by it.
    base : tuple of Key
        The hidden states are divided by their width over it.
    root : bool
        Where the head is tied, the hidden states are divided by the root of their width.
    multiplier, divisor, softcap : tuple of Key
        Logits are multiplied by it, divided by it, and capped at it.
    in_float32 : bool
        Whether a model of fewer bits rounds the product, and no logits after it.
    """

    before: tuple[Key, ...] = ()
    base: tuple[Key, ...] = ()
    root: bool = False
    multiplier: tuple[Key, ...] = ()
    divisor: tuple[Key, ...] = ()
    softcap: tuple[Key, ...] = ()
    in_float32: bool = False


def _capped(at: float | None, *, in_float32: bool = False) -> Family:
    return Family(softcap=(Key("final_logit_softcapping", at),), in_float32=in_float32)


_GRANITE = Family(divisor=(Key("logits_scaling"),))
_COHERE = Family(multiplier=(Key("logit_scale", 0.0625),))

OF_OTHERS = Family(
    multiplier=(Key("logit_scale"), Key("lm_head_multiplier")),
    divisor=_GRANITE.divisor,
    softcap=(Key("final_logit_softcapping"), Key("logits_soft_cap")),
)
FAMILIES = {
    **dict.fromkeys(("gemma2", "vaultgemma", "t5_gemma_module", "t5gemma"), _capped(30.0)),
    **dict.fromkeys(("gemma3n", "gemma3n_text", "diffusion_gemma_text"), _capped(30.0)),
    "mistral_large4_text": _capped(30.0),
    "nanochat": _capped(15.0),
    **dict.fromkeys(
        ("beam", "inkling2_text", "inkling2_loop_text"), _capped(30.0, in_float32=True)
    ),
    "recurrent_gemma": Family(softcap=(Key("logits_soft_cap", 30.0),)),
    "xlstm": Family(softcap=(Key("output_logit_soft_cap", 30.0),), in_float32=True),
    **dict.fromkeys(("cohere", "cohere2", "cohere2_moe"), _COHERE),
    "granite_docling_text": Family(divisor=(Key("logits_scaling", 4.0),)),
    "hyperclovax": Family(multiplier=(Key("logits_scaling"),)),
    "falcon_h1": Family(multiplier=(Key("lm_head_multiplier"),)),
    "minicpm": Family(base=(Key("dim_model_base"),)),
    "minicpm3": Family(base=(Key("dim_model_base", 256.0),)),
    **dict.fromkeys(
        ("t5", "mt5", "umt5", "longt5", "switch_transformers", "pop2piano"), Family(root=True)
    ),
    "inkling_text": Family(before=(Key("logits_mup_width_multiplier", 24.0),)),
    "muse_glimmer_text": Family(
        multiplier=(Key("output_multiplier", 0.19611613513818404),), softcap=_capped(20.0).softcap
    ),
    "muse_spark_text": Family(
        multiplier=(Key("output_multiplier", 0.1767766952966369),), softcap=_capped(20.0).softcap
    ),
    "mpt": Family(),  # has a logit_scale, and does not use it
}
