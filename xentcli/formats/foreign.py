"""Files of other kinds, known by their first bytes, and what to do with them."""

import re

from xentcli.records import Record

_SAVE_HINT = "in the program that made it: numpy.save('a.npy', array), which xent reads"


class Other(Record):
    """A kind of file that is not read."""

    what: str
    cure: str | None = None


_PICKLE = Other(
    "a pickle of protocol 0 or 1", "in Python: pickle.dump(pickle.load(f), g, protocol=4)"
)
_WEB_PAGE = Other("a web page", "was the file downloaded, or the page about it?")

_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # what text does not hold
_BINARY = (
    (rb"[\](}]q\0", _PICKLE),
    (
        rb"\x78[\x01\x5e\x9c\xda]",
        Other("a file that joblib or zlib has compressed", f"save it {_SAVE_HINT}"),
    ),
    (rb"GGUF", Other("a GGUF model")),
    (rb"SQLite format 3", Other("an SQLite database", "save the table as CSV")),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Other("an Excel file", "save the sheet as CSV")),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", Other("a picture")),
    (
        rb"RD[XA][23]\n|X\n\0\0\0",
        Other("an R file", "in R: write.csv(x, 'a.csv', row.names = FALSE)"),
    ),
    (rb"CDF[\x01\x02\x05]", Other("a netCDF file of version 3", f"save it {_SAVE_HINT}")),
    (rb"7z\xbc\xaf\x27\x1c|Rar!", Other("an archive", "take the file out of it")),
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
    (rb"\s*<\?xml", Other("XML")),
    (rb"MATLAB 5\.0 MAT-file", Other("a MATLAB file", "scipy.io.loadmat reads it in Python")),
    (rb"%PDF-", Other("a PDF file")),
    (rb"version https://git-lfs", Other("a Git LFS pointer, not the file itself", "git lfs pull")),
)

_STARTS_OF_NUMBERS = tuple(bytes([character]) for character in b"0123456789+-.")


def other_kind(head: bytes) -> Other | None:
    """Return the kind of file that begins with these bytes, if it is one that is not read."""
    if _CONTROL_BYTES.search(head):
        found = next((other for magic, other in _BINARY if re.match(magic, head)), None)
        if found:
            return found
    if head.startswith(_STARTS_OF_NUMBERS):  # no such text; patterns take time to compile
        return None
    return next((other for start, other in _TEXT if re.match(start, head)), None)
