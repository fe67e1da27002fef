"""What is said of the heads that make logits of hidden states."""

from xentcli.formats.hidden.options import HeadOptions

__all__ = ["HeadOptions"]
