"""Hidden states at the command line: losses of NumPy in float64, the same digits for any cut."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run
from hidden_files import (
    CLASSES,
    HEAD,
    LABELS,
    ROWS,
    STATES,
    WIDTH,
    losses,
    save_sequences,
)

import xentcli as xent


@pytest.mark.usefixtures("hidden_folder")
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

    def test_a_pipe(self, run: Run, hidden_folder: Path) -> None:
        content = (hidden_folder / "states.npy").read_bytes()
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

    def test_names_in_files_are_shown_and_nothing_more(self, run: Run, hidden_folder: Path) -> None:
        shards = {"lm_head.weight": "\x1b[31m.safetensors"}
        index = hidden_folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": shards}))
        got = run("loss", "states.npy", "labels.npy", "--lm-head", ".")
        assert got.code == 1
        assert "\x1b" not in got.err
