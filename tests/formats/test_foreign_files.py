"""Files of other programs, whose first bytes these programs wrote: each is named, with a cure."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from xentcli.errors import InputError
from xentcli.formats.files import InputFile, open_file
from xentcli.formats.inline import expand
from xentcli.formats.registry import detect
from xentcli.storage.inputs import Input


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("z.npy"))
    return file.getvalue()


LZMA = b"]\0\0@\0\xff\xff\xff\xff\xff\xff\xff\xff\0@\1\x0e{%\xa3\x95\xde\xaf\xeb\x88\xa9"
KNOWN = {  # the beginning of a file: what it is called, and how the cure begins
    tarred(): ("a tar archive", "take the file out of it: tar -xf"),
    b"ORC\n\x06\x12\x04\x08\x1eP\0\n&": ("an ORC file", "in Python: pandas.read_orc("),
    b"Obj\1\x04\x14avro.codec\x08null": ("an Avro file", "in Python: pandas.DataFrame(fastavro"),
    b"\x08\x91'_\x02\xdcs\xc4DUCK\xe7\3\0": ("a DuckDB database", "save the table: COPY"),
    b"GGUF\3\0\0\0": ("a GGUF model", "llama-perplexity --kl-divergence-base"),
    b"$FL2@(#) SPSS DATA FILE\2\0\0\0": ("an SPSS file", "in Python: pandas.read_spss"),
    b"r\2\1\0\4\0\x1e\0": ("a Stata file", "in Python: pandas.read_stata"),
    b"<stata_dta><header><release>118": ("a Stata file", "in Python: pandas.read_stata"),
    b"HEADER RECORD*******LIBV8   ": ("a SAS file", "in Python: pandas.read_sas"),
    bytes(12) + b"\xc2\xea\x81\x60\xb3\x14": ("a SAS file", "in Python: pandas.read_sas"),
    b'\x04"M\x18h@\x19\x04\0\0': ("a file that lz4 has compressed", "lz4 -d"),
    b"\xff\x06\0\0sNaPpY\1\x1d\4\0": ("a file that Snappy has compressed", "python -m snappy -d"),
    LZMA: ("a file of LZMA", "xz -d --format=lzma; one of joblib: save it in the program"),
    b"<table border='1'>\n": ("a table of HTML", "in Python: pandas.read_html(path)[0]"),
    b"%%MatrixMarket matrix array real general\n": ("a Matrix Market file", "in Python: numpy."),
    b"%%MatrixMarket matrix coordinate real general\n": ("a sparse Matrix Market", "in Python: "),
    b"@RELATION a\n@attribute cat numeric\n": ("an ARFF file", "in Python: pandas.DataFrame(sci"),
    b"SIMPLE  =                    T": ("a FITS file", "save it in the program"),
}
NAMED = {  # its name, besides
    "z.mat": (b"\n\0\0\0\x1e\0\0\0\3\0\0\0", "a MATLAB file", "in Python: numpy.save('a.npy', sci"),
    "z.onnx": (b'\x08\x0e:3\n\x0c\n\1a\x12\1b"\4Relu', "a model", "xent takes its outputs"),
    "z.pb": (
        b"\x08\x1e\x08\3\x10\1B\6logitsJ\xe8\2l\xbf\0",
        "a file of protocol",
        "a tensor of ONN",
    ),
    "z.tfrecords": (
        b"\x1e\0\0\0\0\0\0\0\xd9\xdc\x122\n\x1c",
        "a file of TensorFlow",
        "in Python: tf",
    ),
    "z.msgpack": (b"\xdc\0\x1e\x93\xcb?\xc0\x17\xed", "a file of MessagePack", "in Python: numpy."),
    "z.cbor": (b"\x98\x1e\x83\xfb?\xc0\x17\xed\x80\0", "a file of CBOR", "in Python: numpy.save("),
    "z.bson": (b"\xf4\4\0\0\4logits\0", "a file of BSON", "in Python: bson.decode_file_iter"),
    "z.csv.br": (b"\x1b\x18\4\0,\x8fw\xd8\x95n", "a file that Brotli has compressed", "brotli -d"),
    "z.yaml": (b"logits:\n- - 0.125\n", "YAML", "in Python: json.dump(yaml.safe_load("),
    "z.toml": (b"logits = [[1.0, 2.0]]\n", "TOML", "in Python: json.dump(tomllib.load("),
    "z.raw": (b"l\xbf\0>\x7fF\x07\xbe", "neither text", "is it numbers without a header? In Pyth"),
    "train.bin": (b"\5\0\4\0\7\0", "neither text", "is it numbers without a header?"),
    "labels": (
        b"\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        "neither text",
        "is it numbers without a header?",
    ),
    "wide": ("1,2\n".encode("utf-16-be"), "neither text", "is it text in UTF-16?"),
}


def test_files_of_other_programs_are_named() -> None:
    cases = [(f"z{i}", start, *said) for i, (start, said) in enumerate(KNOWN.items())]
    for name, start, what, cure in (*cases, *((name, *case) for name, case in NAMED.items())):
        with pytest.raises(InputError) as raised:
            detect(Input(name, io.BytesIO(start), len(start)))
        assert raised.value.message.startswith(f"{name}: {what}")
        assert " one of npy, npz, " in raised.value.message
        assert (raised.value.hint or "").startswith(cure)
    for text in (b"1.5\x011.25\n", "é,ü\n1,2\n".encode() * 80, b"a,b\n", "€".encode() * 100):
        assert detect(Input("z.mat", io.BytesIO(text), len(text))).name == "csv"


@pytest.mark.parametrize(
    ("inside", "what", "cure"),
    [
        (".zarray", "a Zarr store", "in Python: numpy.save('a.npy', zarr.open_array(path)[:])"),
        ("_delta_log", "a table of Delta Lake", "in Python: deltalake.DeltaTable(path)"),
        ("data.mdb", "an LMDB database", "save it in the program that made it"),
        ("saved_model.pb", "a model", "xent takes its outputs"),
        (".metadata", "a checkpoint of PyTorch in parts", "torch.distributed.checkpoint.format"),
    ],
)
def test_folders_of_other_programs_are_named(
    tmp_path: Path, inside: str, what: str, cure: str
) -> None:
    (tmp_path / inside).touch()
    with pytest.raises(InputError) as raised:
        expand(str(tmp_path))
    assert raised.value.message.endswith(f"{what}, which is not read") or "Delta" in what
    assert (raised.value.hint or "").startswith(cure)


def test_archives_that_are_formats_of_their_own_are_named(tmp_path: Path) -> None:
    sparse = "in Python: numpy.save('a.npy', scipy.sparse.load_npz(path).toarray())"
    cases = {
        ("mimetype", "content.xml"): ("an OpenDocument file", "save the sheet as CSV"),
        ("zarr.json", "c/0/0"): ("a Zarr store", "in Python: numpy.save('a.npy', zarr.open_arra"),
        ("indices.npy", "indptr.npy", "format.npy", "shape.npy", "data.npy"): (
            "a sparse matrix of SciPy",
            sparse,
        ),
        ("row.npy", "col.npy", "format.npy", "shape.npy", "data.npy"): ("a sparse matrix", sparse),
    }
    for members, (what, cure) in cases.items():
        path = tmp_path / "z.npz"
        with zipfile.ZipFile(path, "w") as archive:
            for member in members:
                archive.writestr(member, "x")
        with pytest.raises(InputError) as raised:
            open_file(InputFile(str(path)))
        assert f"z.npz: {what}" in raised.value.message
        assert (raised.value.hint or "").startswith(cure)
