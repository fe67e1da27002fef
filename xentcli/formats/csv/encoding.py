"""Text in any encoding as UTF-8, decoded piece by piece."""

import codecs
import io
from typing import IO, Any, cast

from xentcli.errors import InputError, UsageError
from xentcli.storage.inputs import Input

PIECE_BYTES = 2**18  # decoded at a time


def as_utf8(data: Input, encoding: str, piece_bytes: int = PIECE_BYTES) -> Input:
    """Return an input of the same text in UTF-8, which is read once, from the start.

    It is decoded `piece_bytes` at a time.

    Raises
    ------
    UsageError
        If Python knows no such encoding of text.
    """
    return Input(data.name, cast("IO[bytes]", _Utf8(data, encoding, piece_bytes)), None)


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        codec = codecs.lookup(encoding)
    except (LookupError, ValueError):  # ValueError: a zero byte
        codec = None
    if codec is None or not codec._is_text_encoding or codec.incrementaldecoder is None:
        raise UsageError(f"--encoding {encoding}: there is no such encoding of text")
    return codec.incrementaldecoder("strict")


class _Utf8(io.RawIOBase):
    """A file of UTF-8 made from one in another encoding."""

    def __init__(self, data: Input, encoding: str, piece_bytes: int) -> None:
        self._data = data
        self._piece_bytes = piece_bytes
        self._encoding = encoding
        self._decoder = _decoder(encoding)
        self._rest = b""
        self._lines = 1
        self._at_end = False

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`, as far as one piece goes."""
        while not self._rest and not self._at_end:
            content = self._data.read(self._piece_bytes)
            self._at_end = len(content) < self._piece_bytes
            text = self._decode(content)
            self._lines += text.count("\n") or text.count("\r")
            self._rest = text.encode(errors="surrogatepass")
        view = memoryview(buffer).cast("B")
        part, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(part)] = part
        return len(part)

    def _decode(self, content: bytes) -> str:
        before = self._decoder.getstate()
        try:
            return self._decoder.decode(content, self._at_end)
        except UnicodeError as error:
            if not isinstance(error, UnicodeDecodeError) or "BOM" in error.reason:
                raise self._refused(error) from error
            held = len(error.object) - len(content)
            self._decoder.setstate(before)
            try:
                good = self._decoder.decode(content[: max(0, error.start - held)])
            except UnicodeError as other:  # some codecs find more wrong with the part before
                raise self._refused(other) from error
            line = self._lines + (good.count("\n") or good.count("\r"))
            byte = error.object[error.start]
            raise InputError(
                f"{self._data.name}:{line}: byte 0x{byte:02x} is not {self._encoding} text",
                hint="is it in another? --encoding NAME",
            ) from error

    def _refused(self, error: UnicodeError) -> InputError:
        """Return why a codec refuses the whole text, in the same words for every Python.

        Python 3.13 reports a missing byte order mark in other words than 3.11, and by another
        exception.
        """
        if "BOM" not in str(error):
            return InputError(f"{self._data.name}: {str(error)[:100]}")
        return InputError(
            f"{self._data.name}: {self._encoding} text starts with a byte order mark, and this "
            "does not",
            hint=f"--encoding {self._encoding}-le or --encoding {self._encoding}-be",
        )
