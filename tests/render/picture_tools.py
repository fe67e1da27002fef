"""Pictures taken apart: their texts, and the points of what is drawn."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
SIDE, LEFT, TOP = 326.0, 58.0, 48.0  # of the square of a reliability diagram, in points
INK, RIGHT, WRONG = "#1b1f24", "#2f6fbf", "#c4501b"


def texts(root: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def paths(root: ET.Element, *styles: str) -> list[list[tuple[float, float]]]:
    """Return the points of each closed or open part of the paths with these styles."""
    found = []
    for path in root.iter(f"{SVG}path"):
        if all(style in path.get("style", "") for style in styles):
            for part in path.get("d", "").split("M")[1:]:
                numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", part)]
                found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def in_square(points: list[tuple[float, float]]) -> Any:
    """Return points of the drawing as numbers on the axes of a reliability diagram."""
    x, y = np.array(points).T
    return np.column_stack([(x - LEFT) / SIDE, (TOP + SIDE - y) / SIDE])
