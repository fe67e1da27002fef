"""Hidden states at the command line: losses of NumPy in float64, the same digits for any cut."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_tools import Run, refusal

import xentcli as xent

CLASSES, WIDTH, ROWS = 500, 32, 240
DRAWN = np.random.default_rng(8)
HEAD = (DRAWN.standard_normal((CLASSES, WIDTH)) * 0.5).astype(np.float32)
STATES = DRAWN.standard_normal((ROWS, WIDTH)).astype(np.float32)
LABELS = DRAWN.integers(0, CLASSES, ROWS)


def save_sequences() -> None:
    """Write the same states and labels as four sequences in one file."""
    np.savez("sequences.npz", hidden_states=STATES.reshape(4, 60, -1), labels=LABELS.reshape(4, 60))


def losses(states: Any = STATES, labels: Any = LABELS, head: Any = HEAD) -> Any:
    """Return the loss of each row in float64."""
    z = states.astype(np.float64) @ head.T.astype(np.float64)
    log_sums = np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1)) + z.max(axis=1)
    return log_sums - z[np.arange(len(z)), labels]


@pytest.fixture(name="folder")
def folder_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.save("head.npy", HEAD)
    np.save("states.npy", STATES)
    np.save("labels.npy", LABELS)
    np.savez("both.npz", hidden_states=STATES, input_ids=LABELS)
    return tmp_path


@pytest.mark.usefixtures("folder")
class TestFiles:
    """A head, states and labels in one folder."""

    def test_losses(self, run: Run) -> None:
        asked = ("--lm-head", "head.npy", "--reduction", "none", "--to", "csv")
        got = [float(each) for each in run("loss", "states.npy", "labels.npy", *asked).out.split()]
        assert np.abs(np.array(got) - losses()).max() < 2e-6

    def test_the_same_digits_however_they_are_cut(self, run: Run) -> None:
        save_sequences()
        for i, (start, stop) in enumerate([(0, 1), (1, 100), (100, 240)]):
            np.save(f"states{i}.npy", STATES[start:stop])
            np.save(f"labels{i}.npy", LABELS[start:stop])
        head = ("--lm-head", "head.npy", "--quiet")
        whole = run("loss", "states.npy", "labels.npy", *head).out
        assert abs(float(whole) - losses().mean()) < 1e-6
        for jobs in "12":
            more = (*head, "--jobs", jobs)
            shards = ("states?.npy", "--labels", "labels?.npy")
            assert run("loss", *shards, *more).out == whole
            assert run("loss", "sequences.npz", *more).out == whole
            assert run("eval", "sequences.npz", *more, "--metric", "loss").out == whole

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

    def test_classes_are_those_of_the_head_where_sequences_are_as_long(self, run: Run) -> None:
        """Other logits of (N, T, C) with T = C have their classes along axis 1, as in PyTorch."""
        states, head, labels = STATES[:12].reshape(3, 4, -1), HEAD[:4], LABELS[:12] % 4
        for name, each in (("s", states), ("w", head), ("y", labels.reshape(3, 4))):
            np.save(f"{name}.npy", each)
        np.save("z.npy", states @ head.T)
        expected = losses(STATES[:12], labels, head).mean()
        got = run("loss", "s.npy", "y.npy", "--lm-head", "w.npy")
        assert abs(float(got.out) - expected) < 1e-6
        assert "axis 1 holds" not in got.err
        for models in (("s.npy", "z.npy"), ("z.npy", "s.npy")):
            heads = [("--lm-head", "none" if model == "z.npy" else "w.npy") for model in models]
            more = ("--labels", "y.npy", *heads[0], *heads[1], "--json")
            measures = run("compare", *models, *more).json["metrics"]
            for name in ("loss_base", "loss_new"):
                assert abs(measures[name]["value"] - expected) < 1e-6, models

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

    def test_a_pipe(self, run: Run, folder: Path) -> None:
        content = (folder / "states.npy").read_bytes()
        got = run("loss", "-", "labels.npy", "--lm-head", "head.npy", "-q", stdin=content)
        assert got.out == run("loss", "states.npy", "labels.npy", "--lm-head", "head.npy").out

    def test_probabilities(self, run: Run) -> None:
        save_sequences()
        run("softmax", "sequences.npz", "--lm-head", "head.npy", "-o", "probs.npy")
        z = STATES.astype(np.float64) @ HEAD.T.astype(np.float64)
        exps = np.exp(z - z.max(axis=1, keepdims=True))
        wanted = (exps / exps.sum(axis=1, keepdims=True)).reshape(4, 60, -1)
        assert np.abs(np.load("probs.npy") - wanted).max() < 1e-6

    def test_two_heads_are_two_models(self, run: Run) -> None:
        np.save("other.npy", HEAD + np.float32(0.1) * np.roll(HEAD, 1))
        heads = ("--lm-head", "head.npy", "--lm-head", "other.npy")
        got = run("compare", "states.npy", "states.npy", "--labels", "labels.npy", *heads, "--json")
        found = got.json["metrics"]["loss_difference"]["value"]
        other = losses(head=np.load("other.npy")).mean()
        assert abs(found - (other - losses().mean())) < 1e-6

    def test_hidden_states_beside_logits(self, run: Run) -> None:
        np.save("logits.npy", STATES @ HEAD.T)
        np.savez("logits.npz", logits=STATES @ HEAD.T, labels=LABELS)
        normalized = STATES @ HEAD.T - np.log(np.exp(STATES @ HEAD.T).sum(axis=1, keepdims=True))
        np.save("log_probs.npy", normalized)
        one, none = ("--lm-head", "head.npy"), ("--lm-head", "none")
        said = ("--input", "log-probs", "--input", "logits")
        for models in (
            ("logits.npy", "states.npy", "--labels", "labels.npy", *one),
            ("both.npz", "logits.npy", *one, *none, "--label-key", "input_ids"),
            ("logits.npz", "both.npz", *one),
            ("log_probs.npy", "states.npy", "--labels", "labels.npy", *said, *one),
        ):
            got = run(
                "compare",
                *models,
                "--metric",
                "loss_new",
                "--metric",
                "kl_max",
                "--json",
                "--jobs",
                "1",
            )
            found = got.json["metrics"]
            assert abs(found["loss_new"]["value"] - losses().mean()) < 1e-6, models
            assert abs(found["kl_max"]["value"]) < 1e-5, models
        got = run("compare", "log_probs.npy", "states.npy", *said, *one, *one)
        assert "model 1 is log-probabilities: it takes 'none'" in got.err

    def test_every_command_that_reads_logits(self, run: Run) -> None:
        """What is said of hidden states is what is said of their logits."""
        rows, labels = STATES[:12].reshape(2, 6, -1), LABELS[:12].reshape(2, 6)
        np.save("states.npy", rows)
        logits = xent.load("states.npy", lm_head="head.npy")
        labels[:, ::2] = logits.argmax(axis=-1)[:, ::2]
        np.save("labels.npy", labels)
        states = run("loss", "states.npy", "labels.npy", "--lm-head", "head.npy").out
        commands = (
            ("calibrate", "labels.npy", "--folds", "0", "--cluster", "axis0"),
            ("eval", "labels.npy", "--cluster", "axis0", "--metric", "loss"),
            ("explain", "labels.npy", "--rows", "3"),
            ("log-softmax",),
            ("loss", "labels.npy", "--state", "state.json", "--force"),
        )
        more = ("--quiet", "--jobs", "1")
        found = [
            run(name, "states.npy", *rest, "--lm-head", "head.npy", *more).out
            for name, *rest in commands
        ]
        assert run("merge", "state.json").out == states
        np.save("states.npy", logits)
        for (name, *rest), got in zip(commands, found, strict=True):
            assert got == run(name, "states.npy", *rest, *more).out, name

    def test_info_multiplies_nothing(self, run: Run) -> None:
        got = run("info", "states.npy", "--lm-head", "head.npy", "--json")
        assert got.json["files"][0]["shape"] == [ROWS, WIDTH]
        assert f"logits of shape ({ROWS}, {CLASSES})" in got.err
        assert "of one core" in got.err
        assert got.json["files"][0]["fits"] == "xent loss states.npy LABELS --lm-head head.npy"

    def test_hidden_states_without_a_head_lead_to_one(self, run: Run) -> None:
        for found in run("info", "both.npz", "--json").json["files"]:
            assert found["fits"] == "xent loss both.npz --lm-head MODEL_DIR --shift 1"
            assert found["looks_like"] != "logits"
        for command in ("loss", "nll", "eval", "softmax"):
            got = run(command, "both.npz")
            assert (got.code, "xent loss FILE --lm-head MODEL_DIR" in got.err) == (1, True), command
        got = run("nll", "both.npz", "--lm-head", "head.npy")
        assert got.code == 2
        assert "xent loss" in got.err

    @pytest.mark.parametrize(
        ("options", "code", "message"),
        [
            (("--lm-head", "none"), 1, "none: cannot be read: no such file"),
            (("--lm-head", "labels.npy"), 1, "a head is a matrix"),
            (("--lm-head", "states.npy", "--lm-head", "head.npy"), 2, "--lm-head is given once"),
            (("--softcap", "3"), 2, "--softcap is for hidden states"),
            (("--lm-head", "head.npy", "--layer", "5"), 1, "are no hidden states"),
            (("--lm-head", "head.npy", "--logit-scale", "inf"), 2, "--logit-scale is a number"),
        ],
    )
    def test_one_line(self, run: Run, options: tuple[str, ...], code: int, message: str) -> None:
        got = run("loss", "states.npy", "labels.npy", *options)
        assert got.code == code
        assert got.err.startswith("error: ")
        assert message in got.err.splitlines()[0]

    def test_layers_that_are_not_named(self, run: Run) -> None:
        np.savez("layers.npz", hidden_states=np.stack([STATES * 2, STATES], 1), labels=LABELS)
        head = ("--lm-head", "head.npy")
        np.savez("layer.npz", hidden_states=STATES[:, None], labels=LABELS)
        for name, *more in (
            ["layers.npz"],
            ["layers.npz", "--shift", "1"],
            ["layer.npz", "--shift", "1"],
        ):
            got = run("loss", name, *head, *more)
            assert (got.code, "--layer -1 takes the last one" in got.err) == (1, True), (name, more)
        got = run("loss", "layers.npz", *head, "--layer", "-1")
        assert abs(float(got.out) - losses().mean()) < 1e-6

    def test_names_in_files_are_shown_and_nothing_more(self, run: Run, folder: Path) -> None:
        shards = {"lm_head.weight": "\x1b[31m.safetensors"}
        index = folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": shards}))
        got = run("loss", "states.npy", "labels.npy", "--lm-head", ".")
        assert got.code == 1
        assert "\x1b" not in got.err
