"""Pictures taken apart: their texts, and the points of what is drawn."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
SIDE, LEFT, TOP = 326.0, 58.0, 48.0  # of the square of a reliability diagram, in points
INK, MUTED, RIGHT, WRONG = "#1b1f24", "#57606a", "#2f6fbf", "#c4501b"


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


def reach_in_axes(root: ET.Element) -> list[Any]:
    """Return the lowest and the largest coordinates of what is filled on each axes.

    They are shares of the sides of the axes, counted from their upper left corner.
    """
    sides = {
        each.get("id"): [float(each[0].get(name, "")) for name in ("x", "y", "width", "height")]
        for each in root.iter(f"{SVG}clipPath")
    }
    found: dict[str, list[Any]] = {}
    for path in root.iter(f"{SVG}path"):
        clip = path.get("clip-path", "")
        if clip and re.search(f"fill: ({MUTED}|{RIGHT}|{WRONG})", path.get("style", "")):
            left, top, width, height = sides[clip.removeprefix("url(#").removesuffix(")")]
            numbers = re.findall(r"-?\d+\.?\d*", path.get("d", ""))
            points = np.array(numbers, np.float64).reshape(-1, 2)
            found.setdefault(clip, []).append((points - [left, top]) / [width, height])
    reached = map(np.concatenate, found.values())
    return [(points.min(axis=0), points.max(axis=0)) for points in reached]
