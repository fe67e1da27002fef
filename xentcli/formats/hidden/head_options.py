"""What a user says about hidden states and the head that makes logits of them."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xentcli.storage.names import is_url

if TYPE_CHECKING:
    from xentcli.formats.base import Source


class HeadOptions(NamedTuple):
    """Where the head is, and what stands before and after the product.

    Attributes
    ----------
    path : str
        A model's folder, a file, an index of shards, or FILE:KEY.
    layer : int or None
        Which of several layers, of states of shape (..., layers, D).
    final_norm : bool
        Whether the model's final norm is still to be applied.
    logit_scale, softcap : float or None
        They replace what the model's configuration says; a cap of 0 is none.
    bias : str or None
        The file of the head's bias, or FILE:KEY.
    logits_dtype : str
        What logits are rounded to, as a model of that dtype rounds them.
    or_logits : bool
        Whether an array with a column for each class is logits already, and no mistake.
    """

    path: str
    layer: int | None = None
    final_norm: bool = False
    logit_scale: float | None = None
    softcap: float | None = None
    bias: str | None = None
    logits_dtype: str = "float32"
    or_logits: bool = False

    def within(self, folder: str) -> "HeadOptions":
        """Return the same for use in another folder than the one where paths start."""
        path, bias = (
            name if name is None or is_url(name) else str(Path(folder, name))
            for name in (self.path, self.bias)
        )
        return self._replace(path=path or self.path, bias=bias)


def head_of(source: "Source") -> HeadOptions | None:
    """Return the head that makes logits of hidden states, in one file or in several."""
    of_source: HeadOptions | None = getattr(source, "head_options", None)
    heads = (of_source, *(each.options.head for each in source.files))
    return next((each for each in heads if each is not None), None)
