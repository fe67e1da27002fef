"""Runs of the command after one another, of which any may be killed, stopped or hindered."""

import errno
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from forks import CALLS, Ended, Fault, Forks
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

ROWS = 60
NAMES = ["out.csv", "out.npy", "out.csv.gz", "out.npy.zst"]
SIGNALS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGKILL": 137, "SIGPIPE": 0}
SOFTMAX = ["softmax", "z.npy", "--jobs", "1"]


def save_logits(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    np.save(path, rng.normal(size=(ROWS, 7)).astype(np.float32))


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


class Runs(RuleBasedStateMachine):
    """Runs of all kinds after one another; whatever happens, the output is all of one run's."""

    forks: Forks

    @initialize(name=st.sampled_from(NAMES))
    def begin(self, name: str) -> None:
        self.folder = TemporaryDirectory()
        self.work = Path(self.folder.name)
        self.name = name
        self.killed = 0
        self.old: bytes | None = None
        self.seed = 0
        self.change_the_input(0)

    @rule(seed=st.integers(0, 3))
    def change_the_input(self, seed: int) -> None:
        save_logits(self.work / "z.npy", seed)
        assert self.forks.run([*SOFTMAX, "-o", f"want-{self.name}", "--force"], folder=self.work)[
            :2
        ] == (0, "")
        self.new = (self.work / f"want-{self.name}").read_bytes()

    def run(self, fault: Fault | None, *, force: bool, limit: int | None = None) -> Ended:
        arguments = [*SOFTMAX, "-o", self.name, *(["--force"] if force else [])]
        ended = self.forks.run(arguments, fault, folder=self.work, limit=limit)
        now = content(self.work / self.name)
        if not force and self.old is not None:
            assert ended.code == 1
            assert "it exists already" in ended.error
            assert now == self.old
        elif ended.code == 0:
            assert now == self.new
        else:
            assert now in (self.old, self.new)
        self.old = now
        return ended

    @rule(force=st.booleans())
    def run_without_trouble(self, force: bool) -> None:
        refused = not force and self.old is not None
        assert self.run(None, force=force).code == refused

    @rule(
        force=st.booleans(),
        call=st.sampled_from(CALLS),
        n=st.integers(1, 4),
        what=st.sampled_from([*SIGNALS, f"{errno.ENOSPC}", f"{errno.EIO}"]),
    )
    def run_with_trouble(self, force: bool, call: str, n: int, what: str) -> None:
        ended = self.run(Fault(call, n, what), force=force)
        self.killed += ended.code == 128 + signal.SIGKILL

    @rule(force=st.booleans(), share=st.floats(0, 1))
    def run_on_a_full_disk(self, force: bool, share: float) -> None:
        limit = int(share * (len(self.new) - 1))
        assert self.run(None, force=force, limit=limit).code == 1

    @rule()
    def remove_the_output(self) -> None:
        (self.work / self.name).unlink(missing_ok=True)
        self.old = None

    @invariant()
    def only_the_killed_leave_something(self) -> None:
        if hasattr(self, "work"):
            assert len(left_over(self.work)) <= self.killed

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()
