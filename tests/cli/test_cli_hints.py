"""Every hint, followed as far as it leads: to the right number, or to words; to no other number."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from cli_tools import Outcome, Run
from hints import arrays, columns, labels, shapes, texts, typed, values
from hints.elsewhere import ELSEWHERE
from hints.making import COMMON, Case, Content, Mended, npy
from hints.source import hints_in_source
from hints.ways import ways_of
from in_one_test import in_one_test

_MOST_HINTS = 3  # in a chain


def write(name: str, content: Content | None) -> None:
    path = Path(name)
    if content is None:
        path.unlink(missing_ok=True)
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


def followed(topic: ModuleType) -> Callable[..., None]:
    """Return a test of the hints of a topic, followed: they give no wrong number."""

    @in_one_test
    @pytest.mark.parametrize("case", topic.CASES, ids=lambda case: f"{case.command}: {case.hint}")
    def test(run: Run, case: Case) -> None:
        files = case.files({**COMMON, **topic.FILES})
        for name, content in files.items():
            write(name, content.before if isinstance(content, Mended) else content)
        command = shlex.split(case.command)
        outcome = run(*command)
        assert outcome.code in (1, 2), outcome
        assert hint_of(outcome) == case.hint
        mended = {name: file for name, file in files.items() if isinstance(file, Mended)}
        for name, file in mended.items():
            write(name, file.after)
        ends = list(follow(run, case, command, case.hint, by_hand=bool(mended)))
        assert ("the number" in ends) == (case.right is not None), "\n".join(ends)

    return test


test_arrays = followed(arrays)
test_columns = followed(columns)
test_labels = followed(labels)
test_shapes = followed(shapes)
test_texts = followed(texts)
test_what_is_typed = followed(typed)
test_values = followed(values)


def follow(
    run: Run, case: Case, command: list[str], hint: str, *, by_hand: bool, followed: int = 1
) -> Iterator[str]:
    """Yield how each way of a hint ends, and check that it is no wrong number."""
    for text, way in ways_of(hint, command, case.fill):
        if way is None and not by_hand:
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
            right_one = np.allclose(found, np.ravel(right), 1e-6, 1e-12, equal_nan=True)
            assert right_one, (text, next_command, outcome)
            yield "the number"
        elif (again := hint_of(outcome)) and again != hint and followed < _MOST_HINTS:
            yield from follow(
                run, case, next_command, again, by_hand=by_hand, followed=followed + 1
            )
        else:
            yield f"{next_command}: {outcome.err}"


def test_no_hint_is_missing() -> None:
    """Whatever the source can say as a hint is provoked above, or needs what no test has here."""
    topics = (arrays, columns, labels, shapes, texts, typed, values)
    provoked = {case.hint for topic in topics for case in topic.CASES}
    patterns = hints_in_source()
    all_of_them = "\n".join([*provoked, *ELSEWHERE])  # of which each is a line
    missing = {
        where: pattern for pattern, where in patterns.items() if not re.search(pattern, all_of_them)
    }
    assert missing == {}
    whole = [re.compile(pattern) for pattern in patterns]
    unknown = [text for text in ELSEWHERE if not any(each.fullmatch(text) for each in whole)]
    assert unknown == []
