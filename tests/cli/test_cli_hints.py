"""Every hint, followed as far as it leads: to the right number, or to words; to no other number."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Outcome, Run
from hint_cases import CASES, COMMON, Case, Content, npy
from hint_tools import hints_in_source, ways_of

_MOST_HINTS = 3  # in a chain
ELSEWHERE = {  # what it takes to provoke it; none of these leads to another number
    "ask Triton for whole answers (/generate)": "a stream: test_cli_kept_answers.py",
    "it names the keys of tls:// under distributed.comm.tls: see xent help cluster": "a cluster",
    "xent loss FILE --lm-head MODEL_DIR": "hidden states",
    "name it: --head-bias FILE:KEY": "hidden states",
    "name the head: --lm-head FILE:KEY": "hidden states",
    "if it is tied all the same: --lm-head FILE:X": "hidden states",
    "the head of the model before it was quantised: --lm-head MODEL_DIR": "hidden states",
    "once for all of them, or once for each in their order: 'none' for logits": "hidden states",
    "of states behind its other layers: --lm-head FILE:KEY names the matrix": "hidden states",
    "a head is (classes, D); this one may be transposed": "hidden states",
    "--lm-head MODEL_DIR reads those of a model": "hidden states",
    "name the file, or one array of it: --lm-head FILE:KEY": "hidden states",
    "--lm-head MODEL_DIR reads a folder with its config.json": "hidden states",
    "is a shard of the model missing?": "hidden states",
    "is this the head of the same model?": "hidden states",
    "are these layers, (T, layers, D)? --layer -1 takes the last one": "hidden states",
    "it is damaged, or one number stands for many": "a row without bytes: test_pipeline_limits.py",
    "a state is what xent merge and other commands write: --state FILE.json": "test_cli_merge.py",
    "xent eval --metric NAME --state FILE.json keeps what the measure needs": "the same",
    "xent merge STATE...": "a state as data: test_cli_merge.py",
    "write it again: --state FILE.json": "a damaged state: test_cli_merge.py",
    "states are merged by the version that wrote them": "another version: test_cli_merge.py",
    "name all files in each run, and part them by --rows A:B": "states: test_cli_merge.py",
    "each row belongs to one state: leave one of them out": "states: test_cli_merge.py",
    "run again what was run with the other files": "states: test_cli_merge.py",
    "--state FILE.json": "test_cli_merge.py",
    "--reduction mean; the losses of rows are put together as their files are": "the same",
    "{stem} stands for the name of each input": "test_cli_each_file.py",
    "{stem} is a file's name without folders and extensions": "the same",
    "--output out/{stem}.npy writes a file for each input": "the same",
    "have they enough memory? Their logs say what ended them": "a cluster: test_cli_cluster.py",
    "dask worker --memory-limit SIZE gives more to each": "a cluster",
    "dask scheduler prints its address, which begins with tls:// if it encrypts": "a cluster",
    "dask scheduler starts one, and dask worker ADDRESS its workers": "a cluster",
    "they need xent 1.0.0 and the libraries that the files need": "a cluster",
    "workers open files themselves: by a path or a URL that they see too, with the same "
    "libraries and xent 1.0.0": "a cluster",
    "llama-perplexity was interrupted, or the copy was: make it again": "a base: test_kld.py",
    "something follows the last row: is it one file?": "a base: test_kld.py",
    "the file is damaged: make it again": "a base: test_kld.py",
    "both files must be made with the same text, tokenizer, -c and --chunks": "two bases",
    "values and classes are lists of the same lengths: (N, K) or (N, T, K)": "lists",
    "in a second file, or --label-key NAME of this one; tokens are labels with --shift 1": "lists",
    "logits go with the log-sum-exp over all classes of the same rows": "lists",
    "xent nll --probs FILE; of logits, save their log-sum-exp too": "lists",
    "save the classes as int32": "lists",
    "the rows of both files must be the same ones, in the same order": "lists",
    "once for all of them, or once for each in their order; 1 changes nothing": "temperatures",
    "once for each model, with 1 for this one": "temperatures",
    "name two of them, or --report FILE.html draws several": "a picture of three models",
    "name one of them, or compare them: xent compare BASE NEW": "test_cli_samples.py",
    "are these two runs in one file? One file a run": "samples",
    "the filters are 'none'": "samples",
    "name files of one kind: xent nll measures texts, xent eval measures choices": "samples",
    "are both files of the same task, of the same version of its data?": "samples",
    "the loss of a document: --reduction sum, or none": "samples without bytes",
    "a label for each token, in their order; null leaves one out": "test_cli_answer_lists.py",
    "take the file that the batch gives": "test_cli_dialects.py",
    "make a base of both models; or their losses: xent nll BASE, and xent loss LOGITS LABELS": (
        "test_cli_kld.py"
    ),
    "decompress_to_sparse of DistillKit, then save the values and their indices": "lists",
    "name the folder of one of them": "test_arrow_vectors.py",
    "was the dataset saved to the end?": "test_arrow_vectors.py",
    "xent nll FILE or xent eval FILE, which take what the lists say; of an array: --key NAME": (
        "lists: test_cli_top_lists.py"
    ),
    "--debug shows where": "a mistake in xent",
    "--debug shows where; what an addition must have: xent help design": "test_contributing.py",
    "is the file cut off? This format was added to xent; what it must have: xent help design": (
        "test_formats_promised.py"
    ),
    "compute() returns a Measure: xent help design": "test_metrics_from_outside.py",
    "a scheduler yields work(item) for each item, in their order: xent help design": (
        "test_execution_in_turn.py"
    ),
    "-o FILE, or | cat": "a terminal",
    "the extra 'arrow' brings it: pip install pyarrow": "a library that is not installed",
    "write it with numpy.savez_compressed": "a file that asks for gigabytes",
    "write the column as plain text or numbers": "categories of 64 MB",
    "write smaller ones: write_table(table, max_chunksize=65536)": "rows of 256 MB",
    "write it with smaller pages: data_page_size=2**20 is pyarrow's default": "a page of 128 MB",
    "is this one row? Rows of classes go in lines; NPY files have no limit": "a million columns",
    "is there a line end missing?": "a line of a million cells",
    "write one row a line, as JSON lines, or an NPY file": "a value of 256 MB",
    "write one answer a line, as JSON lines": "a line of 64 MB",
    "is this the file that was meant?": "sixteen million weights",
    "a file of --classes has the name of one class a line": "a million names",
    "ulimit -n shows how many may be": "no file that may be opened",
    "--jobs 1 takes the least; what memory depends on: xent help files": "too little memory",
    "is there enough memory for it? ulimit -v says what may be taken": "too little memory",
    "TMPDIR=FOLDER names another folder; ulimit -f shows how large a file may be": "a full disk",
    "is a quote never closed, or is this one row? Rows of classes go in lines": "a line of 64 MB",
    "something still writes it: run again when that is done": "a file that changes meanwhile",
    "something replaced it: run again when that is done": "a server",
    "--plot-kind reliability|confusion|losses": "a kind that the command line does not let through",
    "write it with larger row groups, or fewer columns: one of lists holds as many numbers": (
        "a quarter of a million columns"
    ),
    "xent eval --metric all shows them all": "a measure that is like none, and many numbers",
    "xent compare --metric all shows them all": "a measure that is like none, and many numbers",
    "without it, only what is needed is read": "a server",
    "h5repack writes them into one file": "a file whose numbers are in others",
    "h5repack -l writes smaller ones": "chunks of 256 MB",
    "zip -0 leaves them as they are": "a gigabyte of compressed numbers",
}


def write(files: Mapping[str, Content | None]) -> None:
    for name, content in files.items():
        path = Path(name)
        if content is None:
            path.unlink()
        elif isinstance(content, str):
            path.write_text(content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else npy(content))


def hint_of(outcome: Outcome) -> str | None:
    hints = [line for line in outcome.err.splitlines() if line.startswith("hint: ")]
    assert len(hints) <= 1
    return hints[0].removeprefix("hint: ") if hints else None


def written(command: list[str]) -> str:
    """Return what a command wrote to its output, as text."""
    path = Path(command[[*command].index("--output" if "--output" in command else "-o") + 1])
    if path.read_bytes().startswith(b"\x93NUMPY"):
        return "\n".join(map(str, np.load(path).ravel()))
    return path.read_text()


def numbers(text: str) -> list[float]:
    """Return every number of what was printed."""
    if text.startswith("{"):
        text = re.findall(r'"loss": ([^,]+),', text)[0]
    cells = [cell for line in text.splitlines() for cell in line.split(",")]
    return [float(cell) for cell in cells if re.fullmatch(r"[-+.\deE]+|nan|inf", cell)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.command}: {case.hint}")
def test_a_hint_followed_gives_no_wrong_number(run: Run, case: Case) -> None:
    write({**COMMON, **case.files})
    command = shlex.split(case.command)
    outcome = run(*command)
    assert outcome.code in (1, 2), outcome
    assert hint_of(outcome) == case.hint
    write(case.by_hand)
    ends = list(follow(run, case, command, case.hint, 1))
    assert ("the number" in ends) == (case.right is not None), "\n".join(ends)


def follow(run: Run, case: Case, command: list[str], hint: str, followed: int) -> Iterator[str]:
    """Yield how each way of a hint ends, and check that it is no wrong number."""
    for text, way in ways_of(hint, command, case.fill):
        if way is None and not case.by_hand:
            yield f"words: {text}"
            continue
        next_command = way or command
        outcome = run(*next_command)
        if outcome.code == 0:
            meant = [number for part, number in case.other.items() if part in text]
            right = meant[0] if meant else case.right
            if command[0] in ("info", "explain"):
                yield "words"
                continue
            assert right is not None, (text, next_command, outcome)
            found = numbers(outcome.out or written(next_command))
            assert np.allclose(found, np.ravel(right), 1e-6, 1e-12, equal_nan=True), (
                text,
                next_command,
                outcome,
            )
            yield "the number"
        elif (again := hint_of(outcome)) and again != hint and followed < _MOST_HINTS:
            yield from follow(run, case, next_command, again, followed + 1)
        else:
            yield f"{next_command}: {outcome.err}"


def test_no_hint_is_missing() -> None:
    """Whatever the source can say as a hint is provoked above, or needs what no test has here."""
    texts = [case.hint for case in CASES] + list(ELSEWHERE)
    missing = {
        where: pattern
        for pattern, where in hints_in_source().items()
        if not any(re.search(pattern, text) for text in texts)
    }
    assert missing == {}


def test_what_is_provoked_elsewhere_is_there() -> None:
    for text in ELSEWHERE:
        assert any(re.fullmatch(pattern, text) for pattern in hints_in_source()), text
