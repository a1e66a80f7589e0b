"""Picture files of others: which way is up, what is too large, and what is broken."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pil

from deepcam.batch.stills import read_still
from deepcam.errors import DeepcamError
from deepcam.sources.images import read_image
from deepcam.sources.pictures import (
    MAX_PIXELS,
    PictureFile,
    orientation_of,
    register_heif,
    sniff,
    upright,
)

W, H = 12, 8
MAPS = {  # EXIF 2.3, figure "orientation": where the stored first row and column are
    1: lambda a: a,
    2: lambda a: np.fliplr(a),
    3: lambda a: np.rot90(a, 2),
    4: lambda a: np.flipud(a),
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.swapaxes(np.rot90(a, 2), 0, 1),
    8: lambda a: np.rot90(a, 1),
}


def pixels(channels: int = 3) -> np.ndarray:
    made = np.random.default_rng(4).integers(0, 255, (H, W, channels), np.uint8)
    if channels == 4:
        made[..., 3] = np.where(np.arange(W) < 5, 255, 100)
    return made


def exif(orientation: int, order: str = "<") -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(f"{order}IH", 8, 1) + entry + struct.pack(f"{order}I", 0)


def encoded(ending: str, image: np.ndarray) -> bytes:
    quality = [cv2.IMWRITE_WEBP_QUALITY, 101] if ending == ".webp" else []
    done, data = cv2.imencode(ending, image, quality)
    assert done
    return data.tobytes()


def turned_png(image: np.ndarray, turned: bytes) -> bytes:
    data = encoded(".png", image)
    body = b"eXIf" + turned
    chunk = struct.pack(">I", len(turned)) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def turned_webp(image: np.ndarray, turned: bytes) -> bytes:
    first = encoded(".webp", image)[12:]
    if first[:4] == b"VP8X":  # drop the header that the encoder made
        first = first[18:]
    height, width = image.shape[:2]
    extended = bytes([0x18 if image.shape[2] == 4 else 0x08, 0, 0, 0])  # alpha, EXIF
    extended += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + extended + first
    body += b"EXIF" + struct.pack("<I", len(turned)) + turned + b"\0" * (len(turned) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("ending", [".png", ".webp"])
def test_pictures_with_alpha_formats_stand_upright(
    tmp_path: Path, ending: str, channels: int, orientation: int
) -> None:
    image = pixels(channels)
    make = turned_png if ending == ".png" else turned_webp
    order = "<" if orientation % 2 else ">"
    path = tmp_path / f"a{ending}"
    path.write_bytes(make(image, exif(orientation, order)))
    wanted = MAPS[orientation](image)
    still = read_still(path)
    shown = read_image(path)
    assert still.image.shape == shown.shape == wanted[..., :3].shape
    if channels == 3:
        assert np.array_equal(still.image, wanted)
        assert np.array_equal(shown, wanted)
        assert still.alpha is None
    else:
        assert still.alpha is not None
        assert np.array_equal(still.alpha, wanted[..., 3])
        solid = wanted[..., 3] == 255
        assert np.array_equal(still.image[solid], wanted[solid][:, :3])


@pytest.mark.parametrize("orientation", [0, 1, 9, 65535])
def test_a_strange_orientation_is_none(tmp_path: Path, orientation: int) -> None:
    assert orientation_of(exif(orientation)) == 1
    path = tmp_path / "a.png"
    path.write_bytes(turned_png(pixels(), exif(orientation)))
    assert np.array_equal(read_still(path).image, pixels())


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".tiff", ".bmp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sizes_are_known_without_decoding(tmp_path: Path, ending: str, channels: int) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(encoded(ending, pixels(channels)))
    with PictureFile(path) as picture:
        assert (picture.size, picture.count, picture.animated) == ((W, H), 1, False)


def test_grey_and_colour_are_turned_alike() -> None:
    image = pixels()
    for k, turn in MAPS.items():
        assert np.array_equal(upright(image, k), turn(image))
        assert np.array_equal(upright(image[..., 0], k), turn(image)[..., 0])
        assert upright(image, k).flags.c_contiguous


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(huge_png(30000, 30000))
    for read in (read_image, read_still):
        with pytest.raises(DeepcamError, match=r"too large \(30000x30000\)") as caught:
            read(path)
        assert caught.value.remedy
    assert MAX_PIXELS >= 200_000_000  # what the largest phone cameras make


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = data.draw(
        st.sampled_from(
            [
                turned_png(pixels(), exif(6)),
                turned_webp(pixels(), exif(6, ">")),
                encoded(".jpg", pixels()),
                encoded(".tiff", pixels()),
                encoded(".bmp", pixels()),
                made_by_pillow("GIF", 3),
                made_by_pillow("PNG", 3),
                made_by_pillow("WEBP", 3),
                made_by_pillow("AVIF", 2),
                made_by_pillow("TGA", 1),
                made_by_pillow("HEIF", 1),
            ]
        )
    )
    broken = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 6)) if broken else 0):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "broken.bin"
    path.write_bytes(broken)
    try:
        with PictureFile(path) as picture:
            pages = list(picture.pages())
    except DeepcamError:
        return
    assert pages
    for page in pages:
        assert page.image.dtype == np.uint8
        assert page.image.shape[2] == 3
        assert page.alpha is None or page.alpha.shape == page.image.shape[:2]


@functools.cache
def made_by_pillow(kind: str, frames: int) -> bytes:
    if kind == "HEIF":
        register_heif()
    frame = [Pil.fromarray(np.roll(pixels(), k, 1)).resize((64, 64)) for k in range(frames)]
    out = io.BytesIO()
    more = {"save_all": True, "append_images": frame[1:], "duration": 50} if frames > 1 else {}
    frame[0].save(out, kind, **more)
    return out.getvalue()


def test_an_animation_whose_first_frame_is_broken(tmp_path: Path) -> None:
    """OpenCV 4.11 ends the program for such a file."""
    whole = made_by_pillow("PNG", 3)
    at = whole.index(b"IDAT")
    broken = whole[:at] + b"IDAT" + b"\xff" * 12 + whole[at + 16 :]
    path = tmp_path / "a.png"
    path.write_bytes(broken)
    for read in (read_image, read_still):
        with pytest.raises(DeepcamError, match="not a picture"):
            read(path)


@pytest.mark.parametrize(
    "head",
    [
        b"\0\0\0\x0cjP  \r\n\x87\n",  # JPEG 2000
        b"\xff\x4f\xff\x51",  # its code stream
        b"\x59\xa6\x6a\x95",  # Sun raster
        b"v/1\x01",  # OpenEXR
        b"#?RADIANCE\n",
        b"%!PS-Adobe",
        b"8BPS",
    ],
)
def test_other_kinds_are_not_decoded_under_a_usual_name(tmp_path: Path, head: bytes) -> None:
    assert sniff(head.ljust(32, b"\0")) == ""
    path = tmp_path / "a.jpg"
    path.write_bytes(head + b"\0" * 200)
    with pytest.raises(DeepcamError, match="not a picture"):
        read_image(path)
