"""Who imports whom: the rules that keep the layers apart.

cli -> render, pipeline;  pipeline -> alignment, formats, execution, metrics;
alignment -> formats -> storage;  metrics -> core -> numpy
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sources import FILES, PACKAGE, tree_of

# What the modules of each layer may import of the package, besides their own layer.
COMMON = {"errors", "records", "results", "text"}
LAYERS = {
    "core": {"errors", "records"},
    "metrics": {"core"} | COMMON,
    "storage": COMMON,
    "execution": {*COMMON, "__init__"},
    "formats": {"storage"} | COMMON,
    "alignment": {"formats", "core", "storage"} | COMMON,
    "pipeline": {"alignment", "formats", "execution", "metrics", "core", "storage", "__init__"}
    | COMMON,
    "render": COMMON,
    "cli": {"pipeline", "render", "__init__"} | COMMON,
    "errors": set[str](),
    "records": set[str](),
    "results": {"records"},
    "text": set[str](),
    "__init__": {"core", "errors", "pipeline"},
    "__main__": {"cli"},
}
# Types alone, which cost nothing when the program runs: what a table is told about an array.
TYPES_ONLY = {("render", "formats")}
WHEN_CALLED = {("results", "render")}  # how a result shows itself

LIBRARIES = {
    "core": {"numpy"},
    "metrics": {"numpy"},
    "storage": set[str](),
    "execution": set[str](),
    "formats": {"numpy"},
    "alignment": {"numpy"},
    "pipeline": {"numpy"},
    "render": {"rich"},
    "cli": {"typer"},
    "errors": set[str](),
    "records": set[str](),
    "results": set[str](),
    "text": set[str](),
    "__init__": set[str](),
    "__main__": set[str](),
}
HEAVY_INSIDE_FUNCTIONS = {
    "formats/arrow/library.py": {"pyarrow"},
    "formats/csv/frame.py": {"pandas"},
    "formats/csv/plain_rows.py": {"simdjson"},
    "formats/hdf5/library.py": {"h5py"},
    "formats/json/values.py": {"simdjson"},
    "formats/logprobs/chats.py": {"msgspec"},
    "formats/logprobs/typed.py": {"msgspec"},
    "cli/parsing.py": {"numpy"},
    "storage/compression.py": {"backports", "compression"},
    "storage/http_ranges.py": {"aiohttp"},
    "storage/ranges.py": {"fsspec"},
    "storage/remote.py": {"aiohttp", "fsspec"},
}
# What is imported when somebody wants a picture, a page or a cluster, and not before.
LIBRARIES_OF_WHAT_IS_RARE = {
    "execution/dask.py": {"distributed"},
    "execution/dask_client.py": {"dask", "distributed"},
    "execution/dask_task.py": {"distributed"},
    "execution/dask_waiting.py": {"distributed"},
    "execution/machine.py": {"numpy"},
    "render/pictures": {"matplotlib"},
    "render/report": {"jinja2", "markupsafe"},
}


class Import(NamedTuple):
    """One import: who, what, and whether it stands in a function or is for types alone."""

    file: str
    module: str
    in_function: bool
    for_types: bool

    @property
    def importer(self) -> str:
        return Path(self.file).parts[0].removesuffix(".py")

    @property
    def library(self) -> str:
        return self.module.split(".")[0]

    @property
    def layer(self) -> str:
        """The layer of the package that is imported."""
        return [*self.module.split("."), "__init__"][1]


def imports_of(path: Path) -> Iterator[Import]:
    file = path.relative_to(PACKAGE).as_posix()

    def visit(node: ast.AST, in_function: bool, for_types: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(file, a.name, in_function, for_types) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            assert node.module
            yield from (
                Import(file, module, in_function, for_types)
                for module in names_from(node.module, [a.name for a in node.names])
            )
        test = node.test if isinstance(node, ast.If) else None
        is_check = isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            for child in getattr(node, name, ()):
                yield from visit(child, in_function or is_function, for_types or is_check)

    yield from visit(tree_of(path), in_function=False, for_types=False)


def names_from(module: str, names: list[str]) -> set[str]:
    """Return the modules that ``from module import names`` reads."""
    root = PACKAGE.parent.joinpath(*module.split("."))
    inner = {f"{module}.{n}" for n in names if root.is_dir() and is_module(root / n)}
    return inner if len(inner) == len(names) else inner | {module}


def is_module(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").is_file()


@cache
def imports() -> list[Import]:
    """Return all imports of the package."""
    return [found for path in FILES for found in imports_of(path)]


def named(found: Import) -> str:
    return f"{found.file} imports {found.module}"


def test_every_file_belongs_to_a_layer() -> None:
    layers = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert layers == LAYERS.keys() == LIBRARIES.keys()


def test_layers_import_only_what_is_below_them() -> None:
    inside = [found for found in imports() if found.library == "xentcli"]
    assert len(inside) > 50
    wrong = [
        named(found)
        for found in inside
        if found.layer not in LAYERS[found.importer] | {found.importer}
        and not (found.for_types and (found.importer, found.layer) in TYPES_ONLY)
        and not (found.in_function and (found.importer, found.layer) in WHEN_CALLED)
    ]
    assert wrong == []


def test_libraries_stay_where_they_belong() -> None:
    outside = [
        found for found in imports() if found.library not in sys.stdlib_module_names | {"xentcli"}
    ]
    wrong = []
    for found in outside:
        inside_function = HEAVY_INSIDE_FUNCTIONS.get(found.file, set()) if found.in_function else ()
        places = (found.file, Path(found.file).parent.as_posix())
        rare = {name for place in places for name in LIBRARIES_OF_WHAT_IS_RARE.get(place, ())}
        allowed = found.library in {*LIBRARIES[found.importer], *inside_function, *rare}
        if not (allowed or (found.for_types and found.library == "numpy")):
            wrong.append(named(found))
    assert wrong == []


def test_pandas_is_imported_where_it_is_used() -> None:
    found = [i for i in imports() if i.library == "pandas"]
    assert [i.file for i in found] == ["formats/csv/frame.py"]
    assert all(i.in_function for i in found)
