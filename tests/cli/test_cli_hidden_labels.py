"""Labels of hidden states: tokens one further on, each file a sequence, and masks."""

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, refusal
from hidden_files import LABELS, ROWS, STATES, losses


@pytest.mark.usefixtures("hidden_folder")
class TestLabels:
    """A head, states and labels in one folder."""

    def test_labels_are_tokens_one_further_on(self, run: Run) -> None:
        got = run("loss", "both.npz", "--lm-head", "head.npy", "--shift", "1")
        assert abs(float(got.out) - losses(STATES[:-1], LABELS[1:]).mean()) < 1e-6
        assert "labels are 'input_ids', by name" in got.err
        refused = refusal(run("loss", "both.npz", "--lm-head", "head.npy"), 2)
        assert refused.error.startswith("both.npz: no labels, and tokens ('input_ids')")
        assert refused.hint.startswith("--shift 1; ")
        alone = run("compare", "both.npz", "both.npz", "--lm-head", "head.npy", "--metric", "kl")
        assert (alone.code, "no labels, and tokens ('input_ids')" in alone.err) == (0, True)
        got = run("loss", "both.npz", "--lm-head", "head.npy", "--label-key", "input_ids")
        assert abs(float(got.out) - losses().mean()) < 1e-6

    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_each_file_of_tokens_is_a_sequence(self, run: Run, jobs: str) -> None:
        """The last state of a file predicts no token of the next one."""
        cuts = [(0, 5), (5, 100), (100, 101), (101, 240)]
        for i, (start, stop) in enumerate(cuts):
            np.savez(f"s{i}.npz", hidden_states=STATES[start:stop], input_ids=LABELS[start:stop])
        wanted = [losses(STATES[i : j - 1], LABELS[i + 1 : j]) for i, j in cuts if j - i > 1]
        more = ("--lm-head", "head.npy", "--shift", "1", "--jobs", jobs)
        got = run("loss", "s?.npz", *more, "--json")
        assert got.json["used"] == 240 - len(cuts)
        assert abs(got.json["loss"] - np.concatenate(wanted).mean()) < 1e-6
        none = "the shift leads from none of 4 files into the next: tokens that none predicts are "
        assert none in got.err

    @pytest.mark.parametrize("command", ["loss", "eval", "compare s{}.npz"])
    def test_states_of_sequences_are_merged(self, run: Run, command: str) -> None:
        """Those of single files and of parts of all have what one run over all files has."""
        for i, (start, stop) in enumerate([(0, 5), (5, 100), (100, 240)]):
            states, tokens = STATES[start:stop], LABELS[start:stop]
            np.savez(f"s{i}.npz", hidden_states=states, input_ids=tokens)
            np.savez(f"y{i}.npz", hidden_states=states, labels=tokens)
            np.save(f"by-{i}.npy", np.arange(start, stop) % 2)

        def write(file: str, state: str, *more: str) -> bytes:
            line = [*command.format(file[1]).split(), f"{file}.npz", "--lm-head", "head.npy"]
            assert run(*line, "--shift", "1", "--state", state, "--force", *more).code == 0
            return Path(state).read_bytes()

        def merge(*states: str) -> bytes:
            assert run("merge", *states, "--state", "sum.json", "--force").code == 0
            return Path("sum.json").read_bytes()

        whole = write("s?", "all.json")
        for i, rows in enumerate((":5", "5:50", "50:")):
            write(f"s{i}", f"{i}.json")
            write("s?", f"part-{i}.json", "--rows", rows)
        assert merge("2.json", "0.json", "1.json") == whole
        assert merge("part-1.json", "part-0.json", "part-2.json") == whole
        Path("two.json").write_bytes(merge("0.json", "1.json"))
        assert merge("2.json", "two.json") == whole

        grouped = command != "loss"
        told = "--shift 1 pairs the last rows of a file with the labels of the next"
        told = "groups (--by) of all files count the last rows of each" if grouped else told
        for i in range(2):
            more = ["--by", f"by-{i}.npy"] if grouped else []
            write(f"s{i}" if grouped else f"y{i}", f"{i}.json", *more)
        assert told in refusal(run("merge", "0.json", "1.json")).error

    def test_a_note_says_that_a_shift_leads_from_file_to_file(self, run: Run) -> None:
        """Of states whose labels are no tokens by their name it did not."""
        for i, (start, stop) in enumerate([(0, 5), (5, 240)]):
            np.savez(f"y{i}.npz", hidden_states=STATES[start:stop], labels=LABELS[start:stop])
        got = run("loss", "y?.npz", "--lm-head", "head.npy", "--shift", "1")
        assert abs(got.number - losses(STATES[:-1], LABELS[1:]).mean()) < 1e-6
        assert "the shift leads from each of 2 files into the next, as in one text" in got.err
        each = [{"hidden_states": STATES[None, :n], "labels": LABELS[None, :n]} for n in (5, 6)]
        Path("a.pkl").write_bytes(pickle.dumps(each, 4))
        refused = refusal(run("loss", "a.pkl", "--lm-head", "head.npy", "--shift", "1"))
        assert refused.hint.startswith("are these batches of several lengths? Then pad them")

    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_a_mask_leaves_labels_out(self, run: Run, jobs: str) -> None:
        mask = np.arange(ROWS) % 3 > 0
        np.savez("masked.npz", hidden_states=STATES, labels=LABELS, loss_mask=mask.astype(int))
        got = run("loss", "masked.npz", "--lm-head", "head.npy", "--jobs", jobs)
        assert abs(float(got.out) - losses()[mask].mean()) < 1e-6
        assert "'loss_mask' are ignored" in got.err
        assert "is not read" not in got.err
        some = mask & (LABELS[1] != LABELS)
        got = run("loss", "masked.npz", "--lm-head", "head.npy", "--ignore-index", str(LABELS[1]))
        assert abs(float(got.out) - losses()[some].mean()) < 1e-6
        got = run("explain", "masked.npz", "--lm-head", "head.npy", "--rows", "0:1")
        assert got.table[0]["label"] == ""  # the row is left out
        np.savez("masked.npz", hidden_states=STATES, labels=LABELS, loss_mask=mask[:5])
        got = run("loss", "masked.npz", "--lm-head", "head.npy")
        assert got.code == 1
        assert "the shape of the mask is (5,)" in got.err

    def test_a_mask_leaves_labels_out_in_every_format(self, run: Run) -> None:
        """In JSON, Parquet and compressed files, it was passed over without a word."""
        mask = np.arange(ROWS) % 3 > 0
        both: dict[str, Any] = {"hidden_states": STATES, "labels": LABELS}
        both["loss_mask"] = mask.astype(int)
        np.savez("masked.npz", allow_pickle=False, **both)
        Path("masked.npz.gz").write_bytes(gzip.compress(Path("masked.npz").read_bytes()))
        np.savez("floats.npz", allow_pickle=False, **both | {"labels": LABELS.astype(float)})
        table = pa.table({name: values.tolist() for name, values in both.items()})
        pq.write_table(table, "masked.parquet")
        Path("masked.json").write_text(json.dumps(table.to_pydict()))
        Path("masked.jsonl").write_text("\n".join(map(json.dumps, table.to_pylist())))
        columns = ("--key", "hidden_states", "--label-column", "labels")
        np.savetxt("y.csv", np.c_[LABELS, mask], "%d", ",", header="labels,loss_mask", comments="")
        got = run("loss", "states.npy", "y.csv", "--lm-head", "head.npy")
        assert abs(got.number - losses()[mask].mean()) < 1e-6
        for name, more in (
            *(
                (name, ())
                for name in ("masked.npz.gz", "floats.npz", "masked.json", "masked.jsonl")
            ),
            ("masked.parquet", columns),
        ):
            got = run("loss", name, "--lm-head", "head.npy", *more)
            assert abs(got.number - losses()[mask].mean()) < 1e-6, name
            got = run("loss", name, "--lm-head", "head.npy", "--shift", "1", *more)
            wanted = losses(STATES[:-1], LABELS[1:])[mask[1:]].mean()
            assert abs(got.number - wanted) < 1e-6, name
        np.savez("words.npz", allow_pickle=False, **both | {"labels": LABELS.astype(str)})
        assert (
            "labels are names" in refusal(run("loss", "words.npz", "--lm-head", "head.npy")).error
        )
        np.savez("halves.npz", allow_pickle=False, **both | {"labels": LABELS + mask / 2})
        told = refusal(run("loss", "halves.npz", "--lm-head", "head.npy")).error
        assert told == f"halves.npz:labels[1]: label {LABELS[1] + 0.5} is not a whole number"
