"""What a state says of itself, where it cannot be written, and damaged ones."""

import hashlib
import json
import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run, refusal
from in_one_test import in_one_test
from merge_tools import write_state

from xentcli import __version__

pytestmark = pytest.mark.usefixtures("shards")


def test_a_state_says_its_version_and_what_it_is_of(run: Run, tmp_path: Path) -> None:
    write_state(run, "loss z-0.npy y-0.npy --rows 0:1", "a.json")
    found = json.loads((tmp_path / "a.json").read_bytes())
    assert found["xent_state"] == __version__
    assert found["command"] == "loss"
    assert found["models"][0]["setting"]["temperature"] == 1.0
    assert [each["name"] for each in found["files"]] == ["z-0.npy", "y-0.npy"]
    length = len(np.load(tmp_path / "z-0.npy"))
    rows = {"file": str(tmp_path / "z-0.npy"), "start": 0, "stop": 1, "length": length}
    rows |= {"name": "z-0.npy", "labels": str(tmp_path / "y-0.npy")}
    rows |= {"target": "", "target_of_labels": ""}  # they are no links
    rows |= {"models": [], "weights": "", "groups": "", "clusters": "", "digest": ""}
    assert found["rows"] == [rows]
    said = "a.json: the state of a run, and no array"
    assert refusal(run("loss", "a.json")).error.endswith(said)
    assert run("info", "a.json").err.count(said) == 1


@in_one_test
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--state -", "standard output is for numbers"),
        ("--state a.npy", "a state is JSON"),
        ("--state a.json -o a.json", "are one file"),
        ("--state a.json --reduction none", "--state keeps one number"),
        ("--state a.json --by axis0", "--by axis0 goes without --state"),
    ],
)
def test_what_a_state_cannot_be_is_said_before_the_work(run: Run, words: str, said: str) -> None:
    command = "eval" if "--by" in words else "loss"
    found = run(command, "z-0.npy", "y-0.npy", *words.split())
    assert (found.code, found.stdout) == (2, b"")
    assert said in found.err


def test_a_state_that_is_there_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("mine")
    found = run("loss", "z-0.npy", "y-0.npy", "--state", "a.json")
    assert (found.code, found.stdout) == (1, b"")
    assert (tmp_path / "a.json").read_text() == "mine"


def damaged(change: dict[str, Any]) -> bytes:
    """Return a state that somebody made, with the digest that goes with it."""
    plain = {key: value for key, value in change.items() if key != "sha256"}
    text = json.dumps(plain, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({**plain, "sha256": digest}).encode()


DEEP = b'{"xent_state":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def damaged_states(good: bytes) -> list[bytes]:
    """Return what a state may be damaged to, given one of a loss."""
    plain = json.loads(good)
    (states,), setting = plain["states"], plain["models"][0]["setting"]
    sums = states["loss"]

    def with_loss(**changes: Any) -> dict[str, Any]:
        return {**plain, "states": [{**states, "loss": {**sums, **changes}}]}

    return [
        b"",
        good[: len(good) // 2],
        good[:-3],
        b"[1, 2]",
        b"\x80\x05" + good,
        b'{"command": "loss", "loss": 1.5}',
        json.dumps(plain | {"num_classes": 4}).encode(),
        good.replace(b'"used":', b'"used":NaN,"used":'),
        good.replace(b'"command":"loss"', b'"command":"loss","command":"nll"'),
        DEEP,
        damaged(plain | {"xent_state": "0.0.1"}),
        damaged(plain | {"xent_state": {}}),
        damaged(plain | {"command": "../../etc"}),
        damaged(plain | {"command": "rm\x1b[2J"}),
        damaged(plain | {"rows": [[0, 1]]}),
        *(
            damaged(plain | {"rows": [plain["rows"][0] | ends]})
            for ends in ({"start": 1e300}, {"start": -1}, {"stop": 0}, {"length": 10**40})
        ),
        damaged(plain | {"more": 1}),
        damaged(plain | {"models": []}),
        damaged(plain | {"files": []}),
        damaged(plain | {"arrays": ["z"]}),
        damaged(plain | {"num_classes": 2**40}),
        damaged(plain | {"models": [plain["models"][0] | {"setting": setting | {"kind": "x"}}]}),
        damaged(plain | {"states": [{"loss": sums, "os": {}}]}),
        damaged(plain | {"states": []}),
        damaged(plain | {"states": [states, states]}),
        damaged(plain | {"states": [1]}),
        damaged({key: value for key, value in plain.items() if key != "states"}),
        damaged(with_loss(rows=-1, used=-1)),
        damaged(with_loss(rows=1, used=2)),
        damaged(with_loss(rows=1.5)),
        damaged(with_loss(rows=True)),
        damaged(with_loss(used="zz")),
        damaged(with_loss(loss=[1])),
        damaged(with_loss(loss={"units": "0x" + "f" * 1_000_000})),
        damaged(plain | {"states": [states | {"accuracy": {"hits": 7, "n": 3}}]}),
        damaged(plain | {"states": [states | {"accuracy": {"hits": 10**400, "n": 3}}]}),
    ]


def test_a_damaged_state_is_one_line(run: Run, tmp_path: Path) -> None:
    write_state(run, "loss z-0.npy y-0.npy", "good.json")
    good = (tmp_path / "good.json").read_bytes()
    cases = damaged_states(good)
    places = cycle([["bad.json"], ["bad.json", "good.json"], ["good.json", "bad.json"]])
    for content, names in zip(cases, places, strict=False):
        (tmp_path / "bad.json").write_bytes(content)
        line = refusal(run("merge", *names, "--state", "out.json")).error
        assert "bad.json" in line, content[:80]
        assert "\x1b" not in line
        assert len(line) < 300
        assert ("'os', which is no metric here" in line) == (b'"os"' in content)
    assert not (tmp_path / "out.json").exists()


def every_place(plain: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of everything in JSON, of lists that of the first thing."""
    keys = [*plain] if isinstance(plain, dict) else [0] if isinstance(plain, list) and plain else []
    for key in keys:
        yield (*place, key)
        yield from every_place(plain[key], (*place, key))


def test_no_damage_is_a_mistake(run: Run, tmp_path: Path) -> None:
    """Cut, changed and written anew, a state is read as one or is an error of one line."""
    lines = ("loss z-0.npy y-0.npy", "compare z-1.npy v-1.npy --labels y-1.npy --metric kl")
    chance = random.Random(5)  # noqa: S311
    for line in lines:
        write_state(run, line, "good.json", "--force")
        good = (tmp_path / "good.json").read_bytes()
        cuts = [good[:i] for i in range(0, len(good), len(good) // 8)]
        places = [*every_place(json.loads(good))]
        for place in chance.sample(places, 10):
            plain = json.loads(good)
            *outer, last = place
            within: Any = plain
            for key in outer:
                within = within[key]
            value: Any = chance.choice([None, -1, 2**70, 1e300, "x", [], {}, [[[]]], True, "0xff"])
            within[last] = value
            cuts.append(damaged(plain))
            del within[last]
            cuts.append(damaged(plain))
        for content in cuts:
            (tmp_path / "bad.json").write_bytes(content)
            found = run("merge", "bad.json")
            assert found.code == 0 or refusal(found), content
