"""Which way is up, and what is too large to be decoded."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepcam.errors import DeepcamError
from deepcam.sources.headers import MAX_PIXELS, Header, read_header, upright
from deepcam.sources.images import read_image
from deepcam.stills import read_still

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
def test_a_strange_orientation_is_none(orientation: int) -> None:
    assert read_header(turned_png(pixels(), exif(orientation))).orientation == 1


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".tiff", ".bmp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sizes_are_known_without_decoding(ending: str, channels: int) -> None:
    header = read_header(encoded(ending, pixels(channels)))
    assert (header.width, header.height, header.orientation) == (W, H, 1)


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
    assert not Header(7680, 4320).too_large
    assert not Header(16384, MAX_PIXELS // 16384).too_large
    assert Header(16385, MAX_PIXELS // 16384).too_large


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_headers_never_raise(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from(
            [
                turned_png(pixels(), exif(6)),
                turned_webp(pixels(), exif(6, ">")),
                encoded(".jpg", pixels()),
                encoded(".tiff", pixels()),
                encoded(".bmp", pixels()),
            ]
        )
    )
    broken = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 6)) if broken else 0):
        broken[data.draw(st.integers(0, min(80, len(broken)) - 1))] = data.draw(st.integers(0, 255))
    header = read_header(bytes(broken))
    assert header.width >= 0
    assert header.height >= 0
    assert 1 <= header.orientation <= 8
