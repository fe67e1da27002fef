"""The colours of a page: whatever stands on them can be read."""

import re

import pytest
from page_reader import SVG
from report_tools import page_of


def colors_of(html: str) -> list[dict[str, str]]:
    """Return the page's colours by name: the light ones, and the dark ones."""
    blocks = re.findall(r":root {(.*?)}", html, re.DOTALL)
    assert len(blocks) == 2
    light, dark = (dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", each)) for each in blocks)
    assert light.keys() == dark.keys()
    return [light, dark]


def luminance(color: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_in_pictures_can_be_read(scheme: int) -> None:
    """Also where it stands on the strongest colour of a matrix: 4.5 to 1, as WCAG has it."""
    hexes = colors_of(page_of("digits"))[scheme]
    rgb = {n: [int(c[i : i + 2], 16) / 255.0 for i in (1, 3, 5)] for n, c in hexes.items()}
    matrix = next(each for each in SVG.findall(page_of("digits")) if "each label" in each)
    opacities = re.findall(r"fill: var\(--(right|wrong)\); opacity: ([\d.]+)", matrix)
    assert len(opacities) == 20
    grounds = [rgb["paper"], rgb["soft"]]
    for name, opacity in opacities:
        share = float(opacity)
        blend = zip(rgb[name], rgb["paper"], strict=True)
        grounds.append([share * over + (1.0 - share) * under for over, under in blend])
    for i, ground in enumerate(grounds):
        for name in ("ink", "muted", "good", "bad") if i < 2 else ("ink",):
            both = sorted(luminance(each) + 0.05 for each in (rgb[name], ground))
            assert both[1] / both[0] > 4.5, (name, ground)
