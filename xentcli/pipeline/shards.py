"""Arrays in many files, as the formats give them."""

from xentcli.formats.shards import Shards, expand, open_shards, reads_once

__all__ = ["Shards", "expand", "open_shards", "reads_once"]
