"""Who imports whom in the package's storage: nobody, directly or not, imports what imports it."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import xentcli.storage

FOLDER = Path(xentcli.storage.__file__).parent
PREFIX = "xentcli.storage."
Graph = dict[str, set[tuple[str, bool]]]


def imports_of(content: str) -> Iterator[tuple[str, bool]]:
    """Yield the modules of storage that a module imports, and whether a function does."""

    def visit(node: ast.AST, in_function: bool) -> Iterator[tuple[str, bool]]:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            module = name.removeprefix(PREFIX).split(".")[0]
            if name.startswith(PREFIX) and (FOLDER / f"{module}.py").exists():
                yield module, in_function
        inside = in_function or isinstance(node, ast.FunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    yield from visit(ast.parse(content), in_function=False)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return {path.stem: set(imports_of(path.read_text("utf-8"))) for path in FOLDER.glob("*.py")}


def test_there_is_no_cycle_not_even_inside_functions(graph: Graph) -> None:
    assert graph["open"] > {("inputs", False), ("remote_inputs", True)}
    TopologicalSorter({name: {m for m, _ in found} for name, found in graph.items()}).prepare()


def test_open_alone_chooses(graph: Graph) -> None:
    """So nobody else imports where a function runs, and nobody here imports what chooses."""
    late = {name for name, found in graph.items() for _, in_function in found if in_function}
    assert late == {"open"}
    assert not [name for name, found in graph.items() if "open" in {m for m, _ in found}]


def test_a_cycle_would_be_seen() -> None:
    found = {
        m for m, _ in imports_of("def f():\n    from xentcli.storage.open import open_input\n")
    }
    with pytest.raises(CycleError):
        TopologicalSorter({"inputs": found, "open": {"inputs"}}).prepare()
