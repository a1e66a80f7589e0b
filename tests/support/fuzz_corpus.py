"""Hostile files, made from small good ones by seeded mutation: the same on every machine.

``write_corpus(folder)`` writes them in folders by kind. What has checksums also gets mutants whose
checksums are right, so that they come further.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

Rng = np.random.Generator
Mutation = Callable[[bytes, Rng], bytes]

EACH = {"png": 45, "apng": 45, "jpg": 45, "webp": 40, "gif": 40, "mp4": 45, "mkv": 45, "npz": 30,
        "identity": 45, "toml": 45}  # fmt: skip
"""Mutants of each kind."""
EXTREMES = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def picture(number: int, width: int = 40, height: int = 28) -> np.ndarray:
    rng = np.random.default_rng(number)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    image[8:20, 8:30] = (60, 90, 160)
    return image


def good_files(folder: Path) -> dict[str, bytes]:
    """One good file of each kind."""
    import cv2

    found = {}
    for kind in ("png", "jpg", "webp"):
        done, data = cv2.imencode(f".{kind}", picture(1))
        assert done
        found[kind] = data.tobytes()
    found["apng"] = animated(found["png"])
    for kind in ("gif", "mp4", "mkv"):
        found[kind] = film(folder / f"good.{kind}", kind)
    arrays = io.BytesIO()
    np.savez(arrays, shape=np.zeros((468, 3), np.float32), names=np.array(["a", "b"]))
    found["npz"] = arrays.getvalue()
    found["identity"] = identity(folder)
    found["toml"] = (
        b'camera = "Cam"\nsize = "1280x720"\nfps = 30.0\noutput = "auto"\nface = "Juno"\n'
        b'on_doubt = "cover"\ncover = "face"\ncard = "plain"\nmirror_preview = true\n'
        b'language = "de"\nother = [1, 2, {a = 3}]\nwhen = 1979-05-27T07:32:00Z\n'
        b'[hotkeys]\ntoggle = "Ctrl+Alt+O"\n[unknown.deep]\nx = 1\n'
    )
    return found


def film(path: Path, kind: str) -> bytes:
    import av

    names = {"gif": ("gif", "rgb8"), "mp4": ("libx264", "yuv420p"), "mkv": ("libx264", "yuv420p")}
    codec, pixels = names[kind]
    with av.open(str(path), "w") as out:
        video = out.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = 40, 28, pixels
        for number in range(6):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            out.mux(video.encode(frame.reformat(format=pixels)))
        out.mux(video.encode(None))
    return path.read_bytes()


def identity(folder: Path) -> bytes:
    from deepcam.identity.gallery import Gallery
    from deepcam.identity.model import IdentityModel

    return Gallery(folder).save(IdentityModel.load().sample(3, name="Seed")).read_bytes()


# PNG by its chunks

Chunk = tuple[bytes, bytes]


def chunks(png: bytes) -> list[Chunk]:
    at, found = 8, []
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def joined(parts: list[Chunk]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def animated(png: bytes) -> bytes:
    """Three frames; each but the first has a sequence number before its pixels."""
    parts = chunks(png)
    header, pixels = parts[0], b"".join(body for kind, body in parts if kind == b"IDAT")
    width, height = struct.unpack_from(">II", header[1])
    made: list[Chunk] = [header, (b"acTL", struct.pack(">II", 3, 0))]
    number = 0
    for frame in range(3):
        control = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, frame % 3, 0)
        made.append((b"fcTL", control))
        number += 1
        if frame:
            made.append((b"fdAT", struct.pack(">I", number) + pixels))
            number += 1
        else:
            made.append((b"IDAT", pixels))
    return joined([*made, (b"IEND", b"")])


def chunk_wise(data: bytes, rng: Rng) -> bytes:
    parts = chunks(data)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(parts)))
        kind, body = parts[at]
        way = rng.integers(6)
        if way == 0 and len(parts) > 2:
            del parts[at]
        elif way == 1:
            parts.insert(int(rng.integers(len(parts) + 1)), (kind, body))
        elif way == 2:
            parts[at] = (kind, body[: int(rng.integers(len(body) + 1))])
        elif way == 3 and kind in (b"IDAT", b"fdAT"):
            parts[at] = (kind, body[:4] + zlib.compress(rng.bytes(int(rng.integers(1, 9000)))))
        elif way == 4 and len(body) >= 4:
            place = 4 * int(rng.integers(len(body) // 4))
            value = struct.pack(">I", EXTREMES[int(rng.integers(len(EXTREMES)))])
            parts[at] = (kind, body[:place] + value + body[place + 4 :])
        elif body:
            parts[at] = (kind, flipped(body, rng))
    return joined(parts)


# Any file


def flipped(data: bytes, rng: Rng) -> bytes:
    made = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        made[int(rng.integers(len(made)))] ^= 1 << int(rng.integers(8))
    return bytes(made)


def cut(data: bytes, rng: Rng) -> bytes:
    return data[: int(rng.integers(len(data)))]


def overwritten(data: bytes, rng: Rng) -> bytes:
    at, length = int(rng.integers(len(data))), int(rng.integers(1, 64))
    filler = [rng.bytes(length), b"\0" * length, b"\xff" * length][int(rng.integers(3))]
    return data[:at] + filler + data[at + length :]


def inserted(data: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + rng.bytes(int(rng.integers(1, 200))) + data[at:]


def without(data: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + data[at + int(rng.integers(1, 200)) :]


def extreme(data: bytes, rng: Rng) -> bytes:
    made = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        # Headers stand in front, and there the numbers are that decoders believe.
        most = len(made) if rng.integers(2) else min(len(made), 200)
        at = int(rng.integers(most))
        value = EXTREMES[int(rng.integers(len(EXTREMES)))]
        packed = struct.pack([">I", "<I"][int(rng.integers(2))], value)
        made[at : at + 4] = packed
    return bytes(made)


def doubled(data: bytes, rng: Rng) -> bytes:
    a, b = sorted(int(v) for v in rng.integers(len(data), size=2))
    return data[:b] + data[a:b] + data[b:]


ANY: tuple[Mutation, ...] = (flipped, cut, overwritten, inserted, without, extreme, doubled)


# Archives by their members


def members_wise(data: bytes, rng: Rng) -> bytes:
    """One member mutated; the archive's and the description's checksums are right again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = list(parts)[int(rng.integers(len(parts)))]
    if name.endswith(".png") and rng.integers(2):
        way = rng.integers(3)
        source = parts[name] if way else animated(parts[name])
        parts[name] = chunk_wise(source, rng)
    elif name == "meta.json" and rng.integers(2):
        parts[name] = meta_wise(parts[name], rng)
    elif name.endswith(".npy") and not rng.integers(3):
        parts[name] = data  # a zip in place of an array
    else:
        parts[name] = ANY[int(rng.integers(len(ANY)))](parts[name], rng)
    if "meta.json" in parts:
        try:
            meta = json.loads(parts["meta.json"])
            meta["sha256"] = {k: hashlib.sha256(v).hexdigest() for k, v in parts.items()
                              if k != "meta.json"}  # fmt: skip
            parts["meta.json"] = json.dumps(meta).encode()
        except (ValueError, TypeError):
            pass
    out = io.BytesIO()
    with zipfile.ZipFile(
        out, "w", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][rng.integers(2)]
    ) as z:
        for key, part in parts.items():
            z.writestr(zipfile.ZipInfo(key), part)
    return out.getvalue()


def meta_wise(data: bytes, rng: Rng) -> bytes:
    meta = json.loads(data)
    values = [None, -1, 10**30, 1e308, "x" * 100_000, "\x1b]0;owned\x07", "../../evil", [], {},
              True, [[[]]], {"a": {"b": 1}}, "\udcff", "a\nb", float("nan")]  # fmt: skip
    key = list(meta)[int(rng.integers(len(meta)))]
    meta[key] = values[int(rng.integers(len(values)))]
    if rng.integers(2):
        meta["parameters"] = {"\x1b[2J": values[int(rng.integers(len(values)))]}
    return json.dumps(meta).encode()


HOSTILE_VALUES = (
    "nan", "inf", "-1", "1" + "0" * 5000, "[" * 900, '"\\u0000"', '"' + "x" * 70_000 + '"', "{}",
    "[[1], [2]]", "1979-05-27", "07:32:00", "true", '"0x0"', '"99999x99999"', '"\u0661x\u0662"',
    '"x"', "0x7fffffffffffffff", '"\\u001b[2J"', "''' a\nb '''", '"../../etc/passwd"',
    "{a.b.c = [1, {d = 2}]}",
    '"#12345"', '"\\U0010ffff"', '"1280x720\\n"', "-0.0", "1e400", '""',
)  # fmt: skip


def line_wise(data: bytes, rng: Rng) -> bytes:
    lines = data.decode().splitlines()
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(lines)))
        key = lines[at].partition("=")[0].strip()
        value = HOSTILE_VALUES[int(rng.integers(len(HOSTILE_VALUES)))]
        way = rng.integers(4)
        if way == 0:
            lines.insert(at, lines[at])
        elif way == 1:
            lines = [f"k{number} = {number}" for number in range(3000)] + lines
        elif "=" in lines[at]:
            lines[at] = f"{key} = {value}"
        else:
            lines[at] = "[" + "a." * 300 + "b]"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


SPECIAL: dict[str, Mutation] = {
    "png": chunk_wise, "apng": chunk_wise, "npz": members_wise, "identity": members_wise,
    "toml": line_wise,
}  # fmt: skip


def write_corpus(folder: Path, seed: int = 7) -> list[Path]:
    """Write all mutants; each depends on its kind and number only."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "good").mkdir()
    good = good_files(folder / "good")
    written = []
    for kind, data in good.items():
        place = folder / kind
        place.mkdir()
        ending = "png" if kind == "apng" else kind
        for number in range(EACH[kind]):
            rng = np.random.default_rng([seed, number, *kind.encode()])
            special = SPECIAL.get(kind)
            deep = special is not None and number % 3 != 0
            change = special if deep and special else ANY[number % len(ANY)]
            path = place / f"{number:03d}.{ending}"
            path.write_bytes(change(data, rng))
            written.append(path)
        (place / f"good.{ending}").write_bytes(data)
        written.append(place / f"good.{ending}")
    # A broken first frame of an animation once ended the program inside its decoder.
    parts = chunks(good["apng"])
    broken = [(k, b[: len(b) // 3] if k == b"IDAT" else b) for k, b in parts]
    for name, made in (("cut", broken), ("none", [p for p in parts if p[0] != b"IDAT"])):
        path = folder / "apng" / f"first-frame-{name}.png"
        path.write_bytes(joined(made))
        written.append(path)
    return written
