"""Patches for the face verifier: faces, and what the detector takes for faces.

From every photograph that is not held out come its face, as the whole picture and parts of it show
it to the detector, and everything else that the detector reports anywhere, in four orientations:
ears, hair, collars, backgrounds. Made pictures of shapes, writing, hands and noise give more of the
latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Image
from deepcam.tracking.association import iou
from deepcam.tracking.backend import F64, Detection, MeshBackend
from deepcam.tracking.windows import framed, halves, parts, share_inside
from deepcam.training.photographs import SPAWN, read_index
from deepcam.training.split import held_out

U8 = NDArray[np.uint8]

SIDE, REACH = 72, 1.35
"""Pixels of a patch's side, and its half side in box widths."""
SHAPES, SHAPES_MORE = 1200, 3000
"""Made pictures; and those in which the first network's mistakes are looked for."""
_SURE, _MAYBE = 0.75, 0.7
_LONGEST = 640
_BORDERS = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101, cv2.BORDER_CONSTANT)


@dataclass(slots=True)
class Patches:
    """What one picture gives."""

    faces: list[U8]
    """(SIDE, SIDE, 3) BGR."""
    others: list[U8]


def cut(image: Image, box: F64, border: int, colour: tuple[int, int, int]) -> U8:
    """The square about ``box`` at ``SIDE`` pixels; what lies outside the picture by ``border``."""
    middle = (box[:2] + box[2:]) / 2
    half = REACH * float(max(box[2] - box[0], box[3] - box[1], 4.0))
    scale = SIDE / (2 * half)
    if scale < 0.5:  # a warp alone would alias
        reduced = max(2 * scale, 0.05)
        image = np.asarray(
            cv2.resize(image, None, fx=reduced, fy=reduced, interpolation=cv2.INTER_AREA), np.uint8
        )
        middle, half, scale = middle * reduced, half * reduced, scale / reduced
    x, y = middle - half
    matrix = np.array([[scale, 0, -scale * x], [0, scale, -scale * y]], np.float64)
    out = cv2.warpAffine(
        image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=colour
    )
    return np.asarray(out, np.uint8)


def made(rng: np.random.Generator, height: int = 480, width: int = 640) -> Image:
    """A picture without anybody: gradients, cloudy noise, shapes, stripes and words; before some of
    them a page of writing or hands."""
    image = np.empty((height, width, 3), np.float32)
    corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)
    image[:] = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    for _ in range(int(rng.integers(0, 4))):
        cells = int(rng.integers(3, 40))
        cloud = rng.normal(0, 1, (cells, cells, int(rng.choice([1, 3])))).astype(np.float32)
        cloud = cv2.resize(cloud, (width, height), interpolation=cv2.INTER_CUBIC)
        image += rng.uniform(5, 50) * cloud.reshape(height, width, -1)
    canvas: Image = np.clip(image, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(3, 60))):
        x, y = (int(v) for v in rng.uniform((0, 0), (width, height)))
        a, b = (int(v) for v in np.exp(rng.uniform(1.2, 4.8, 2)))
        tone = [int(v) for v in rng.uniform(0, 255, 3)]
        angle = float(rng.uniform(0, 180))
        kind = int(rng.integers(0, 6))
        if kind == 0:
            cv2.rectangle(canvas, (x, y), (x + a, y + b), tone, int(rng.choice([-1, 2, 5])))
        elif kind in (1, 2):
            cv2.ellipse(canvas, (x, y), (a, b), angle, 0, 360, tone, int(rng.choice([-1, -1, 3])))
        elif kind == 3:
            points = rng.integers(-a, a + 1, (int(rng.integers(3, 8)), 2)) + np.array([x, y])
            cv2.fillPoly(canvas, [points.astype(np.int32)], tone)
        elif kind == 4:
            for n in range(int(rng.integers(2, 9))):
                cv2.line(canvas, (x, y + n * 7), (x + a, y + n * 7 + b // 8), tone, 2)
        else:
            letters = "".join(chr(int(c)) for c in rng.integers(48, 123, 12))
            cv2.putText(canvas, letters, (x, y), int(rng.integers(0, 4)),
                        float(rng.uniform(0.4, 2)), tone, int(rng.integers(1, 4)))  # fmt: skip
    sharpness = float(rng.uniform(0.3, 7.0))
    before = rng.random()
    if before < 0.3:
        _write_page(canvas, rng)
        sharpness = float(rng.uniform(0.3, 2.0))
    elif before < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            _draw_hand(canvas, rng)
        sharpness = float(rng.uniform(0.5, 4.0))
    blurred = cv2.GaussianBlur(canvas, (0, 0), sharpness)
    noisy = blurred + rng.normal(0, rng.uniform(0, 6), canvas.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _write_page(canvas: Image, rng: np.random.Generator) -> None:
    """A page, a board or a screen with lines of writing, in place: round letters are what the
    detector takes for the smallest faces."""
    height, width = canvas.shape[:2]
    x0, y0 = (int(v) for v in rng.uniform((0, 0), (0.6 * width, 0.5 * height)))
    x1, y1 = (int(v) for v in rng.uniform((x0 + 80, y0 + 80), (width + 80, height + 80)))
    paper = rng.uniform(0, 255, 3)
    plain = np.full(3, 25.0 if paper.mean() > 110 else 235.0)
    ink = rng.uniform(0, 255, 3) if rng.random() < 0.3 else plain
    cv2.rectangle(canvas, (x0, y0), (x1, y1), [int(v) for v in paper], -1)
    font, scale = int(rng.integers(0, 8)), float(np.exp(rng.uniform(-1.2, 0.7)))
    thick = int(rng.integers(1, 2 + round(2 * scale)))
    letters = list("abcdefghijklmnopqrstuvwxyzABCDEGOQRS0123456890868&@%  ooo")
    pitch = max(7, round(rng.uniform(26, 60) * scale))
    for y in range(y0 + pitch, min(y1, height + pitch), pitch):
        line = "".join(rng.choice(letters, 60))
        while line and cv2.getTextSize(line, font, scale, thick)[0][0] > x1 - x0 - 10:
            line = line[: len(line) * 7 // 8]
        cv2.putText(
            canvas, line, (x0 + 5, y), font, scale, [int(v) for v in ink], thick, cv2.LINE_AA
        )


def _draw_hand(canvas: Image, rng: np.random.Generator) -> None:
    """An open hand or a fist on its arm, in place, with creases and knuckles: folds of a palm and
    fingers side by side look like features."""
    height, width = canvas.shape[:2]
    middle = rng.uniform((0.1 * width, 0.1 * height), (0.9 * width, 0.9 * height))
    palm = float(np.exp(rng.uniform(2.5, 4.8)))
    turn = float(rng.uniform(-0.8, 0.8)) if rng.random() < 0.8 else float(rng.uniform(-3, 3))
    up = np.array([np.sin(turn), -np.cos(turn)])
    across = np.array([-up[1], up[0]])
    shape = np.zeros((height, width), np.uint8)
    dark = np.zeros((height, width), np.uint8)

    def line(picture: U8, a: F64, b: F64, value: int, thick: float) -> None:
        ends = [(int(v[0]), int(v[1])) for v in (a, b)]
        cv2.line(picture, ends[0], ends[1], value, max(1, round(thick)), cv2.LINE_AA)

    line(shape, middle, middle - 6 * palm * up, 255, 1.3 * palm)
    line(shape, middle - 0.3 * palm * up, middle + 0.3 * palm * up, 255, 1.9 * palm)
    fist = rng.random() < 0.4
    fingers = int(rng.integers(2, 6))
    spread = float(rng.uniform(0, 0.35))
    for n in range(fingers):
        side = (n - (fingers - 1) / 2) * 2 / max(fingers - 1, 1)
        root = middle + 0.7 * palm * up + 0.8 * palm * side * across
        length = palm * float(rng.uniform(0.2, 0.5) if fist else rng.uniform(0.9, 1.7))
        tip = root + length * (up + spread * side * across)
        line(shape, root, tip, 255, 0.42 * palm)
        beside = 0.23 * palm * across
        line(dark, root - 0.2 * palm * up + beside, tip + beside, 200, 0.05 * palm)
        for joint in rng.uniform(0.2, 0.8, 2):
            at = root + joint * (tip - root)
            line(dark, at - 0.5 * beside, at + 0.5 * beside, 140, 0.06 * palm)
    for _ in range(int(rng.integers(0, 4))):  # creases of a palm
        a, b = middle + rng.normal(0, 0.45 * palm, (2, 2))
        line(dark, a, b, 150, 0.06 * palm)
    tone = np.array([95, 125, 175]) * np.exp(rng.normal(-0.2, 0.45) + rng.normal(0, 0.1, 3))
    soft = cv2.GaussianBlur(shape, (0, 0), 0.3 * palm).astype(np.float32) / 255
    light = (0.65 + 0.5 * soft) * (1 - 0.5 * cv2.GaussianBlur(dark, (0, 0), 1.0) / 255)
    light = light * (1 + 0.3 * rng.uniform(-1, 1) * np.linspace(-1, 1, width)[None, :])
    weight = cv2.GaussianBlur(shape, (0, 0), 0.8)[..., None] / 255
    skin = np.clip(light[..., None] * tone, 0, 255)
    canvas[:] = np.round(canvas + weight * (skin - canvas)).astype(np.uint8)


def _looks(backend: MeshBackend, image: Image, rng: np.random.Generator) -> list[Detection]:
    """What the detector reports in the picture and in parts of it, each in two orientations."""
    height, width = image.shape[:2]
    windows = [(0, 0, width, height), *halves(height, width)]
    windows += parts(height, width, int(rng.integers(2, 5)))
    turns = [0] * len(windows) + [int(rng.integers(1, 4))] * len(windows)
    backend.submit(image, windows * 2, [], turns)
    return [d for found in backend.collect()[0] for d in found]


def _clear(backend: MeshBackend, image: Image, boxes: list[F64]) -> list[bool]:
    """Whether a look framed about each of ``boxes`` shows a clear face there: then nobody knows."""
    height, width = image.shape[:2]
    backend.submit(image, [framed(box, 2.0, height, width) for box in boxes], [])
    found = backend.collect()[0]
    return [
        any(d.score >= _MAYBE and iou(d.box, box) > 0.3 for d in part)
        for part, box in zip(found, boxes, strict=True)
    ]


def _apart(box: F64, face: F64) -> bool:
    """Whether ``box`` surely does not mean ``face``: beside it, or an eye, an ear, a mouth. Half of
    a face is one, where the picture's edge cuts it."""
    small = box[2] - box[0] < 0.42 * (face[2] - face[0])
    return small or (iou(box, face) < 0.04 and share_inside(box, face) < 0.12)


def of_photo(backend: MeshBackend, image: Image, rng: np.random.Generator) -> Patches | None:
    """Patches of a photograph; None unless exactly one clear face is in it."""
    shrink = min(1.0, _LONGEST / max(image.shape[:2]))
    image = np.asarray(
        cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8
    )
    height, width = image.shape[:2]
    backend.submit(image, [(0, 0, width, height)], [])
    seen = [d for d in backend.collect()[0][0] if d.score >= 0.35]
    if len(seen) != 1 or seen[0].score < _SURE:
        return None
    face = seen[0].box
    side = float(face[2] - face[0])
    out = Patches([], [])
    boxes = [face]
    others: list[F64] = []
    for d in _looks(backend, image, rng):
        overlap = iou(d.box, face)
        if overlap > 0.5:
            boxes.append(d.box)
        elif _apart(d.box, face) and not any(iou(d.box, k) > 0.6 for k in others):
            others.append(d.box)
    chosen = [boxes[0], *(boxes[int(i)] for i in rng.permutation(len(boxes))[:4])]
    out.faces = [cut(image, b, *_around(rng)) for b in chosen]
    others = [others[int(n)] for n in rng.permutation(len(others))[:20]]
    # An eye or a mouth of the face itself is none, however clear it looks.
    clear = _clear(backend, image, others) if others else []
    kept = [
        box for box, known in zip(others, clear, strict=True)
        if not known or share_inside(box, face) >= 0.5
    ]  # fmt: skip
    for _ in range(3):
        r = float(rng.uniform(0.1, 0.6)) * side
        x, y = rng.uniform((0, 0), (width, height))
        box = np.array([x - r, y - r, x + r, y + r])
        if _apart(box, face):
            kept.append(box)
    out.others = [cut(image, b, *_around(rng)) for b in kept]
    return out


def of_made(backend: MeshBackend, rng: np.random.Generator) -> list[U8]:
    """What the detector reports in a made picture."""
    image = made(rng)
    found = [d for d in _looks(backend, image, rng) if d.score >= 0.2]
    order = rng.permutation(len(found))[:16]
    return [cut(image, found[int(i)].box, *_around(rng)) for i in order]


def _around(rng: np.random.Generator) -> tuple[int, tuple[int, int, int]]:
    border = _BORDERS[int(rng.integers(len(_BORDERS)))]
    b, g, r = (int(v) for v in rng.integers(0, 256, 3))
    return border, (b, g, r)


def _part(job: tuple[Path, list[str], int, int]) -> tuple[list[U8], list[U8]]:
    """Patches of some photographs and of made pictures numbered from ``begin`` to ``end``."""
    from deepcam.tracking.backend import choose_backend

    folder, names, begin, end = job
    faces: list[U8] = []
    others: list[U8] = []
    cv2.setNumThreads(1)
    backend = choose_backend(0.2)
    try:
        for name in names:
            image = cv2.imread(str(folder / "images" / name))
            if image is None:
                continue
            rng = np.random.default_rng([7, *name.encode()])
            found = of_photo(backend, np.asarray(image, np.uint8), rng)
            if found is not None:
                faces += found.faces
                others += found.others
        for number in range(begin, end):
            others += of_made(backend, np.random.default_rng([8, number]))
    finally:
        backend.close()
    return faces, others


def collect(folder: Path, jobs: int, unseen: bool = False) -> Iterator[tuple[list[U8], list[U8]]]:
    """Faces and others, part by part, of the photographs of ``folder`` that are not held out
    (``unseen``: that are) and of made pictures."""
    names = [
        row["file"] for row in read_index(folder)
        if held_out(row["file"], row["person"]) == unseen
    ]  # fmt: skip
    shapes = (SHAPES, SHAPES + 150) if unseen else (0, SHAPES)
    yield from _spread(folder, names, *shapes, jobs, max(1, len(names) // 40))


def further(jobs: int) -> Iterator[list[U8]]:
    """What the detector takes for faces in further made pictures."""
    for _, others in _spread(Path(), [], 10_000, 10_000 + SHAPES_MORE, jobs, SHAPES_MORE // 100):
        yield others


def _spread(
    folder: Path, names: list[str], begin: int, end: int, jobs: int, count: int
) -> Iterator[tuple[list[U8], list[U8]]]:
    edges = np.linspace(begin, end, count + 1).astype(int)
    work = [
        (folder, names[n::count], int(edges[n]), int(edges[n + 1])) for n in range(count)
    ]  # fmt: skip
    with SPAWN.Pool(jobs) as pool:
        yield from pool.imap_unordered(_part, work)
