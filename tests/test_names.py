"""One word for one thing: the names of classes, and those of modules within a layer."""

import ast
from collections import defaultdict

from sources import FILES, PACKAGE, tree_of


def test_a_name_of_a_class_stands_once() -> None:
    """Whether it is private, and whether an alias of types has it too, does not matter."""
    classes: dict[str, list[str]] = defaultdict(list)
    aliases: dict[str, list[str]] = defaultdict(list)
    for file in FILES:
        for node in tree_of(file).body:
            place = f"{file.relative_to(PACKAGE)}:{node.lineno}"
            if isinstance(node, ast.ClassDef):
                classes[node.name.lstrip("_")].append(place)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                aliases[node.targets[0].id.lstrip("_")].append(place)
    assert len(classes) > 300
    places = {name: found + aliases.get(name, []) for name, found in classes.items()}
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_layer_has_one_module_of_a_subject() -> None:
    """A module is named after its subject, of which each layer may have one.

    Folders of formats name what all of them have alike.
    """
    alike = {"__init__", "source", "writer", "columns", "contents", "library"}
    modules: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in FILES:
        place = file.relative_to(PACKAGE)
        if file.stem not in alike and place.parts[:2] != ("cli", "commands"):
            modules[place.parts[0], file.stem].append(str(place))
    assert len(modules) > 300
    assert {name: found for name, found in modules.items() if len(found) > 1} == {}
