"""What the tests of URLs share."""

from xentcli.storage.inputs import Input

CONTENT = bytes(range(256)) * 16 * 256  # a MiB
OLD, NEW = b"old" * 1000, b"new" * 5000


def read_all(data: Input, count: int = 2**18) -> bytes:
    return b"".join(iter(lambda: data.read(count), b""))


def read_at(data: Input, start: int, size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: data.read_at(start, memoryview(buffer))])
