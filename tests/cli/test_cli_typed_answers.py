"""Documents that are parsed by their types say what they say to Python's json."""

import copy
import json
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from answer_documents import CHAT, chunk, events, lines
from cli_tools import Run
from test_cli_answer_lists import LISTS
from test_cli_dialects import CASES, LAST
from test_cli_kept_answers import CASES as KEPT

from xentcli.formats.logprobs.answers import Refused
from xentcli.formats.logprobs.chats import take_chats
from xentcli.formats.logprobs.dialects import answer_of
from xentcli.formats.logprobs.gathered import Gathered
from xentcli.formats.logprobs.reader import answer_of_typed, payload_of
from xentcli.formats.logprobs.typed import typed_parser

ODD = (Refused, TypeError, AttributeError, LookupError, ValueError)
WHOLE_ONLY = ("start_indices", "NaN", "Infinity")
"""What is in documents that are not parsed by their types: flat lists, and what is no JSON."""
TYPED = (
    *("reasoning", "Together's prompt", "an error as vLLM writes it"),
    *("Azure's filter, and the usage of a stream", "a transcript"),
)
"""Which of the kept answers are parsed by their types."""
OTHERS: tuple[Any, ...] = (None, True, 7, -1.5, "x", [], {}, [None], [[-1.0, 7, "a"]])


def documents() -> Iterator[str]:
    """Yield the documents of the samples and of the dialects' tests."""
    folder = Path(__file__).parents[2] / "sample_data" / "answers"
    texts = [path.read_text("utf-8") for path in sorted(folder.glob("*.json*"))]
    texts += [case.content for name, case in CASES.items() if name != "over several lines"]
    texts += [case.content for name, case in KEPT.items() if name in TYPED]
    texts += [json.dumps(each) for each in LISTS.values()]
    for line in (payload_of(line.encode()) for text in texts for line in text.splitlines()):
        if line.startswith(b"{"):
            yield line.decode()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield places in a document, of lists the ends: what it is in, and its key or position."""
    if isinstance(value, dict | list):
        ends = range(0, len(value), max(len(value) - 1, 1))
        for key in [*value] if isinstance(value, dict) else ends:
            yield value, key
            yield from places(value[key])


def shape_of(value: Any) -> Any:
    """Return what is where in a document, of lists at the ends, without what it says."""
    if isinstance(value, dict):
        return tuple((key, shape_of(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return [shape_of(value[0]), shape_of(value[-1])] if value else []
    return type(value)


def changed(document: Any) -> Iterator[str]:
    """Yield a document with another value, or none, at each place in turn."""
    copied = copy.deepcopy(document)
    others = cycle(OTHERS)
    for inside, key in places(copied):
        value = inside[key]
        for other in islice(others, 5):  # of nine, so that each is at another place in turn
            inside[key] = other
            yield json.dumps(copied)
        inside[key] = value
        if isinstance(inside, dict):
            kept = {**inside}
            del inside[key]
            yield json.dumps(copied)
            inside.clear()
            inside.update(kept)


def told(answer: Any) -> Any:
    """Return what an answer says, without what makes its lists."""
    return answer and answer._replace(scored=[each._replace(lists=None) for each in answer.scored])


def test_each_dialect_is_parsed_by_its_types() -> None:
    """Whatever is changed in a document, what its types say is what all of it says."""
    parse = typed_parser()
    assert (parse is None) == (find_spec("msgspec") is None)
    if parse is None:
        return
    compared, shapes = 0, set()
    for text in documents():
        found = answer_of_typed(parse(text.encode()))
        assert found is not None or any(map(text.__contains__, WHOLE_ONLY)), text
        document = json.loads(text)
        known = repr(shape_of(document)) in shapes
        shapes.add(repr(shape_of(document)))
        for other in (text, *(() if known else changed(document))):
            if (found := answer_of_typed(parse(other.encode()))) is not None:
                assert told(found) == told(answer_of(json.loads(other))), other
                compared += 1
    assert compared > 1000


def test_chats_of_a_block_are_read_at_once(run: Run) -> None:
    """They say what they say line by line, as a block is read that has an empty refusal."""
    whole = [{**CHAT, "id": name} for name in ("a", "b", None)]
    silent = {**CHAT, "choices": [{"index": 0, "logprobs": None}]}
    mixed = [chunk((i % 2, "a", -float(i))) | {"id": f"s{i % 3}"} for i in range(1, 9)]
    bare = json.dumps(CHAT).replace("[97]", "null")
    for text in (
        lines(*whole, silent),
        f"{bare}\n{json.dumps(CHAT)}",
        "\n" + events(*whole),
        events(*mixed, LAST),
        events(*mixed) + "\n" + events(*mixed[:2], LAST),
        lines(*mixed),
        events(*mixed, chunk((0, "a", 1.0))),
    ):
        other = text.replace('"content": [', '"refusal": [], "content": [', 1)
        found, want = (run("nll", "-", "--json", stdin=one.encode()) for one in (text, other))
        assert found == want, text
        for content, taken in ((text, find_spec("msgspec") is not None), (other, False)):
            gathered = Gathered(keeps_lists=False, pieces={})
            assert take_chats(content.encode(), 1, "a", gathered) == taken, content
