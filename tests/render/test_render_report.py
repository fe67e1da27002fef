"""The page: what it holds, in which order, and that it is nobody else's."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hostile_names import HOSTILE
from in_one_test import in_one_test
from page_reader import SVG, Page, read, words_of
from report_tools import (
    COMPARED,
    MEASURED,
    PROVENANCE,
    VERDICTS,
    digits,
    measured,
    page,
    page_of,
    page_of_models,
    page_of_temperature,
)

from xentcli.results.measures import Measures
from xentcli.results.provenance import FileFacts, Provenance
from xentcli.text import visible

HTML_TAGS = """html head meta link title style body header main section figure div table caption
    thead tbody tr th td dl dt dd h1 h2 p ul li code pre span data bdi i br
    strong time"""
SVG_TAGS = "svg g path defs use clippath rect pattern text"
ALL_HEADINGS = [
    "Verdict",
    "Numbers",
    "Reliability",
    "Confusion",
    "Distribution of the losses",
    "Classes",
    "Worst rows",
    "Groups",
    "Labels",
    "Labels that may be wrong",
    "Where this comes from",
]


PAGES: dict[str, Callable[[], str]] = {
    **{name: partial(page_of, name) for name in MEASURED},
    **{name: partial(page_of_models, name) for name in COMPARED},
    "temperature": page_of_temperature,
}


def check_what_is_referred_to(html: str, found: Page) -> None:
    """Everything is on the page itself, and all that is referred to is there."""
    links = found.values_of("href") + found.values_of("src") + found.values_of("xlink:href")
    assert all(link.startswith("#") for link in links if link != "data:,"), links
    styles = [*found.values_of("style"), *re.findall("<style>.*?</style>", html, re.DOTALL)]
    assert re.findall(r"url\((?!#)|@import", " ".join(styles)) == []
    ids = found.values_of("id")
    assert len(ids) == len(set(ids))
    assert set(found.values_of("aria-labelledby")) <= set(ids)
    assert {link[1:] for link in found.values_of("xlink:href")} <= set(ids)
    assert set(re.findall(r"url\(#([^)]*)\)", " ".join(SVG.findall(html)))) <= set(ids)


def check_picture(svg: str) -> None:
    """Its colours and fonts are the page's."""
    root = ET.fromstring(svg)  # noqa: S314 - the page is ours
    assert root.get("role") == "img"
    assert root.get("aria-label")
    styles = " ".join(each.get("style", "") for each in root.iter())
    assert "var(--" in styles
    assert re.findall("#[0-9a-f]{6}|font-family", styles) == []


def check_order(found: Page) -> None:
    assert found.headings[0] == ("h1", "xent eval: run/<i>&logits.npy")
    headings = [text for tag, text in found.headings if tag == "h2"]
    assert headings == [each for each in ALL_HEADINGS if each in headings]
    assert {"Verdict", "Numbers", "Where this comes from"} <= set(headings)


@in_one_test
@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone(name: str) -> None:
    html = PAGES[name]()
    found = read(html)
    assert html.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert len(html.encode()) < 1_000_000
    assert {tag for tag, _ in found.tags} <= {*HTML_TAGS.split(), *SVG_TAGS.split()}
    assert not any(name.startswith("on") for _, attrs in found.tags for name in attrs)
    check_what_is_referred_to(html, found)
    for picture in SVG.findall(html):
        check_picture(picture)
    if name in MEASURED:
        check_order(found)


def test_the_same_measures_make_the_same_page() -> None:
    again = page(MEASURED["soft labels"](), PROVENANCE, VERDICTS, ("a <b>warning</b>",))
    assert again == page_of("soft labels")


def numbers_of(measures: Measures) -> list[float]:
    found: list[Any] = []
    for each in measures.metrics.values():
        found += [each.value, each.standard_error, each.low, each.high]
    for bin_ in measures.bins:
        found += [bin_.confidence, bin_.accuracy, bin_.accuracy_low, bin_.accuracy_high]
    for row in measures.worst_rows:
        found += [row.loss, row.label_probability, row.confidence]
    for one in measures.classes:
        found += [one.precision, one.recall, one.f1]
    return [value for value in found if value is not None]


def test_every_number_stands_there_in_full() -> None:
    wanted = numbers_of(digits())
    assert len(wanted) > 100
    found = read(page_of("digits"))
    assert {repr(value) for value in wanted} <= set(found.values_of("value"))
    assert all(title in found.values_of("title") for title in map(repr, wanted))
    text = words_of(page_of("digits"))
    assert "loss 0.1565 ± 0.0181 0.1209 to 0.1922 450 mean cross entropy, in nats" in text
    assert "accuracy 0.9689 ± 0.0082 0.9485 to 0.9814 450" in text
    assert "mce 0.6788 1 largest gap" in text
    assert "38 4.2382 4 8 0.0144 0.7260" in text
    assert "8 1 3 0.0698" in text


def test_gates_and_their_verdict_come_first() -> None:
    text = words_of(page_of("digits"))
    assert text.index("1 of 2 gates failed.") < text.index("Numbers")
    assert "passed accuracy < 0.95 accuracy is 0.97, which is not below 0.95" in text
    assert "failed ece > <b>0.05 ece is 0.069, which is above <b>0.05" in text
    assert "a <b>warning</b>" in text
    passed = words_of(page(MEASURED["no rows"](), None, VERDICTS[:1]))
    assert "✓ The gate is passed." in passed
    assert "No gates were asked for" in words_of(page(MEASURED["no rows"]()))


def test_where_it_comes_from() -> None:
    text = words_of(page_of("digits"))
    assert "xent eval '<i>&logits.npy' - --report a.html" in text
    assert "logits run/<i>&logits.npy 450 × 10 float32 18.1 kB 2026-11-26 08:00:12 UTC" in text
    assert "labels - ? int64 – – ababababab" in text
    assert "Made by xent 9.8.7" in text


@in_one_test
@pytest.mark.parametrize("hostile", [name for name in HOSTILE if name])
def test_text_from_files_is_text(hostile: str) -> None:
    """What is too long to be shown stands where one points at it, as far as anybody reads."""
    found = read(page_of("hostile"))
    shown = visible(hostile)
    places = [found.text, *found.values_of("title")]
    assert any(shown[:200] in place for place in places)
    assert hostile.isprintable() or hostile not in page_of("hostile")


def test_many_classes_are_the_worst_ones() -> None:
    text = words_of(page_of("many classes"))
    measures = MEASURED["many classes"]()
    occur = len(measures.classes)
    assert f"The 20 classes with the lowest F1, of {occur} that occur" in text
    assert "The 50 with the largest losses of 1,000" in text
    pairs = measures.confusions
    assert pairs is not None
    assert f"The 10 most frequent of {pairs.confused_pairs} confused pairs" in text
    assert f"The 20 most frequent of {pairs.confused_pairs} confused pairs" in text
    lowest = min(measures.classes, key=lambda each: (each.f1, -each.support))
    assert measures.class_name(lowest.index)[:20] in text[text.index("The 20 classes") :]


def test_what_does_not_apply_is_left_out() -> None:
    def headings(name: str) -> list[str]:
        return [text for tag, text in read(page_of(name)).headings if tag == "h2"]

    assert headings("no rows") == ["Verdict", "Numbers", "Where this comes from"]
    assert "Confusion" not in headings("several labels")
    assert "Labels" in headings("several labels")
    assert "Groups" in headings("hostile")
    assert "Reliability" not in headings("soft labels")
    assert "Distribution of the losses" in headings("soft labels")
    assert "macro_f1" in words_of(page_of("digits"))
    assert "macro_f1" not in words_of(page_of("several labels"))
    assert "mrr" not in words_of(page_of("soft labels"))


def test_labels_and_groups_have_their_names() -> None:
    words = words_of(page_of("several labels"))
    places = [words.index(f"{name} 200 ") for name in ("<b>sea</b>", "0", "sun")]
    assert places == sorted(places)
    assert "(missing)" in words_of(page_of("hostile"))


def test_times_are_those_of_seconds_in_utc() -> None:
    for time, shown in (
        ("2026-11-29T06:29:18.905703+00:00", "2026-11-29 06:29:18 UTC"),
        ("yesterday <b>", "yesterday <b>"),
    ):
        files = (FileFacts("logits", "a.npy", (9, 2), "float32", 1, time),)
        html = page(MEASURED["no rows"](), Provenance("", "1", files))
        assert f" {shown} " in words_of(html)
        assert "<b>" not in html


def test_many_files_and_a_long_command_line_are_cut() -> None:
    files = tuple(FileFacts("logits", f"shard-{i}.npy", (9, 2), "float32", 1) for i in range(5000))
    command = "xent eval " + " ".join(each.name for each in files)
    html = page(MEASURED["no rows"](), Provenance(command, "1", files))
    text = words_of(html)
    assert "xent eval: shard-0.npy and 4,999 more" in text
    assert "The first 50 of 5,000 files" in text
    assert "shard-49.npy" in text
    assert len(html) < 60_000


def test_many_bins_are_neither_drawn_nor_listed() -> None:
    rows = [[0.0, i / 100.0] for i in range(1000)]
    found = measured(rows, [1] * 1000, bins=5000, metrics=("bins",))
    html = page(replace(found, losses=None))
    assert "5,000 bins are more than a picture shows (400)." in words_of(html)
    assert "of 5,000 bins hold rows" in words_of(html)
    assert len(html) < 60_000
