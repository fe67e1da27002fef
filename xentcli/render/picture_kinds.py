"""The kinds of pictures of each kind of results: options name them without what draws them."""

from typing import Literal

PictureKind = Literal["reliability", "confusion", "losses"]
PairPictureKind = Literal["changes", "losses", "reliability", "predictions"]
TemperaturePictureKind = Literal["reliability", "curve", "tested"]
