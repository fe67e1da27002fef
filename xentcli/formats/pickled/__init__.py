"""PyTorch files and pickles of arrays: read as descriptions, never run; without PyTorch."""

import re
from typing import TYPE_CHECKING

from xentcli.formats.base import Format, ReadOptions, Source
from xentcli.formats.zip_member import first_name
from xentcli.storage.inputs import Input

if TYPE_CHECKING:
    from xentcli.formats.contents import Content

_PICKLE_START = b"\x80"
_PICKLE = rb"\x80[\x02-\x05]"
_LEGACY = _PICKLE + rb"(?s:\x95.{8})?\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # a number, before 1.6


def _format(name: str, extensions: tuple[str, ...], magic: bytes, *, zipped: bool) -> Format:
    def open_source(data: Input, options: ReadOptions) -> Source:
        from xentcli.formats.pickled.source import open_source as open_

        return open_(data, options, name)

    def contents(data: Input, options: ReadOptions) -> list["Content"]:
        del options
        from xentcli.formats.pickled.source import contents as contents_of

        return contents_of(data)

    def recognises(head: bytes) -> bool:
        if head.startswith(_PICKLE_START):
            return re.match(magic, head) is not None
        return zipped and (first_name(head) or b"").endswith(b"/data.pkl")

    return Format(
        name=name,
        extensions=extensions,
        recognises=recognises,
        open_source=open_source,
        has_keys=True,
        contents=contents,
    )


# What is called .bin may be anything: it is known by its content.
PT = _format("pt", (".pt", ".pth", ".ckpt"), _LEGACY, zipped=True)
PICKLE = _format("pickle", (".pkl", ".pickle"), _PICKLE, zipped=False)
