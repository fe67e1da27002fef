"""Pictures that stand within a page: their colours are the page's, light and dark."""

import re
from xml.etree import ElementTree as ET

from xentcli.render.pictures.canvas import COLORS

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")
_FONT = re.compile(r"font-family:[^;]*;\s*")
_VARIABLES = {color: f"var(--{name})" for name, color in COLORS.items()}
_COLOR = re.compile("|".join(_VARIABLES))


def inline_svg(svg: bytes, name: str, description: str) -> str:
    """Return an SVG element without fonts and colours of its own.

    Parameters
    ----------
    svg : bytes
        A file that matplotlib has made.
    name : str
        The start of its references, which keeps several pictures in a page apart.
    description : str
        The text for readers who cannot see the picture.
    """
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _LINK)
    root = ET.fromstring(svg)  # noqa: S314 - made in this process
    for child in list(root):
        is_style = child.find(f"{{{_SVG}}}style") is not None
        if child.tag == f"{{{_SVG}}}metadata" or is_style:
            root.remove(child)
    used = {
        found
        for element in root.iter()
        for key, value in element.attrib.items()
        if key != "id"
        for found in _REFERENCE.findall(value)
    }
    for element in root.iter():
        _adapt(element, name, used)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("role", "img")
    root.set("aria-label", description)
    return ET.tostring(root, encoding="unicode")


def _adapt(element: ET.Element, name: str, used: set[str]) -> None:
    """Give an element the page's colours, and references of its own."""
    attributes = element.attrib
    if attributes.get("id") in used:
        attributes["id"] = f"{name}-{attributes['id']}"
    else:
        attributes.pop("id", None)
    if "style" in attributes:
        style = _FONT.sub("", attributes["style"])
        style = _COLOR.sub(lambda found: _VARIABLES[found[0]], style)
        attributes["style"] = _renamed(style, name)
    for key in ("clip-path", f"{{{_LINK}}}href"):
        if key in attributes:
            attributes[key] = _renamed(attributes[key], name)
    if "d" in attributes:
        attributes["d"] = " ".join(attributes["d"].split())
    if not (element.text or "").strip():
        element.text = None
    element.tail = None


def _renamed(value: str, name: str) -> str:
    return _REFERENCE.sub(lambda found: f"{name}-{found[0]}", value)
