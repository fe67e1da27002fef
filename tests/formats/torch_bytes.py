"""Makes PyTorch files and pickles operation by operation, without PyTorch, right or wrong ones."""

from collections.abc import Sequence

import numpy as np
from opening import Array, zip_bytes

_STORAGES = {
    "f8": "Double",
    "f4": "Float",
    "f2": "Half",
    "i8": "Long",
    "i4": "Int",
    "i2": "Short",
    "i1": "Char",
    "u1": "Byte",
    "b1": "Bool",
}
MAGIC = 0x1950A86A20F9469CFC6C


def number(value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def text(value: str) -> bytes:
    content = value.encode()
    return b"X" + len(content).to_bytes(4, "little") + content


def several(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def imported(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def called(module: str, name: str, *arguments: bytes) -> bytes:
    return imported(module, name) + several(*arguments) + b"R"


def dictionary(items: dict[str, bytes]) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def listed(*parts: bytes) -> bytes:
    return b"](" + b"".join(parts) + b"e"


def pickled(*parts: bytes, protocol: int = 2) -> bytes:
    return b"\x80" + bytes([protocol]) + b"".join(parts) + b"."


def storage(key: str, kind: bytes, count: int, location: str = "cpu") -> bytes:
    parts = text("storage"), kind, text(key), text(location), number(count)
    return several(*parts) + b"Q"


def tensor(
    key: str,
    dtype: str,
    count: int,
    shape: Sequence[int],
    strides: Sequence[int],
    offset: int = 0,
) -> bytes:
    """Return the call that makes a tensor of a storage of so many numbers."""
    own = _STORAGES.get(dtype)
    size = np.dtype(dtype).itemsize
    kind = (
        imported("torch", f"{own}Storage") if own else imported("torch.storage", "UntypedStorage")
    )
    where = storage(key, kind, count if own else count * size)
    lengths, steps = (several(*map(number, each)) for each in (shape, strides))
    hooks = imported("collections", "OrderedDict") + b")R"
    more = () if own else (imported("torch", np.dtype(dtype).name),)
    name = "_rebuild_tensor_v2" if own else "_rebuild_tensor_v3"
    parts = where, number(offset), lengths, steps, b"\x89", hooks, *more
    return called("torch._utils", name, *parts)


def plain(key: str, array: Array) -> bytes:
    """Return the call that makes a tensor of all of its storage."""
    strides = [step // array.itemsize for step in np.empty(array.shape, array.dtype).strides]
    return tensor(key, array.dtype.str[1:], array.size, array.shape, strides)


def archive(description: bytes, storages: dict[str, bytes], **more: bytes) -> bytes:
    """Return a file of the layout since version 1.6."""
    members = {"run/data.pkl": description, "run/byteorder": b"little"}
    members |= {f"run/data/{key}": content for key, content in storages.items()}
    return zip_bytes(members | {f"run/{name}": content for name, content in more.items()})


def legacy(description: bytes, storages: dict[str, tuple[int, bytes]]) -> bytes:
    """Return a file of the layout before version 1.6, with storages of so many numbers."""
    about = dictionary({"protocol_version": number(1001), "little_endian": b"\x88"})
    parts = [pickled(number(MAGIC)), pickled(number(1001)), pickled(about), description]
    parts.append(pickled(listed(*map(text, storages))))
    parts += [count.to_bytes(8, "little") + content for count, content in storages.values()]
    return b"".join(parts)


def saved(arrays: dict[str, Array]) -> bytes:
    """Return a file of a dictionary of tensors."""
    little = {key: array.astype(array.dtype.newbyteorder("<")) for key, array in arrays.items()}
    items = {key: plain(key, array) for key, array in little.items()}
    contents = {key: array.tobytes() for key, array in little.items()}
    return archive(pickled(dictionary(items)), contents)


def one(item: bytes, content: bytes = bytes(16)) -> bytes:
    """Return a file of one item, and of one storage."""
    return archive(pickled(dictionary({"z": item})), {"0": content})
