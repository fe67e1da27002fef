"""What is typed in place of files, text that spreadsheets write, archives, and files of others."""

import io
import pickle
import zipfile
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Run
from close_to import close_to

Z = np.array([[1.5, -0.25, 0.125], [0.5, 2.0, -1.0]])
LOSS = float(np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[[0, 1], [0, 1]]))
COMMAS = "1,5;-0,25;0,125\n0,5;2,0;-1,0\n"


def zipped(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") if name.startswith("_") else name, content)
    return file.getvalue()


def assert_loss(run: Run, *arguments: str, stdin: bytes = b"") -> None:
    outcome = run("loss", *arguments, stdin=stdin)
    assert outcome.code == 0, outcome.err
    assert float(outcome.out) == close_to(LOSS, rel=1e-14)


def test_data_that_are_typed(run: Run) -> None:
    assert_loss(run, str(Z.tolist()), "0,1")
    got = [float(line) for line in run("softmax", "-1,2").out.split()]
    np.testing.assert_allclose(got, np.exp([-1, 2]) / np.exp([-1, 2]).sum(), rtol=1e-15)
    assert run("one-hot", "0,2,1").out == "1,0,0\n0,0,1\n0,1,0\n"
    assert run("softmax", "-1,2", "--axis", "-1").code == 0
    assert run("softmax", "--axis", "-1", "-1,2").code == 0
    assert "No such option" in run("softmax", "-x").err
    assert "no such file" in run("softmax", "1,x").err
    assert run("softmax", "1,2", "3,4").code == 2
    Path("1,2").write_text("3,4\n5,7\n")
    assert len(run("softmax", "1,2").out.splitlines()) == 2


@pytest.mark.parametrize("text", [COMMAS, COMMAS.replace(";", "\t"), f"a;b;c\n{COMMAS}"])
def test_the_hint_at_decimal_commas_leads_to_the_number(run: Run, text: str) -> None:
    Path("z.csv").write_text(text)
    refused = run("loss", "z.csv", "0,1")
    assert refused.code == 1
    assert "hint: --decimal ," in refused.err
    assert_loss(run, "z.csv", "0,1", "--decimal", ",")


def test_decimal_commas_in_quotes_and_beside_names(run: Run) -> None:
    Path("z.csv").write_text('a,b,c\n"1,5","-0,25","0,125"\n"0,5","2,0","-1,0"\n')
    assert_loss(run, "z.csv", "0,1", "--decimal", ",")
    Path("z.csv").write_text("a;b;c;label\n1,5;-0,25;0,125;a\n0,5;2,0;-1,0;b\n")
    assert_loss(run, "z.csv", "--label-column", "label", "--decimal", ",")


def test_a_point_beside_decimal_commas_is_no_number(run: Run) -> None:
    for cell in ("1.234", "1.234,5"):
        Path("z.csv").write_text(f"a;b\n{cell};2\n")
        outcome = run("softmax", "z.csv", "--decimal", ",")
        assert (outcome.code, outcome.out) == (1, "")
        assert "has a point, and the decimal mark is a comma" in outcome.err


def test_the_line_by_which_excel_is_told(run: Run) -> None:
    Path("z.csv").write_bytes(b"sep=;\r\na;b;c\r\n1.5;-0.25;0.125\r\n0.5;2.0;-1.0\r\n")
    Path("y.csv").write_text("id,label\n7,a\n8,b\n")
    assert_loss(run, "z.csv", "y.csv", "--label-column", "label")
    assert_loss(run, "z.csv", "y.csv", "--label-column", "label", "--delimiter", ";")
    Path("z.csv").write_bytes(b"sep=;\r\n1.5;x;0.125\r\n")
    assert (
        "error: z.csv: column 2 may be no class: it holds text"
        in run("softmax", "z.csv", "--no-header").err
    )


def test_labels_have_a_header_of_their_own(run: Run) -> None:
    np.savetxt("z.csv", Z, delimiter=",")
    Path("y.csv").write_text("1\n0\n1\n")
    assert_loss(run, "z.csv", "y.csv", "--labels-header")
    assert run("loss", "z.csv", "y.csv", "--header").code == 1


def test_a_zip_around_one_file(run: Run) -> None:
    text = "\n".join(",".join(map(str, row)) for row in Z.tolist())
    content = zipped(**{"z.csv": text, "__MACOSX/._z.csv": "x", ".DS_Store": "x"})
    Path("z.csv.zip").write_bytes(content)
    assert_loss(run, "z.csv.zip", "0,1")
    assert_loss(run, "-", "0,1", stdin=content)
    Path("z.json.zip").write_bytes(zipped(**{"z.json": str(Z.tolist())}))
    assert_loss(run, "z.json.zip", "0,1")
    Path("two.zip").write_bytes(zipped(**{"a.csv": text, "b.csv": text}))
    assert "it holds 'a.csv', 'b.csv'" in run("softmax", "two.zip").err
    Path("cut.zip").write_bytes(content[:60])
    assert run("softmax", "cut.zip").err.startswith("error: cut.zip: a damaged zip archive")
    sheet = zipped(**{"[Content_Types].xml": "x", "xl/workbook.xml": "x"})
    Path("z.xlsx").write_bytes(sheet)
    assert "hint: save the sheet as CSV" in run("softmax", "z.xlsx").err


def test_a_pickle_is_read_or_called_one(run: Run) -> None:
    things = (Z, {"logits": Z}, [Z], Z.tolist())
    protocols, names = range(pickle.HIGHEST_PROTOCOL + 1), ("z.pkl", "z.npy", "z.csv")
    cases = [
        *((Z, each) for each in protocols),
        *product(things[1:], (0, 1, pickle.DEFAULT_PROTOCOL)),
    ]
    for (thing, protocol), name in zip(cases, cycle(names), strict=False):
        Path(name).write_bytes(pickle.dumps(thing, protocol))
        if protocol > 1:
            assert_loss(run, name, "0,1")
            continue
        outcome = run("softmax", name)
        assert outcome.code == 1
        assert outcome.err.startswith(f"error: {name}: a pickle"), (protocol, type(thing))


def test_the_hint_at_object_arrays_leads_to_the_number(run: Run) -> None:
    np.save("z.npy", Z.astype(object), allow_pickle=True)
    refused = run("loss", "z.npy", "0,1")
    assert "np.save(path, np.array(array.tolist()))" in refused.err
    np.save("z.npy", np.array(Z.astype(object).tolist()))
    assert_loss(run, "z.npy", "0,1")


@pytest.mark.parametrize("names", [("predictions", "label_ids"), ("logits", "targets")])
def test_arrays_are_found_by_name(run: Run, names: tuple[str, str]) -> None:
    arrays: dict[str, Any] = dict(zip(names, (Z, np.array([0, 1])), strict=True))
    np.savez("run.npz", **arrays)
    assert_loss(run, "run.npz")
    assert_loss(run, "-", stdin=Path("run.npz").read_bytes())
    assert run("loss", "run.npz").err.count("by name") == 2
    np.savez("run.npz", logits=Z, probs=Z, labels=np.array([0, 1]))
    assert run("loss", "run.npz").err.endswith("hint: --key NAME says which\n")
