"""Picture files that somebody else made, decoded safely: the one way for all of the program.

Pillow decodes, and only the kinds of file named here, told by their first bytes and not by the
name: a decoder nobody expects is one that nobody looked at. Everything comes out as 8-bit BGR in
sRGB, upright, whatever profile, colour model, depth or orientation the file has.
"""

from __future__ import annotations

import contextlib
import io
import struct
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageFile

from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.sources.profiles import profile_of, to_srgb

MAX_PIXELS = 1 << 28
"""Larger pictures are refused: a small file can claim to be one that fills the memory. The
largest phone cameras make 200 million pixels."""
MAX_PAGES = 1 << 14
"""Frames of an animation, or pages of a document, that one file may have."""
KINDS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".apng": "PNG", ".webp": "WEBP",
    ".gif": "GIF", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF", ".ppm": "PPM", ".pgm": "PPM",
    ".tga": "TGA", ".avif": "AVIF", ".heic": "HEIF", ".heif": "HEIF",
}  # fmt: skip
"""Endings of picture files, and Pillow's names of the formats."""
ANIMATED = frozenset({"PNG", "WEBP", "GIF", "AVIF"})
"""Formats that can move."""
PAGED = frozenset({"TIFF", "HEIF"})
"""Formats that can hold several pictures which have nothing to do with each other."""
_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF = frozenset({b"avif", b"avis"})
_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4
_switch = threading.Lock()

# What is wrong with a file is for its user, in one sentence, and not for the terminal.
warnings.filterwarnings("ignore", module=r"PIL\.")
# The size is checked here, before decoding, for files that Pillow would only warn about.
Pil.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One picture of a file."""

    image: Image
    """Upright BGR; alpha is not applied."""
    alpha: NDArray[np.uint8] | None
    """(h, w), or None when the file has none."""
    grey: bool
    """The file has one channel of colour and no alpha."""
    duration: float
    """Seconds for which an animation shows it; 0 for others."""


def _load(picture: Any, lenient: bool) -> None:
    """Decode; ``lenient``: also what is broken off. Pillow has one switch for the whole program,
    and other libraries turn it on for good when they are imported."""
    with _switch:
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
        try:
            picture.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


class PictureFile:
    """An opened picture file. ``pages`` decodes; opening reads the header only.

    Raises ``DeepcamError`` for what is no file, may not be read, is of no known kind, or would
    fill the memory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        data = _read(path)
        self.kind = sniff(data[:32], data[-26:], path.suffix)
        """Pillow's name of the format."""
        if not self.kind:
            raise _no_picture(path)
        self.damaged = False
        """Known after decoding: a part is missing, and grey or the page before stands there."""
        self._open(data)

    def _open(self, data: bytes) -> None:
        try:
            if self.kind == "HEIF":
                register_heif()
            # A camera's file with a preview behind the photograph calls itself MPO.
            formats = ("JPEG", "MPO") if self.kind == "JPEG" else (self.kind,)
            self._picture: Any = Pil.open(io.BytesIO(data), formats=formats)
            width, height = self.size
        except DeepcamError:
            raise
        except Exception:  # decoders raise whatever they like for broken files
            raise _no_picture(self.path) from None
        if width * height > MAX_PIXELS:
            raise DeepcamError(
                f"The picture {self.path} is too large ({width}x{height}).",
                "Make it smaller first.",
            )
        info = self._picture.info
        self.count = 1
        """Frames or pages."""
        if self._picture.format not in ("JPEG", "MPO"):  # behind a photograph: previews, depth
            with contextlib.suppress(Exception):
                self.count = int(getattr(self._picture, "n_frames", 1))
        self.animated = self.count > 1 and self.kind in ANIMATED
        self.loop: int | None = info.get("loop")
        """How often an animation is played, 0: for ever; None: the file does not say."""
        self.first_is_poster = bool(info.get("default_image")) and self.animated
        """The first page is what programs show that cannot play an APNG."""
        self.lossless = self.kind not in ("JPEG", "HEIF", "AVIF")
        if self.kind == "WEBP":
            self.lossless = b"VP8L" in data[12:64] or (b"VP8L" in data and b"VP8 " not in data)

    def pages(self) -> Iterator[Page]:
        """All pictures of the file. A broken file gives what could be read and sets ``damaged``;
        when that is nothing, it raises ``DeepcamError``."""
        if self.count > MAX_PAGES:
            raise DeepcamError(
                f"The file {self.path} has {self.count} pictures.", f"Keep it under {MAX_PAGES}."
            )
        for number in range(self.count):
            try:
                self._picture.seek(number)
                if self._picture.size[0] * self._picture.size[1] > MAX_PIXELS:
                    raise ValueError("a page larger than the first")
                page = self._page()
            except MemoryError:
                raise
            except Exception:
                if number == 0:
                    raise _no_picture(self.path) from None
                self.damaged = True
                return
            yield page

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels as stored."""
        width, height = self._picture.size
        return int(width), int(height)

    def first(self) -> Page:
        """The first picture."""
        return next(self.pages())

    def close(self) -> None:
        """Free everything."""
        self._picture.close()

    def __enter__(self) -> PictureFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _page(self) -> Page:
        picture = self._picture
        try:
            _load(picture, lenient=False)
        except OSError:
            _load(picture, lenient=True)  # what is there of a broken-off file
            if all(low == high for low, high in _ranges(picture)):
                raise ValueError("nothing could be read") from None
            self.damaged = True
        duration = float(picture.info.get("duration") or 0) / 1000 if self.animated else 0.0
        # Pillow turns TIFF by itself, and libheif HEIC.
        turned = 1
        if self.kind not in ("TIFF", "HEIF"):
            turned = orientation_of(picture.info.get("exif") or b"")
        colours, alpha = _colours_and_alpha(picture)
        colours = to_srgb(colours, profile_of(picture))
        grey = colours.mode == "L"
        pixels = np.asarray(colours)
        bgr = np.repeat(pixels[:, :, None], 3, axis=2) if grey else pixels[:, :, ::-1]
        if alpha is not None:
            alpha = upright(alpha, turned)
        return Page(upright(bgr, turned), alpha, grey and alpha is None, max(0.0, duration))


def sniff(head: bytes, tail: bytes = b"", suffix: str = "") -> str:
    """Pillow's name for the kind of picture that begins with ``head`` (32 bytes); "" for others.

    ``tail``: the last 26 bytes, and ``suffix``: a TGA file has no mark at its beginning.
    """
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[:2] == b"BM":
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF | _HEIF:
        brands = {head[8:12], head[16:20], head[20:24], head[24:28]}
        return "AVIF" if brands & _AVIF else "HEIF"
    if tail[-18:-2] == b"TRUEVISION-XFILE" or (suffix.lower() == ".tga" and head[1:2] in b"\0\1"):
        return "TGA"
    return ""


def is_picture(path: Path) -> bool:
    """Whether a file begins like a picture of a known kind. Never raises."""
    try:
        with path.open("rb") as stream:
            return bool(sniff(stream.read(32)))
    except OSError:
        return False


def is_animated(path: Path) -> bool:
    """Whether a file is a picture that moves. Never raises."""
    try:
        with PictureFile(path) as picture:
            return picture.animated
    except DeepcamError:
        return False


def upright(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """``image`` (h, w) or (h, w, c) turned and mirrored as EXIF's ``orientation`` (1..8) says."""
    if orientation in (5, 6, 7, 8):
        image = np.swapaxes(image, 0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def on_white(image: Image, alpha: NDArray[np.uint8]) -> Image:
    """``image`` (h, w, 3) as it looks on white paper."""
    part = alpha[:, :, None].astype(np.uint16)
    laid: Image = ((image * part + 255 * (255 - part) + 127) // 255).astype(np.uint8)
    return laid


def orientation_of(exif: bytes) -> int:
    """1..8 of an EXIF block; 1 when the tag is missing or damaged. Never raises."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for k in range(count):
            at = start + 2 + 12 * k
            tag, kind, _ = struct.unpack_from(f"{order}HHI", tiff, at)
            if tag == _ORIENTATION and kind in (_SHORT, _LONG):
                (value,) = struct.unpack_from(
                    f"{order}{'H' if kind == _SHORT else 'I'}", tiff, at + 8
                )
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _read(path: Path) -> bytes:
    if not path.is_file():
        kind = "is a directory" if path.is_dir() else "is not a file"
        what = kind if path.exists() else "does not exist"
        raise DeepcamError(f"The picture {path} {what}.", "Check the name.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DeepcamError(
            f"The picture {path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from None


def _colours_and_alpha(picture: Any) -> tuple[Any, NDArray[np.uint8] | None]:
    """Colours in a mode with 8 bits a channel (L, RGB, CMYK, LAB), and alpha (h, w)."""
    mode = picture.mode
    if mode == "P" or (mode in ("1", "L", "RGB") and "transparency" in picture.info):
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    elif mode == "PA":
        picture = picture.convert("RGBA")
    elif mode == "1":
        picture = picture.convert("L")
    elif mode.startswith("I"):
        values = np.asarray(picture)
        deep = mode != "I" or values.max(initial=0) > 255
        picture = Pil.fromarray(((values >> 8) if deep else values).clip(0, 255).astype(np.uint8))
    elif mode in ("YCbCr", "HSV", "RGBX"):
        picture = picture.convert("RGB")
    elif mode in ("RGBa", "La"):
        picture = picture.convert("RGBA" if mode == "RGBa" else "LA")
    if picture.mode in ("RGBA", "LA"):
        alpha = np.array(picture.getchannel("A"), np.uint8)
        return picture.convert("RGB"), alpha
    if picture.mode not in ("L", "RGB", "CMYK", "LAB"):
        raise ValueError(f"colours of another kind: {mode}")
    return picture, None


def _ranges(picture: Any) -> list[tuple[float, float]]:
    found = picture.getextrema()
    return list(found) if isinstance(found[0], tuple) else [found]


@lru_cache(maxsize=1)
def register_heif() -> None:
    """Make Pillow read and write HEIC. Raises ``DeepcamError`` where the library is missing."""
    try:
        import pillow_heif
    except ImportError:
        raise DeepcamError(
            "HEIC pictures cannot be read here.", "Install pillow-heif, or convert them to JPEG."
        ) from None
    # Previews and depth maps show the face once more; they are never looked at.
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def _no_picture(path: Path) -> DeepcamError:
    return DeepcamError(
        f"{path} is not a picture that can be read, or it is damaged.",
        "Choose another file, or convert it to JPEG or PNG first.",
    )
