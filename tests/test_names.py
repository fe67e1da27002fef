"""One word for one thing: a class's name stands once in the package."""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "xentcli"


def test_a_name_of_a_class_stands_once() -> None:
    """Whether it is private, and whether an alias of types has it too, does not matter."""
    classes: dict[str, list[str]] = defaultdict(list)
    aliases: dict[str, list[str]] = defaultdict(list)
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(file.read_text()).body:
            place = f"{file.relative_to(PACKAGE)}:{node.lineno}"
            if isinstance(node, ast.ClassDef):
                classes[node.name.lstrip("_")].append(place)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                aliases[node.targets[0].id.lstrip("_")].append(place)
    assert len(classes) > 300
    places = {name: found + aliases.get(name, []) for name, found in classes.items()}
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
