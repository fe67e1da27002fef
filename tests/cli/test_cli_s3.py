"""Objects of S3, in and out, against a real service on this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from cli_tools import Run
from safetensors.numpy import save_file

from xentcli.__main__ import program
from xentcli.errors import InputError
from xentcli.storage import remote_outputs
from xentcli.storage.open import open_input

SERVER = Path(__file__).with_name("s3_server.py")
PLACE = "s3://bucket/run"
PART_BYTES = 5 * 2**20  # the least that S3 takes


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a file system of a service, which has a bucket."""
    with subprocess.Popen(
        [sys.executable, SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:
        assert server.stdout is not None
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{int(server.stdout.readline())}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
            monkeypatch.setenv(name, "us-east-1")
        files = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)
        files.clear_instance_cache()  # another test may have had another service
        files.mkdir("bucket")
        yield files
        files.clear_instance_cache()
        assert server.stdin is not None
        server.stdin.close()


def test_objects(s3: Any, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One test, since it takes a second to start the service."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for i in (2, 10):
        np.save(f"logits-{i}.npy", random.normal(scale=0.1, size=(50 * i, 30)).astype(np.float32))
        np.save(f"labels-{i}.npy", random.integers(0, 30, 50 * i))
    np.save("head.npy", random.normal(size=(30, 30)).astype(np.float32))
    np.save("large.npy", random.normal(size=(1500, 1000)).astype(np.float32))
    Path("lm").mkdir()
    tensors = {"lm_head.weight": np.load("head.npy"), "lm_head.bias": np.ones(30, np.float32)}
    save_file(tensors, "lm/model.safetensors")
    Path("lm/config.json").write_text('{"model_type": "cohere", "logit_scale": 0.5}')
    s3.put(".", f"{PLACE}/", recursive=True)
    same_results(run)
    same_bytes(s3, run, monkeypatch)
    nothing_is_left(s3)
    what_changes(s3)
    no_secret_is_said(run)


def same_results(run: Run) -> None:
    names = ["logits-*.npy", "labels-*.npy"]
    first = ["logits-2.npy", "labels-2.npy"]
    for files, *options in (
        (names, "--reduction", "none", "--rows", "3:120", "--lm-head", f"{PLACE}/lm"),
        (first, "--lm-head", f"{PLACE}/lm/model.safetensors:lm_head.weight"),
    ):
        got = run("loss", *(f"{PLACE}/{name}" for name in files), *options)
        want = run("loss", *files, *(option.removeprefix(f"{PLACE}/") for option in options))
        assert (got.code, got.stdout) == (0, want.stdout), (options, got.err)
    for i, rows in enumerate(("0:99", "99:")):
        places = [f"{PLACE}/{name}" for name in names]
        outcome = run("loss", *places, "--rows", rows, "--state", f"s3://bucket/state/{i}.json")
        assert (outcome.code, outcome.err) == (0, "")
    assert run("merge", "s3://bucket/state/?.json").stdout == run("loss", *names).stdout
    nothing = run("merge", "s3://bucket/state/*.csv")
    assert nothing.err == "error: s3://bucket/state/*.csv: no file matches this pattern\n"


def same_bytes(s3: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_outputs, "_UPLOADED_BYTES", PART_BYTES)
    assert run("softmax", "large.npy", "-o", "p.npy").code == 0
    assert run("softmax", f"{PLACE}/large.npy", "-o", "s3://bucket/p.npy") == (0, b"", b"")
    assert s3.cat("bucket/p.npy") == Path("p.npy").read_bytes()
    Path("each").mkdir()
    for place, there in ((".", "each"), (PLACE, "s3://bucket/each")):  # by two threads
        got = run("softmax", f"{place}/logits-*.npy", "-o", f"{there}/{{stem}}.npy", "--jobs", "2")
        assert (got.code, got.err) == (0, ""), there
    for path in Path("each").iterdir():
        assert s3.cat(f"bucket/{path}") == path.read_bytes(), path
    refused = run("softmax", f"{PLACE}/large.npy", "-o", "s3://bucket/p.npy")
    assert (refused.code, "it exists already" in refused.err) == (1, True)


def nothing_is_left(s3: Any) -> None:
    """Press Ctrl-C in the middle of an upload."""
    np.save("many.npy", np.zeros(100_000, np.int64))
    command = ["one-hot", "many.npy", "--num-classes", "350", "-o", "s3://bucket/many.npy"]
    for _ in range(9):  # until one is not done before it is told
        forked, code = fork(command), None
        while code is None and not s3.list_multipart_uploads("bucket"):
            time.sleep(0.05)
            code = ended(forked)
        if code is None:
            os.kill(forked, signal.SIGINT)
            code = ended(forked, os.WEXITED)
        if not s3.exists("bucket/many.npy"):
            break
        assert s3.info("bucket/many.npy")["size"] == 128 + 100_000 * 350  # or all of it
        s3.rm("bucket/many.npy")
    else:
        pytest.fail("each was done before it was told")
    assert code == 130
    assert s3.list_multipart_uploads("bucket") == []


def fork(arguments: list[str]) -> int:
    """Run the command in a fork, which has imported what speaks to S3, and return its number."""
    number = os.fork()
    if number == 0:
        sys.argv = ["xent", *arguments]
        try:
            program()
        finally:  # it has not ended by itself
            os._exit(99)
    return number


def ended(number: int, options: int = os.WEXITED | os.WNOHANG) -> int | None:
    """Return with which code a fork has ended, or None if it goes on."""
    found = os.waitid(os.P_PID, number, options)
    return None if found is None else found.si_status


def what_changes(s3: Any) -> None:
    data = open_input("s3://bucket/p.npy")
    data.check_unchanged()
    s3.pipe("bucket/p.npy", bytes(data.size or 0))
    for use in (lambda: data.read_at(10**6, memoryview(bytearray(9))), data.check_unchanged):
        with pytest.raises(InputError, match=r"^s3://bucket/p\.npy: the file changed while it"):
            use()
    s3.touch("bucket/empty")
    empty = open_input("s3://bucket/empty")
    empty.check_unchanged()
    assert (empty.size, empty.read(9)) == (0, b"")


def no_secret_is_said(run: Run) -> None:
    for url in ("s3://nothing/a.npy", "s3://nothing/*.npy"):
        assert "no such bucket" in run("info", url).err, url
    for url in ("s3://KEY:WORD@nothing/a.npy?versionId=s1gned", "s3://nothing/a?key=s1gned"):
        for outcome in (run("info", url), run("softmax", "large.npy", "-o", url, "--to", "npy")):
            assert (outcome.code, len(outcome.err.splitlines())) == (1, 1)
            assert not any(word in outcome.err for word in ("KEY", "WORD", "s1gned"))
