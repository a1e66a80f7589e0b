"""Picture files: single pictures, pages and animations, without any metadata."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil

from deepcam.errors import DeepcamError
from deepcam.frames import Image, Mask
from deepcam.sinks.place import write_whole
from deepcam.sources.pictures import ANIMATED, KINDS, PAGED, on_white, register_heif

WITH_ALPHA = frozenset({"PNG", "WEBP", "GIF", "TIFF", "TGA", "AVIF", "HEIF"})
QUALITY = 95
"""Of the formats that lose something."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One picture to be written."""

    image: Image
    """BGR."""
    alpha: NDArray[np.uint8] | None = None
    """(h, w); a format that has none gets the picture as it looks on white."""
    grey: bool = False
    """Write one channel."""
    duration: float = 0.0
    """Seconds, of an animation's frame."""
    mask: Mask | None = None
    """Where the picture is new; GIF keeps the other pixels' colours exactly."""


def write_pictures(
    path: Path,
    leaves: Sequence[Leaf],
    *,
    overwrite: bool = False,
    lossless: bool = False,
    loop: int | None = None,
    first_is_poster: bool = False,
) -> None:
    """Write ``leaves`` in the format of the name's ending, whole or not at all: the frames of an
    animation where that format can move, else pages. Raises ``DeepcamError``.

    ``lossless``: exact pixels in a format that can do both (WebP). ``loop``: how often an
    animation is played, 0: for ever, None: not said. ``first_is_poster``: see ``PictureFile``.
    """
    kind = KINDS.get(path.suffix.lower(), "")
    if not kind or (len(leaves) > 1 and kind not in ANIMATED | PAGED):
        raise _unwritable(path)
    options: dict[str, Any] = {}
    if kind == "JPEG":
        options = {"quality": QUALITY, "subsampling": 0}
    elif kind == "WEBP":
        options = {"lossless": True} if lossless else {"quality": QUALITY}
    elif kind == "AVIF":
        options = {"quality": QUALITY, "subsampling": "4:4:4", "speed": 8}
    elif kind == "HEIF":
        register_heif()
        options = {"quality": QUALITY, "chroma": 444}
    elif kind == "TIFF":
        options = {"compression": "tiff_lzw"}
    elif kind == "PNG":
        options = {"compress_level": 3}
    pictures = [_to_pillow(leaf, kind, path.suffix.lower()) for leaf in leaves]
    if len(pictures) > 1:
        options |= {"save_all": True, "append_images": pictures[1:]}
        if kind in ANIMATED:
            options["duration"] = _milliseconds([leaf.duration for leaf in leaves], kind)
            if loop is not None:
                options["loop"] = loop
            elif kind != "GIF":
                options["loop"] = 0
        if kind == "GIF":
            options |= {"disposal": 2} if leaves[0].alpha is not None else {"disposal": 1}
            options["optimize"] = False
        if kind == "PNG" and first_is_poster:
            options["default_image"] = True
            options["duration"] = options["duration"][1:]
    made = io.BytesIO()
    try:
        pictures[0].save(made, kind, **options)
    except MemoryError:
        raise
    except Exception:
        raise _unwritable(path) from None
    write_whole(path, made.getvalue(), overwrite)


def _to_pillow(leaf: Leaf, kind: str, suffix: str) -> Any:
    alpha = leaf.alpha
    if kind == "GIF":
        return _to_palette(leaf)
    rgb = np.ascontiguousarray(leaf.image[:, :, ::-1])
    if alpha is not None and kind not in WITH_ALPHA:
        rgb, alpha = on_white(rgb, alpha), None
    if alpha is not None:
        return Pil.fromarray(np.dstack([rgb, alpha]))
    picture = Pil.fromarray(rgb)
    return picture.convert("L") if leaf.grey or suffix == ".pgm" else picture


def _to_palette(leaf: Leaf) -> Any:
    """With at most 256 colours (255 and a transparent one): every colour outside the mask stays
    as it is, the new pixels share what is left of the palette. Where the old colours are too many
    for that, all share an adapted palette."""
    rgb = np.ascontiguousarray(leaf.image[:, :, ::-1])
    height, width = rgb.shape[:2]
    clear = None if leaf.alpha is None or leaf.alpha.min() >= 128 else leaf.alpha < 128
    room = 256 if clear is None else 255
    new = np.zeros((height, width), bool) if leaf.mask is None else leaf.mask > 0
    packed = rgb.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    kept = ~new if clear is None else ~new & ~clear
    old = np.unique(packed[kept])
    if old.size > room:
        picture = Pil.fromarray(rgb).quantize(room, Pil.Quantize.MEDIANCUT)
        index = np.array(picture)
        colours = np.array(picture.getpalette() or [], np.uint8).reshape(-1, 3)
    else:
        colours = np.stack([old >> 16, old >> 8 & 255, old & 255], 1).astype(np.uint8)
        index = np.searchsorted(old, packed).clip(0, max(old.size - 1, 0)).astype(np.uint8)
        if new.any():
            more = max(room - old.size, 0)
            if more:
                fresh = Pil.fromarray(rgb[new][None]).quantize(more, Pil.Quantize.MEDIANCUT)
                added = np.array(fresh.getpalette() or [], np.uint8).reshape(-1, 3)[:more]
                colours = np.concatenate([colours, added])
            table = Pil.new("P", (1, 1))
            table.putpalette(np.resize(colours, (256, 3)).tobytes())
            dithered = np.array(
                Pil.fromarray(rgb).quantize(palette=table, dither=Pil.Dither.FLOYDSTEINBERG)
            )
            index[new] = dithered[new] % len(colours)
    if clear is not None:
        index[clear] = len(colours)
    made = Pil.fromarray(index, "P")
    made.putpalette(colours.tobytes() + (b"\0\0\0" if clear is not None else b""))
    if clear is not None:
        made.info["transparency"] = len(colours)
    return made


def _milliseconds(durations: Sequence[float], kind: str) -> list[int]:
    """Whole units of the format that add up to the same time."""
    unit = 10 if kind == "GIF" else 1
    made, due, done = [], 0.0, 0
    for seconds in durations:
        due += seconds * 1000
        step = max(round((due - done) / unit) * unit, unit)
        made.append(step)
        done += step
    return made


def _unwritable(path: Path) -> DeepcamError:
    return DeepcamError(f"{path} could not be written in this format.", "Choose .png.")
