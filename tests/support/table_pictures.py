"""Pictures of every kind for the table of files."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from colour_science import PROFILES, icc, in_profile
from PIL import Image as Pil
from recipes import SIZE, chart, exif, rgb, save, stored_as
from table_case import Case, Make, cut


def picture(
    change: Callable[[Any], Any] = lambda p: p, kind: str | None = None, **options: Any
) -> Make:
    def make(path: Path) -> None:
        save(path, change(rgb(chart())), kind, **options)

    return make


def turned(orientation: int, **options: Any) -> Make:
    def make(path: Path) -> None:
        save(path, rgb(stored_as(chart(), orientation)), exif=exif(orientation), **options)

    return make


def profiled(name: str, **options: Any) -> Make:
    def make(path: Path) -> None:
        save(path, Pil.fromarray(in_profile(chart(), name)), icc_profile=icc(name), **options)

    return make


def moving(n: int = 4, with_alpha: bool = False, kind: str | None = None, **options: Any) -> Make:
    def make(path: Path) -> None:
        frames = [rgb(chart(shade=2 * k)) for k in range(n)]
        if with_alpha:
            for k, one in enumerate(frames):
                clear = Pil.new("L", SIZE, 255)
                clear.paste(0, (SIZE[0] // 2, SIZE[1] // 2, *SIZE))
                one.putalpha(clear)
                frames[k] = one
        save(path, frames[0], kind, save_all=True, append_images=frames[1:], **options)

    return make


def _clear(image: Any, value: int = 90) -> Any:
    alpha = Pil.new("L", SIZE, 255)
    alpha.paste(value, (SIZE[0] // 2, SIZE[1] // 2, *SIZE))
    image.putalpha(alpha)
    return image


def deep(path: Path) -> None:
    """16 bits a channel."""
    import cv2

    cv2.imwrite(str(path), chart().astype(np.uint16) * 257)


def grey(path: Path) -> None:
    save(path, rgb(chart()).convert("L"))


def adobe_cmyk(path: Path) -> None:
    inverted = Pil.merge(
        "CMYK", (*[b.point(lambda v: 255 - v) for b in rgb(chart()).split()], Pil.new("L", SIZE, 0))
    )
    save(path, inverted, quality=95)


def interoperable(path: Path) -> None:
    """AdobeRGB as cameras say it: no profile, a mark in the EXIF block."""
    made = io.BytesIO()
    Pil.fromarray(in_profile(chart(), "adobe")).save(made, "JPEG", quality=98, subsampling=0)
    entry = struct.pack("<HHI", 0xA005, 4, 1)
    block = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x8769, 4, 1, 26)
    block += struct.pack("<IH", 0, 1) + entry + struct.pack("<II", 44, 0)
    block += struct.pack("<H", 1) + struct.pack("<HHI", 1, 2, 4) + b"R03\0" + struct.pack("<I", 0)
    block = b"Exif\0\0" + block
    data = made.getvalue()
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:])


def told(name: str) -> Make:
    """A PNG without profile that tells its primaries and gamma."""

    def make(path: Path) -> None:
        made = io.BytesIO()
        Pil.fromarray(in_profile(chart(), name)).save(made, "PNG")
        red, green, blue, white, gamma = PROFILES[name]
        places = [round(v * 100000) for v in (*white, *red, *green, *blue)]
        extra = b""
        for kind, body in (
            (b"gAMA", struct.pack(">I", round(100000 / gamma))),
            (b"cHRM", struct.pack(">8I", *places)),
        ):
            extra += struct.pack(">I", len(body)) + kind + body
            extra += struct.pack(">I", zlib.crc32(kind + body))
        data = made.getvalue()
        path.write_bytes(data[:33] + extra + data[33:])

    return make


def late_poster(path: Path) -> None:
    frames = [rgb(chart(shade=2 * k)) for k in range(4)]
    save(
        path,
        frames[0],
        "PNG",
        save_all=True,
        append_images=frames[1:],
        default_image=True,
        duration=[100, 200, 300],
        loop=2,
    )


def pages(path: Path) -> None:
    save(
        path, rgb(chart()), save_all=True, append_images=[rgb(chart(shade=4)), rgb(chart((40, 80)))]
    )


MOVES = {"pages": (0.1, 0.2, 0.3, 3.0), "frames": 4}
MS = [100, 200, 300, 3000]

PICTURES = [
    *[Case(f"turn{k}.jpg", turned(k, quality=95, subsampling=0)) for k in range(1, 9)],
    *[Case(f"turn{k}.png", turned(k)) for k in range(1, 9)],
    *[Case(f"turn{k}.webp", turned(k, lossless=True)) for k in range(1, 9)],
    *[Case(f"turn{k}.tif", turned(k)) for k in range(1, 9)],
    *[
        Case(f"turn{k}.avif", turned(k, quality=100, subsampling="4:4:4", speed=9), tolerance=1.5)
        for k in range(1, 9)
    ],
    *[Case(f"turn{k}.heic", turned(k, quality=95), tolerance=1.5) for k in (1, 3, 6, 7)],
    *[Case(f"{p}.{e}", profiled(p)) for p in ("adobe", "prophoto", "p3") for e in ("png", "tif")],
    Case("adobe.jpg", profiled("adobe", quality=98, subsampling=0)),
    Case("p3.webp", profiled("p3", lossless=True)),
    Case("p3.avif", profiled("p3", quality=100, subsampling="4:4:4", speed=9), tolerance=1.5),
    Case("p3.heic", profiled("p3", quality=98, chroma=444), tolerance=1.5),
    Case("camera.jpg", interoperable),
    *[Case(f"told-{p}.png", told(p)) for p in ("adobe", "prophoto", "p3")],
    Case("cmyk.jpg", adobe_cmyk, tolerance=1.5),
    Case("grey.png", grey, upright=False),
    Case("grey.jpg", grey, upright=False),
    Case("bits.png", lambda p: save(p, rgb(chart()).convert("1")), upright=False),
    Case("palette.png", picture(lambda p: p.quantize(16))),
    Case("deep.png", deep),
    Case("deep.tiff", deep),
    Case("a.bmp", picture()),
    Case("a.tga", picture()),
    Case("a.ppm", picture()),
    Case("a.pgm", grey, upright=False),
    Case("a.gif", picture()),
    Case("a.avif", picture(quality=100, subsampling="4:4:4", speed=9), tolerance=1.5),
    Case("lossless.webp", picture(lossless=True), tolerance=0.01),
    Case("lossy.webp", picture(quality=95)),
    Case("pages.tif", pages, frames=3),
    Case("a.heic", picture(quality=95), "a.jpg"),
    Case("noending", picture(kind="PNG"), "noending.png"),
    Case("jpeg-inside.png", picture(kind="JPEG", quality=95, subsampling=0)),
    Case("clear.png", lambda p: save(p, _clear(rgb(chart()))), alpha=(255, 255, 255, 90)),
    Case(
        "clear.webp",
        lambda p: save(p, _clear(rgb(chart())), lossless=True, exact=True),
        alpha=(255, 255, 255, 90),
    ),
    Case("clear.tif", lambda p: save(p, _clear(rgb(chart()))), alpha=(255, 255, 255, 90)),
    Case("clear.tga", lambda p: save(p, _clear(rgb(chart()))), alpha=(255, 255, 255, 90)),
    Case("clear.gif", lambda p: save(p, _clear(rgb(chart()), 0)), alpha=(255, 255, 255, 0)),
    Case(
        "broken.jpg",
        cut(picture(lambda p: p.resize((960, 640)), quality=95), 0.7),
        code=1,
        said="damaged",
        upright=False,
        size=(960, 640),
    ),
    Case("nothing.jpg", cut(picture(), 0.05), code=1, said="not a picture", frames=0),
    Case("moves.gif", moving(duration=MS, loop=3), **MOVES, loop=3),
    Case("once.gif", moving(duration=MS), **MOVES),
    Case("moves.png", moving(duration=MS, loop=0), **MOVES, loop=0),
    Case("moves.apng", moving(duration=MS, loop=0, kind="PNG"), **MOVES, loop=0),
    Case("poster.png", late_poster, frames=4, pages=(0.1, 0.2, 0.3), loop=2),
    Case("moves.webp", moving(duration=MS, loop=5, lossless=True), **MOVES, loop=5),
    Case(
        "moves.avif",
        moving(duration=MS, quality=100, subsampling="4:4:4", speed=9),
        **MOVES,
        tolerance=1.5,
    ),
    Case(
        "clear-moves.gif",
        moving(with_alpha=True, duration=MS, loop=0, disposal=2),
        **MOVES,
        loop=0,
        alpha=(255, 255, 255, 0),
    ),
    Case(
        "clear-moves.webp",
        moving(with_alpha=True, duration=MS, lossless=True),
        **MOVES,
        alpha=(255, 255, 255, 0),
    ),
    Case(
        "hold.gif",
        moving(duration=[500, 500, 2500], n=3),
        "hold.mp4",
        frames=3,
        duration=3.5,
        times=(0, 0.5, 1.0),
    ),
    Case("moves.webp", moving(duration=MS, lossless=True), "moves.mkv", frames=4, duration=3.6),
    Case("still-wanted.gif", moving(duration=MS), "still.jpg", code=1, said="moves", frames=0),
]
