"""What names say, and what is shown of them."""

from pathlib import Path

import pytest
from in_one_test import in_one_test
from remote_tools import NEW, read_all

from xentcli.errors import UsageError
from xentcli.storage.names import (
    is_url,
    local_name,
    shown_name,
    suffix_of,
    uncompressed_name,
)
from xentcli.storage.open import open_input, open_output


def test_urls_of_files(tmp_path: Path) -> None:
    path = tmp_path / "a b%.csv"
    url = f"file://{tmp_path}/a%20b%25.csv"
    with open_output(url) as output:
        output.write(NEW)
    assert path.read_bytes() == NEW
    data = open_input(url.replace("file://", "FILE://localhost"))
    assert (data.seekable, data.suffix, read_all(data)) == (True, ".csv", NEW)


def test_a_name_without_the_extension_of_a_compression() -> None:
    url = "zip://t.csv.gz::s3://b/c.zip"
    names = {"a/t.csv.GZ": "a/t.csv", "t.npy": "t.npy", "t.zst": "t", "": "", url: url}
    assert {each: uncompressed_name(each) for each in names} == names


def test_a_url_of_a_file_with_two_slashes() -> None:
    with pytest.raises(UsageError) as caught:
        open_input("file://a.csv")
    assert "three slashes" in (caught.value.hint or "")


@in_one_test
@pytest.mark.parametrize(
    ("name", "url", "suffix"),
    [
        ("a.csv", False, ".csv"),
        ("A.CSV.GZ", False, ".csv"),
        ("a.gz", False, ""),
        ("a.npy.zst", False, ".npy"),
        ("a.csv?b.npy", False, ".npy"),
        ("model::logits.npy", False, ".npy"),
        ("a:/b.csv", False, ".csv"),
        ("./http://a.csv", False, ".csv"),
        ("http://host/a.csv.bz2?x=b.npy#c", True, ".csv"),
        ("S3://bucket/a.npy.xz", True, ".npy"),
        ("zip://a.csv::file.zip", True, ".csv"),
        ("zip://a.csv::file://b.zip", True, ".csv"),
        ("simplecache::s3://b/a.npy", True, ".npy"),
        ("-", False, ""),
    ],
)
def test_names(name: str, url: bool, suffix: str) -> None:
    assert (is_url(local_name(name)), suffix_of(name)) == (url, suffix)


@in_one_test
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("http://user:pw@host/a.npy?X-Amz-Signature=1#z", "http://host/a.npy"),
        ("http://host:80/a@b.npy", "http://host:80/a@b.npy"),
        ("s3://KEY:SECRET@bucket/x", "s3://bucket/x"),
        ("HTTPS://token@host", "HTTPS://host"),
        ("http://u:p@w@host/x", "http://host/x"),
        ("http://u:p#w@host/x", "http://host/x"),
        ("http://u:p/w?@host/x?q", "http://host/x"),
        ("http://u:p@[::1]:80/a?b", "http://[::1]:80/a"),
        ("http://host/a?u=http://x:y@z", "http://host/a"),
        ("zip://a.csv::http://u:p@host/b.zip?s=x::y", "zip://a.csv::http://host/b.zip"),
        ("http://u:p::w@host/x?s", "http://host/x"),
        ("http://u::p:w/::?@host/x", "http://host/x"),
        ("http://u:p@[::1/a?b", "http://[::1/a"),
        ("zip://a.csv::http://u::p@host/b.zip?s=x::y", "zip://a.csv::http://host/b.zip"),
        ("zip://a.csv::my@file#1.zip", "zip://a.csv::my@file#1.zip"),
        ("a@b.csv?x", "a@b.csv?x"),
        ("./http://u:p@host", "./http://u:p@host"),
        ("-", "-"),
    ],
)
def test_what_is_shown_of_a_name(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert suffix_of(name) == suffix_of(shown) or "?" in name
