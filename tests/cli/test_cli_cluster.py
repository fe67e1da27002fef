"""--scheduler: real schedulers and workers on loopback, some of which are killed or cut off."""

import json
import os
import re
import signal
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
import pytest
from cli_tools import Run
from cluster_tools import SECONDS, Client, Cluster, kill_a_worker, run_each, started, wait_until

import xentcli

DATA = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for i in range(5):
        np.save(tmp_path / f"z{i}.npy", rng.normal(scale=0.1, size=(40 + i, 7)))
        np.save(tmp_path / f"y{i}.npy", rng.integers(0, 7, 40 + i))
    np.savetxt(tmp_path / "z.csv", rng.normal(size=(50, 7)), delimiter=",")
    for i in range(35):  # so many that workers read the headers
        np.save(tmp_path / f"s{i}.npy", rng.normal(size=(2, 3)))
        np.save(tmp_path / f"t{i}.npy", rng.integers(0, 3, 2))
    for name, most in (("by", 3), ("of", 20)):
        np.save(tmp_path / f"{name}.npy", rng.integers(0, most, 210))  # of the rows of all z
    np.save(tmp_path / "hidden.npy", rng.normal(size=(44, 5)).astype(np.float32))
    np.save(tmp_path / "head.npy", rng.normal(size=(7, 5)).astype(np.float32))
    np.save(tmp_path / "s-odd.npy", np.zeros((2, 3), np.float32))
    log_probs = np.log(rng.dirichlet(np.ones(30), 15_000))
    listed = np.argsort(-log_probs)[:, :20]  # of two blocks
    np.save(tmp_path / "v.npy", np.take_along_axis(log_probs, listed, 1))
    np.save(tmp_path / "i.npy", listed)
    np.save(tmp_path / "l.npy", rng.integers(0, 30, 15_000))
    for name, path in OF_PARTS.items():
        (tmp_path / name).symlink_to(DATA / path)
    for name in ("here", "there", "killed"):
        (tmp_path / name).mkdir()
    return tmp_path


OF_PARTS = {
    "base.kld": "text_base.kld",
    "lists.npz": "top20.npz",  # compressed: its rows are sent
    "lists.jsonl": "topk_nemo.jsonl",
    "stream.jsonl": "answers/ollama_stream.jsonl",
}
PATIENCE = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
SAME = (
    ["loss", "z?.npy", "y*.npy"],
    ["eval", "z?.npy", "y*.npy", "--metric", "all"],
    ["compare", "z0.npy", "z0.npy", "--labels", "y0.npy"],
    ["eval", "z?.npy", "y*.npy", "--by", "by.npy", "--cluster", "of.npy", "--json"],
    ["calibrate", "z?.npy", "y*.npy"],
    ["softmax", "z.csv"],
    ["info", "z1.npy"],
    ["loss", "hidden.npy", "y4.npy", "--lm-head", "head.npy"],
    ["loss", "s[0-9]*.npy", "t*.npy"],
    ["nll", "base.kld"],
    ["compare", "base.kld", "base.kld", "--json"],
    ["eval", "--top-values", "v.npy", "--top-indices", "i.npy", "l.npy"],
    ["eval", "lists.npz"],
    ["compare", "lists.jsonl", "lists.jsonl"],
    ["nll", "stream.jsonl"],
    ["info", "stream.jsonl"],
    ["loss", "s*.npy", "t*.npy"],
)


def fails(address: str) -> dict[tuple[str, ...], str]:
    """Return commands, and what they say."""
    died = r"numbers\[{}\]: the workers that read it died, each time; the last one was tcp://"
    worker = r"worker tcp://[0-9.:]+: "
    return {
        ("squares", address, "30", "dies"): died.format(20),
        ("squares", address, "4", "hungry"): died.format(3),
        ("squares", address, "30", "everywhere"): r"numbers\[20\] is wrong\nhint: leave it out\n",
        ("changing", address, "z1.npy"): (
            worker + "z1.npy: the file changed while it was read\nhint: something still writes it"
        ),
        # A path that means something else to each process.
        ("info", "/proc/self/cwd/z1.npy", "--scheduler", address): (
            worker + r"/proc/self/cwd/z1\.npy: cannot be read: no such file or directory\n"
            "hint: workers open files themselves"
        ),
    }


@pytest.mark.long
def test_a_cluster_from_beginning_to_end(shards: Path, run: Run) -> None:
    (shards / "cluster").mkdir()
    with started(shards / "cluster") as cluster:
        workers_of_another_version_are_refused(cluster, shards)
        nanny = cluster.add_workers(2, cluster.address)
        same_bits(cluster, shards, run)
        what_fails_is_one_line(cluster, shards)
        killed_workers_change_nothing(cluster, nanny)
        files_of_killed_workers_are_the_same(cluster, shards, nanny)
        an_interrupt_leaves_nothing(cluster)
        a_local_cluster_has_the_same_bits_and_leaves_nothing(cluster, run)
        what_is_lost_is_one_line(cluster)
        workers_without_memory_are_one_line(cluster)
        a_scheduler_that_dies_is_one_line(cluster)


def same_bits(cluster: Cluster, folder: Path, run: Run) -> None:
    commands = [[*command, "--scheduler", cluster.address] for command in SAME]
    output = ["softmax", "z?.npy", "-o", "there/{stem}.npy", "--scheduler", cluster.address]
    *outcomes, written = run_each([*commands, output], folder)
    here = [run(*command) for command in SAME]
    assert written == (0, "", "")
    for command, got, want in zip(commands, outcomes, here, strict=True):
        assert got == (want.code, want.out, want.err), command
    assert "s-odd.npy" in here[-1].err
    assert run("softmax", "z?.npy", "-o", "here/{stem}.npy").code == 0
    files = {path.name: path.read_bytes() for path in (folder / "here").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (folder / "there").iterdir()}
    assert len(files) == 5


def what_fails_is_one_line(cluster: Cluster, folder: Path) -> None:
    cases = fails(cluster.address)
    for (command, said), got in zip(
        cases.items(), run_each(list(map(list, cases)), folder), strict=True
    ):
        assert got.code == 1, (command, got)
        assert re.match(f"error: {said}", got.err), (command, got)
        assert got.err.count("\n") == 2, (command, got)


def killed_workers_change_nothing(cluster: Cluster, nanny: psutil.Process) -> None:
    """Kill workers at random moments, and cut one off the network for good."""
    rng = np.random.default_rng()
    cluster.add_a_worker(cluster.cuttable)
    client = cluster.squares(cluster.address, 150)
    for _ in range(2):
        time.sleep(rng.uniform(0.1, 0.4))
        kill_a_worker(nanny, rng)
        time.sleep(rng.uniform(0.1, 0.4))
        cluster.proxy.cut()
    assert client.ended() == (0, f"{sum(i * i for i in range(150))}\n", "")


def files_of_killed_workers_are_the_same(
    cluster: Cluster, folder: Path, nanny: psutil.Process
) -> None:
    """Kill a worker when the first files are written, before they get their names."""
    inputs = [f"s{i}.npy" for i in range(35)]
    arguments = ["softmax", "s[0-9]*.npy", "-o", "killed/{stem}.npy"]
    client = Client(*arguments, "--scheduler", cluster.address, folder=folder)
    wait_until(lambda: [*folder.glob("killed/.*/*")] or client.forked.poll() is not None)
    kill_a_worker(nanny, np.random.default_rng())
    assert client.ended() == (0, "", "")
    assert sorted(path.name for path in (folder / "killed").iterdir()) == sorted(inputs)
    for name in inputs:
        got = np.load(folder / "killed" / name)
        assert got.tobytes() == xentcli.softmax(np.load(folder / name)).tobytes(), name


def an_interrupt_leaves_nothing(cluster: Cluster) -> None:
    client = cluster.squares(cluster.address, 100_000)
    os.kill(client.forked.pid, signal.SIGINT)
    assert client.ended() == (130, "", "")


def a_local_cluster_has_the_same_bits_and_leaves_nothing(cluster: Cluster, run: Run) -> None:
    loss = ["loss", "z?.npy", "y*.npy"]
    there = json.dumps([*loss[:1], *(f"../{name}" for name in loss[1:]), "--scheduler", "local:1"])
    with TemporaryDirectory() as temporary:
        client = cluster.squares("local:1", 100_000, TMPDIR=temporary, FIRST=there)
        first = json.loads((cluster.folder / f"first-{client.forked.pid}").read_text())
        assert first == [0, run(*loss).out, ""]
        process = psutil.Process(client.forked.pid)
        started_by_it = process.children(recursive=True)
        for each in [*started_by_it, process]:  # as a terminal does
            each.send_signal(signal.SIGINT)
        client.forked.wait()
        assert psutil.wait_procs(started_by_it, SECONDS)[1] == []
        assert client.ended() == (130, "", "")
        left = {path.name for path in Path(temporary).rglob("*")}
        assert left == {"dask-scratch-space", "global.lock", "purge.lock"}


def what_is_lost_is_one_line(cluster: Cluster) -> None:
    """Cut the network to the scheduler, and end all workers; nothing is said of goodbyes.

    The first to come finds nothing left of those who were interrupted before.
    """
    held = cluster.folder / "held"
    deaf = Client("deaf", cluster.address, folder=cluster.folder)
    cases = {
        cluster.cuttable: (cluster.proxy.cut, {"HELD": str(held)}, "was lost"),
        cluster.address: (cluster.end_workers, {"THEN": "1s"}, "has no workers any more"),
    }
    for address, (act, variables, said) in cases.items():
        client = cluster.squares(address, 100_000, **variables)
        assert held.read_text() == "0"
        act()
        assert client.ended() == (1, "", f"error: the cluster at {address} {said}\n")
    assert deaf.ended() == (0, "", "")


def workers_without_memory_are_one_line(cluster: Cluster) -> None:
    cluster.add_a_worker(cluster.address, memory=2**20)
    said = f"error: the workers of {cluster.address} do nothing: dask pauses "
    end = time.monotonic() + SECONDS
    while True:  # until the worker has begun, and dask has looked at its memory
        got = Client("squares", cluster.address, "3", folder=cluster.folder, **PATIENCE).ended()
        if got.err.startswith(said) or time.monotonic() > end:
            break
    assert got.err.startswith(said), got
    assert (got.code, got.err.count("\n")) == (1, 2)


def workers_of_another_version_are_refused(cluster: Cluster, folder: Path) -> None:
    cluster.add_a_worker(cluster.address, function="cluster_work:worker_of_another_version")
    got = Client("squares", cluster.address, "3", folder=folder).ended()
    assert re.fullmatch(
        rf"error: worker tcp://127.0.0.1:\d+: xent 0.0.1 is there, and xent "
        rf"{xentcli.__version__} here\nhint: workers open .*\n",
        got.err,
    )
    cluster.end_workers()


def a_scheduler_that_dies_is_one_line(cluster: Cluster) -> None:
    cluster.add_a_worker(cluster.address)
    client = cluster.squares(cluster.address, 100_000)
    cluster.kill_the_scheduler()
    assert client.ended() == (1, "", f"error: the cluster at {cluster.address} was lost\n")
