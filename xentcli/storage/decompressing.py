"""Decompresses streams as their content is asked for."""

import io
from collections.abc import Callable

from xentcli.errors import InputError, XentError
from xentcli.storage.compression import HEAD_BYTES, Codec

PIECE_BYTES = 2**17  # compressed, read at once


class Decompressing(io.RawIOBase):
    """The content of compressed streams that follow one another, read as it is asked for.

    Parameters
    ----------
    name : str
        The name of the input in messages.
    read : callable
        Returns the next compressed bytes, as many as asked for; fewer only at the end.
    codec : Codec
        The compression of all streams.
    piece_bytes : int
        How many compressed bytes are read at once.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[int], bytes],
        codec: Codec,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._name = name
        self._read = read
        self._piece_bytes = piece_bytes
        self._codec = codec
        try:
            self._error = codec.error()
            self._decompressor = codec.decompressor()
        except XentError as error:
            raise InputError(f"{name}: {error.message}", hint=error.hint) from error
        self._compressed = b""

    def readable(self) -> bool:
        """Return True, as `io` asks of what can be read."""
        return True

    def read(self, count: int = -1) -> bytes:
        """Return at least one and at most `count` bytes; none only at the end."""
        content = b""
        while not content and count and (not self._decompressor.eof or self._next_stream()):
            if self._decompressor.needs_input and not self._compressed:
                self._compressed = self._read(self._piece_bytes)
                if not self._compressed:
                    what = f"the {self._codec.name} data end too early"
                    raise InputError(f"{self._name}: {what}", hint="the file is cut off")
            data, self._compressed = self._compressed, b""
            try:
                content = self._decompressor.decompress(data, count)
            except self._error as error:
                what = f"the {self._codec.name} data are damaged: {_reason(error)}"
                raise InputError(f"{self._name}: {what}") from error
        return content

    def _next_stream(self) -> bool:
        """Begin with the stream after one that has ended, if there is one."""
        rest, more = b"", self._decompressor.unused_data or self._read(self._piece_bytes)
        while more:
            rest += more
            if self._codec.padded:
                rest = rest.lstrip(b"\0")
            more = self._read(self._piece_bytes) if len(rest) < HEAD_BYTES else b""
        if not rest:
            return False
        if not self._codec.begins(rest):
            raise InputError(f"{self._name}: something follows the {self._codec.name} data")
        self._decompressor = self._codec.decompressor()
        self._compressed = rest
        return True


def _reason(error: Exception) -> str:
    """Return the reason at the end of a library's message, without the words before it."""
    text = " ".join(str(error).split()).rpartition(": ")[2]
    return text[:1].lower() + text[1:]
