"""HDF5 files as h5py writes them, and MATLAB's: in place, in chunks, compressed, damaged."""

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from in_one_test import in_one_test
from opening import Array, assert_same_bits, pipe_input, read_array
from torch_goldens import input_of

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.arrays import ArraySource
from xentcli.formats.base import ArrayHeader, IndexedSource, ReadOptions, Source
from xentcli.formats.hdf5 import source as hdf5_source
from xentcli.storage.outputs import Output

# What is spooled from a pipe lives until the source is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

Z = np.arange(60, dtype="f4").reshape(12, 5)
DTYPES = ["?", "i1", "u1", "<i2", ">i4", "<i8", "<u2", "u4", "u8", "<f2", "<f4", ">f8"]


def saved(arrays: dict[str, Any], *, matlab: bool = False, **how: Any) -> bytes:
    """Return a file of datasets; MATLAB's have its first axis last, and a text before them."""
    file = io.BytesIO()
    with h5py.File(file, "w", userblock_size=512 if matlab else 0) as hdf5:
        for key, array in arrays.items():
            hdf5.create_dataset(key, data=array.T if matlab else array, **how)
    content = bytearray(file.getvalue())
    if matlab:
        content[:20] = b"MATLAB 7.3 MAT-file,"
    return bytes(content)


def opened(content: bytes, format_: str | None = None, **options: Any) -> Source:
    return registry.open_source(input_of(content, "run.h5"), format_, ReadOptions(**options))


def error_of(content: bytes, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        read_array(opened(content, **options), 3)
    assert "\n" not in caught.value.message
    return caught.value.message


HOW: dict[str, dict[str, Any]] = {
    "contiguous": {},
    "chunks": {"chunks": True},
    "small chunks": {"chunks": (2, 3)},
    "gzip": {"chunks": (5, 2), "compression": "gzip", "shuffle": True},
    "lzf": {"compression": "lzf", "fletcher32": True},
    "growing": {"maxshape": (None, 5)},
}
ways = pytest.mark.parametrize("how", HOW.values(), ids=HOW)


@in_one_test
@ways
@pytest.mark.parametrize("matlab", [False, True])
def test_any_slice_of_any_axis(how: dict[str, Any], matlab: bool) -> None:
    stored = {
        name: value[::-1] if isinstance(value, tuple) else value for name, value in how.items()
    }
    for dtype in DTYPES if how == {} else ("?", ">i4", "<f4"):
        array = (Z % 2 if dtype == "?" else Z).astype(dtype)
        content = saved({"test/logits": array}, matlab=matlab, **(stored if matlab else how))
        source = opened(content, key="test/logits")
        assert isinstance(source, IndexedSource)
        assert (source.shape, source.stored_dtype) == (array.shape, array.dtype.name)
        for rows in (1, 4, 100):
            assert_same_bits(read_array(source, rows), array)
        for axis, start, count in ((0, 3, 7), (1, 1, 3), (1, 0, 5)):
            lead = (slice(None),) * axis
            want = array[(*lead, slice(start, start + count))]
            assert_same_bits(np.ascontiguousarray(source.read(start, count, axis).values), want)


def test_numbers_side_by_side_are_read_in_place() -> None:
    assert isinstance(opened(saved({"z": Z})), ArraySource)
    assert isinstance(opened(saved({"z": Z}, matlab=True)), ArraySource)
    assert not isinstance(opened(saved({"z": Z}, chunks=True)), ArraySource)


def test_a_float_that_numpy_has_not() -> None:
    """As wide as another one, or narrower: h5py converts it."""
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    file = io.BytesIO()
    with h5py.File(file, "w") as hdf5:
        space = h5py.h5s.create_simple((3,))
        made = h5py.h5d.create(hdf5.id, b"z", kind, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, -2.5, 3], "f4"))
    assert read_array(opened(file.getvalue()), 2).tolist() == [1, -2.5, 3]


def test_several_dimensions_numbers_and_nothing() -> None:
    for array in (np.float32(2.5), np.zeros((0, 3)), np.arange(24.0).reshape(2, 3, 4)):
        for matlab in (False, True):
            source = opened(saved({"z": np.asarray(array)}, matlab=matlab))
            assert_same_bits(read_array(source, 9), np.asarray(array))


def test_text_is_read_as_labels_alone() -> None:
    content = saved({"labels": np.array(["cat", "déjà"], h5py.string_dtype()), "logits": Z})
    assert read_array(opened(content, key="labels", labels=True), 9).tolist() == ["cat", "déjà"]
    assert "text, which is not numbers" in error_of(content, key="labels")


def enumerated(numbers: list[int], names: dict[str, int]) -> bytes:
    """Return a file of labels whose type gives names to numbers."""
    return saved({"labels": np.array(numbers, h5py.enum_dtype(names, basetype=">i2"))})


def test_the_names_of_numbers_are_those_of_the_classes() -> None:
    content = enumerated([7, 2, -100, 7], {"cat": 2, "dog": 7})
    for classes in (("dog", "cat"), ("prob_dog", "prob_cat", "prob_emu")):
        labels = opened(content, labels=True, classes=classes)
        assert read_array(labels, 3).tolist() == ["dog", "cat", "-100", "dog"]


def test_the_names_of_numbers_are_those_of_groups() -> None:
    content = enumerated([7, 2, 3, 7], {"sea": 2, "land": 7})
    groups = opened(content, labels=True, names=True)
    assert read_array(groups, 3).tolist() == ["land", "sea", "3", "land"]


def test_the_numbers_of_names_of_something_else_are_read() -> None:
    content = enumerated([1, 0], {"no": 0, "yes": 1})
    for asked in (
        {},
        {"classes": ("no", "yes")},  # these are no labels
        {"labels": True},
        {"labels": True, "classes": ("dog", "cat")},
        {"labels": True, "classes": ("yes",)},
    ):
        assert read_array(opened(content, **asked), 3).tolist() == [1, 0]


def test_names_of_which_some_are_classes() -> None:
    """The numbers are read where they are those of the classes, as beside a value of no class."""
    known: dict[str, Any] = {"labels": True, "classes": ("prob_cat", "prob_dog")}
    content = enumerated([1, 0, 255], {"cat": 0, "dog": 1, "void": 255})
    assert read_array(opened(content, **known), 3).tolist() == [1, 0, 255]
    for names in ({"cat": 1, "dog": 0, "void": 255}, {"cat": 1, "emu": 0}, {"dog": 7, "emu": 1}):
        said = error_of(enumerated([1, 0], names), **known)
        assert "is not the class of this number; " in said
        assert said.endswith("is no class")


def test_many_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5_source, "_MOST_TEXT_BYTES", 24)
    content = enumerated([0] * 4, {"cat": 0})
    assert "more than 24 bytes" in error_of(content, labels=True, classes=("cat",))


def test_chunks_are_read_whole() -> None:
    """So that none is decompressed more than once or twice."""
    source = opened(saved({"z": Z}, chunks=(4, 5), compression="gzip"))
    assert [block.start for block in source.blocks(6)] == [0, 4, 8]
    assert [block.start for block in source.blocks(9)] == [0, 8]
    assert [block.start for block in source.blocks(1)] == [0, 4, 8]


def test_chunks_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5_source, "_MOST_CHUNK_BYTES", 50)
    assert error_of(saved({"z": Z}, chunks=(4, 5))).endswith("chunks of 80 bytes")


def test_pipes() -> None:
    for how in HOW.values():
        with pipe_input(saved({"z": Z}, **how)) as data:
            assert_same_bits(read_array(registry.open_source(data, None, ReadOptions()), 4), Z)


def test_arrays_are_found_by_name() -> None:
    content = saved({"logits": Z, "y": np.arange(12)})
    assert opened(content).notes == ["run.h5: the values are 'logits', by name (else --key)"]
    assert "it holds 'a/b' (12, 5) float32, 'c' (12, 5) float32" in error_of(
        saved({"a/b": Z, "c": Z})
    )


def test_other_files_are_not_opened(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["z"] = Z
    layout = h5py.VirtualLayout((12, 5), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "z", (12, 5))
    raw = tmp_path / "raw"
    raw.write_bytes(Z.tobytes())
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("virtual", layout)
        file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "z")
        file.create_dataset("raw", (12, 5), "f4", external=[(str(raw), 0, Z.nbytes)])
    content = path.read_bytes()
    for key in ("virtual", "raw"):
        assert error_of(content, key=key).endswith("its numbers are in other files")
    assert "other.h5' is not followed" in error_of(content, key="link")


def test_links_within_a_file_are_followed() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["runs/3/z"] = Z
        file["y"] = np.arange(12)
        file["best"] = h5py.SoftLink("/runs/3")
        file["runs/last"] = h5py.SoftLink("/./best")
        file["logits"] = h5py.SoftLink("runs/last/z")
        file["loop"], file["runs/up"] = h5py.SoftLink("/loop"), h5py.SoftLink("/")
    content = buffer.getvalue()
    for key in ("logits", "best/z", "runs/last/z"):
        assert_same_bits(read_array(opened(content, key=key), 5), Z)
    assert_same_bits(read_array(opened(content), 5), Z)
    for key in ("loop", "runs/up"):
        assert error_of(content, key=key).endswith("leads to no dataset is not followed")
    with h5py.File(buffer, "a") as file:
        del file["logits"]
        file["logits"] = h5py.ExternalLink("other.h5", "z")
    assert "logits: a link to the file 'other.h5' is not" in error_of(buffer.getvalue())


def test_what_is_not_numbers_is_named() -> None:
    assert "complex64" in error_of(saved({"z": Z.astype("c8")}))
    pairs = np.zeros(3, [("a", "f4"), ("b", "i4")])
    assert "does not hold real numbers" in error_of(saved({"z": pairs}))
    assert "it is empty" in error_of(saved({"z": h5py.Empty("f4")}))
    assert "it holds no array" in error_of(saved({}))


def test_damage() -> None:
    for how in (HOW["contiguous"], HOW["gzip"]):
        content = saved({"z": Z}, **how)
        for size in range(0, len(content), 211):
            assert error_of(content[:size], format_="hdf5").startswith("run.h5:")
        for bit in range(0, 8 * len(content), 1009):
            flipped = bytearray(content)
            flipped[bit // 8] ^= 1 << bit % 8
            with suppress(InputError):
                read_array(opened(bytes(flipped), format_="hdf5"), 3)


def written(array: Array, path: Path, *, counted: bool) -> bytes:
    shape = array.shape if counted else (None, *array.shape[1:])
    with path.open("wb") as file:
        output = Output("out.h5", file.fileno(), seekable=False)
        header = ArrayHeader(shape, array.dtype, name="probs")
        writer = registry.open_writer(registry.by_name("hdf5"), output, header)
        for start in range(0, len(array), 5):
            writer.write(array[start : start + 5])
        writer.close()
    return path.read_bytes()


@in_one_test
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("dtype", ["f4", "f2", "i8"])
def test_h5py_reads_what_is_written(tmp_path: Path, dtype: str, counted: bool) -> None:
    array = Z.astype(dtype)
    content = written(array, tmp_path / "a.h5", counted=counted)
    with h5py.File(tmp_path / "a.h5") as file:
        assert list(file) == ["probs"]
        assert_same_bits(file["probs"][:], array)
    assert written(array, tmp_path / "b.h5", counted=counted) == content
    assert isinstance(opened(content), ArraySource) == counted


def with_attributes(array: Array, **attributes: Any) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as hdf5:
        hdf5.create_dataset("z", data=array).attrs.update(attributes)
    return file.getvalue()


@in_one_test
@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"scale_factor": 0.01}, "its scale_factor is 0.01, its add_offset 0"),
        (
            {"scale_factor": np.ones(1), "add_offset": 5.0},
            "its scale_factor is 1, its add_offset 5",
        ),
        ({"_Unsigned": "true"}, "_Unsigned says that none is negative"),
        ({"_Unsigned": np.bytes_("True")}, "_Unsigned says that none is negative"),
        ({"_FillValue": np.int16(7)}, "z[1]: 7 is no number, but what _FillValue says"),
        ({"missing_value": np.array([11], "i2")}, "z[2]: 11 is no number, but what missing_value"),
    ],
)
def test_what_netcdf_packs_is_not_taken_as_it_is(attributes: dict[str, Any], says: str) -> None:
    """Files of netCDF4 and xarray are HDF5 whose numbers are to be scaled, or mark none."""
    array = Z[:3].astype("i2")
    assert says in error_of(with_attributes(array, **attributes), key="z")


@in_one_test
@pytest.mark.parametrize(
    "attributes",
    [
        {"scale_factor": 1.0, "add_offset": 0.0, "_Unsigned": "false"},
        {"_FillValue": np.nan},
        {"_FillValue": np.float32(-9999), "missing_value": "none"},
    ],
)
def test_attributes_that_change_nothing(attributes: dict[str, Any]) -> None:
    assert_same_bits(read_array(opened(with_attributes(Z, **attributes), key="z"), 3), Z)
