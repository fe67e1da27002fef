"""Files of other kinds, known by their first bytes or their names, and what to do with them."""

import codecs
import os
import re
from collections.abc import Collection, Iterable

from xentcli.errors import InputError
from xentcli.records import Record
from xentcli.storage.names import shown_name

HEAD_BYTES = 300
"""How many first bytes tell; those of a tar archive come late."""

_SAVE_HINT = "in the program that made it: numpy.save('a.npy', array), which xent reads"
_TAKE_OUT = "take the file out of it"
_SHEET = "save the sheet as CSV"


class Other(Record):
    """A kind of file that is not read."""

    what: str
    cure: str | None = None
    no: str = ", which is not"


_PICKLE = Other(
    "a pickle of protocol 0 or 1", "in Python: pickle.dump(pickle.load(f), g, protocol=4)"
)
_WEB_PAGE = Other("a web page", "was the file downloaded, or the page about it?")
_MATLAB = Other("a MATLAB file", "in Python: numpy.save('a.npy', scipy.io.loadmat(path)['NAME'])")
_SPSS = Other("an SPSS file", "in Python: pandas.read_spss(path).to_parquet('a.parquet')")
_STATA = Other("a Stata file", "in Python: pandas.read_stata(path).to_parquet('a.parquet')")
_SAS = Other("a SAS file", "in Python: pandas.read_sas(path).to_parquet('a.parquet')")
_LZ4 = Other("a file that lz4 has compressed", "lz4 -d")
_MODEL = Other("a model", "xent takes its outputs: numpy.save('a.npy', logits)")

_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # what text does not hold
_NEVER_IN_TEXT = re.compile(rb"[\0\x04-\x08\x0e-\x19]")  # \x01 and \x1f may be delimiters
_BINARY = (
    (rb"[\](}]q\0", _PICKLE),
    (
        rb"\x78[\x01\x5e\x9c\xda]",
        Other("a file that joblib or zlib has compressed", f"save it {_SAVE_HINT}"),
    ),
    (
        rb"GGUF",
        Other("a GGUF model", "llama-perplexity --kl-divergence-base a.kld writes what xent reads"),
    ),
    (
        rb"SQLite format 3",
        Other(
            "an SQLite database",
            "save the table as CSV: sqlite3 -header -csv FILE 'select * from TABLE' > a.csv",
        ),
    ),
    (
        rb".{8}DUCK",
        Other("a DuckDB database", "save the table: COPY tbl TO 'a.parquet' (FORMAT parquet)"),
    ),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Other("an Excel file", _SHEET)),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|P[1-6]\n", Other("a picture")),
    (rb"RIFF|OggS|fLaC|ID3", Other("a sound or a picture")),
    (
        rb"RD[XA][23]\n|X\n\0\0\0",
        Other("an R file", "in R: write.csv(x, 'a.csv', row.names = FALSE)"),
    ),
    (rb"CDF[\x01\x02\x05]", Other("a netCDF file of version 3", f"save it {_SAVE_HINT}")),
    (rb"7z\xbc\xaf\x27\x1c|Rar!", Other("an archive", _TAKE_OUT)),
    (rb".{257}ustar", Other("a tar archive", f"{_TAKE_OUT}: tar -xf")),
    (rb"ORC", Other("an ORC file", "in Python: pandas.read_orc(path).to_parquet('a.parquet')")),
    (
        rb"Obj\x01",
        Other(
            "an Avro file",
            "in Python: pandas.DataFrame(fastavro.reader(open(path, 'rb'))).to_csv('a.csv')",
        ),
    ),
    (rb"\x04\x22\x4d\x18|\x02\x21\x4c\x18", _LZ4),
    (rb"\xff\x06\0\0sNaPpY", Other("a file that Snappy has compressed", "python -m snappy -d")),
    (
        rb"\x5d\0\0.{2}\xff{8}",
        Other("a file of LZMA", f"xz -d --format=lzma; one of joblib: save it {_SAVE_HINT}"),
    ),
    (rb"\$FL[23]@\(#\)", _SPSS),
    (rb"[\x69-\x7b][\x01\x02]\x01\0", _STATA),
    (rb"\0{12}\xc2\xea\x81\x60", _SAS),
)
_PICKLED_MODULES = (
    rb"numpy|torch|pandas|sklearn|scipy|joblib|builtins|__builtin__|copy_reg|copyreg|collections"
    rb"|datetime|decimal|_codecs"
)
_TEXT = (
    # protocols 0 and 1: names of classes may begin with a c, too
    (rb"\(?c(?:%s)(?:\.[\w.]+)?\n\w+\n|\([dl]p" % _PICKLED_MODULES, _PICKLE),
    (
        rb"\s*\[?(?:\{'(?:id|choices|object)'|(?:Chat)?Completion\(|\w{7,10}Output\()",
        Other("what Python prints of an object, and no JSON", "write json.dumps of its dict"),
    ),
    (rb"\s*(?i:<!doctype|<html)", _WEB_PAGE),
    (
        rb"\s*(?i:<table)",
        Other("a table of HTML", "in Python: pandas.read_html(path)[0].to_csv('a.csv')"),
    ),
    (rb"\s*<\?xml", Other("XML")),
    (rb"MATLAB 5\.0 MAT-file", _MATLAB),
    (rb"<stata_dta>", _STATA),
    (rb"HEADER RECORD\*", _SAS),
    (rb"SIMPLE  = ", Other("a FITS file", f"save it {_SAVE_HINT}")),
    (rb"%PDF-", Other("a PDF file")),
    (
        rb"%%MatrixMarket matrix array",
        Other("a Matrix Market file", "in Python: numpy.save('a.npy', scipy.io.mmread(path))"),
    ),
    (
        rb"%%MatrixMarket",
        Other(
            "a sparse Matrix Market file",
            "in Python: numpy.save('a.npy', scipy.io.mmread(path).toarray())",
        ),
    ),
    (
        rb"(?i:@relation)\s",
        Other(
            "an ARFF file",
            "in Python: pandas.DataFrame(scipy.io.arff.loadarff(path)[0]).to_csv('a.csv')",
        ),
    ),
    (rb"version https://git-lfs", Other("a Git LFS pointer, not the file itself", "git lfs pull")),
)
_BY_SUFFIX = {
    ".mat": _MATLAB,  # version 4
    ".dta": _STATA,
    ".onnx": _MODEL,
    ".tflite": _MODEL,
    ".pb": Other(
        "a file of protocol buffers",
        "a tensor of ONNX, in Python: numpy.save('a.npy', numpy_helper.to_array(tensor))",
    ),
    ".tfrecord": Other(
        "a file of TensorFlow records", "in Python: tf.data.TFRecordDataset(path), numpy.save"
    ),
    ".msgpack": Other(
        "a file of MessagePack", "in Python: numpy.save('a.npy', msgpack.load(open(path, 'rb')))"
    ),
    ".cbor": Other(
        "a file of CBOR", "in Python: numpy.save('a.npy', cbor2.load(open(path, 'rb')))"
    ),
    ".bson": Other(
        "a file of BSON", "in Python: bson.decode_file_iter(open(path, 'rb')), numpy.save"
    ),
    ".br": Other("a file that Brotli has compressed", "brotli -d"),
    ".lz4": _LZ4,
}
_TEXT_BY_SUFFIX = {
    ".yaml": Other("YAML", "in Python: json.dump(yaml.safe_load(open(path)), open('a.json', 'w'))"),
    ".toml": Other(
        "TOML", "in Python: json.dump(tomllib.load(open(path, 'rb')), open('a.json', 'w'))"
    ),
}
_SAME_SUFFIX = {".yml": ".yaml", ".tfrecords": ".tfrecord", ".mpk": ".msgpack"}
_OF_ZARR = ("zarr.json", ".zarray", ".zgroup")
_ZARR = Other("a Zarr store", "in Python: numpy.save('a.npy', zarr.open_array(path)[:])")
_MEMBERS = {
    "workbook.xml": Other("an Excel file", _SHEET),
    "content.xml": Other("an OpenDocument file", _SHEET),
    **dict.fromkeys(_OF_ZARR, _ZARR),
}
_SPARSE = Other(
    "a sparse matrix of SciPy",
    "in Python: numpy.save('a.npy', scipy.sparse.load_npz(path).toarray())",
)
_FOLDERS = {
    _OF_ZARR: _ZARR,
    ("_delta_log",): Other(
        "a table of Delta Lake, of whose files not all may count",
        "in Python: deltalake.DeltaTable(path).to_pandas().to_parquet('a.parquet')",
    ),
    ("data.mdb",): Other("an LMDB database", f"save it {_SAVE_HINT}"),
    ("saved_model.pb",): _MODEL,
    (".metadata",): Other(
        "a checkpoint of PyTorch in parts",
        "torch.distributed.checkpoint.format_utils.dcp_to_torch_save(path, 'a.pt')",
    ),
}

_STARTS_OF_NUMBERS = tuple(bytes([character]) for character in b"0123456789+-.")
_UTF_16 = Other("neither text", "is it text in UTF-16? --encoding utf-16-le", " nor")
_RAW = Other(
    "neither text",
    "is it numbers without a header? In Python: numpy.save('a.npy', numpy.fromfile(path, DTYPE)"
    ".reshape(N, C))",
    " nor",
)


def other_kind(head: bytes) -> Other | None:
    """Return the kind of file that begins with these bytes, if it is one that is not read."""
    if _CONTROL_BYTES.search(head):
        found = next((other for magic, other in _BINARY if re.match(b"(?s)" + magic, head)), None)
        if found:
            return found
    if head.startswith(_STARTS_OF_NUMBERS):  # no such text; patterns take time to compile
        return None
    return next((other for start, other in _TEXT if re.match(start, head)), None)


def unknown_kind(head: bytes, suffix: str) -> Other | None:
    """Return what a file may be that no format knows, by its name; None if it is plain text."""
    suffix = _SAME_SUFFIX.get(suffix, suffix)
    if not _is_binary(head):
        return _TEXT_BY_SUFFIX.get(suffix)
    zeros = sorted([head[::2].count(0), head[1::2].count(0)])
    wide = zeros[0] == 0 and 4 * zeros[1] > len(head)  # every other byte, or most of them
    wide = wide and not re.search(rb"[\4-\x08]", head)  # as small numbers have
    return _BY_SUFFIX.get(suffix, _UTF_16 if wide else _RAW)


def other_archive(names: Iterable[str]) -> Other | None:
    """Return what a zip archive with members of these names is, if it is known."""
    found = (other for end, other in _MEMBERS.items() for name in names if name.endswith(end))
    return next(found, None)


def other_arrays(names: Collection[str]) -> Other | None:
    """Return what arrays of these names are together, none of which is read by itself."""
    parts = {"data", "format", "shape"}
    known = parts | {"indices", "indptr"}, parts | {"row", "col"}
    return _SPARSE if {*names} in known else None


def check_folder(folder: str) -> None:
    """Raise InputError if a folder is data as a whole, whose files are not read one by one."""
    for names, other in _FOLDERS.items():
        if any(os.path.exists(os.path.join(folder, name)) for name in names):  # noqa: PTH110, PTH118
            raise InputError(
                f"{shown_name(folder)}: {other.what}, which is not read", hint=other.cure
            )


def _is_binary(head: bytes) -> bool:
    """Whether bytes are no text of one or more bytes a character."""
    if _NEVER_IN_TEXT.search(head):
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _CONTROL_BYTES.search(head) is not None
    return False
