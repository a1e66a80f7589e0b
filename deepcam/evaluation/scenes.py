"""Films and pictures with known faces, made from photographs and clips, for ``coverage``.

Every scene is a recipe: where which photograph is pasted, how it is turned, lit and moved. The
faces' places therefore are known without asking the tracker that is judged; only where the face
lies inside a photograph or a clip is found once, alone and upright, by the detector at its best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.rooms import SIZE, noisy, room
from deepcam.frames import Image
from deepcam.frames.light import in_light

F64 = NDArray[np.float64]

FPS = 25.0


@dataclass(frozen=True, slots=True)
class Truth:
    """One face in one picture."""

    x: float
    y: float
    """Middle of the detector's box, pixels."""
    side: float
    """Of that box, pixels."""
    age: int = 1000
    """Frames since it came into view."""
    hidden: bool = False
    """Behind something: hiding or painting the place is right, and not needed."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A photograph with one face whose place is known, and its person cut out."""

    image: Image
    box: F64
    """(4,) the detector's, pixels."""
    matte: NDArray[np.float32]
    """(h, w) 0..1, where the person is."""

    @property
    def side(self) -> float:
        """Of the box, pixels."""
        return float(self.box[2] - self.box[0])


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A clip of one person: pictures and the face's box (4,) in each."""

    images: list[Image]
    boxes: list[F64]


Picture = tuple[Image, list[Truth]]


@dataclass(frozen=True, slots=True)
class Scene:
    """One film, or pictures that have nothing to do with each other."""

    group: str
    """Row of the table."""
    name: str
    still: bool
    ordinary: bool
    """One person in plain view: has to be painted in every frame."""
    play: Callable[[], Iterator[Picture]]


def transform(cutout: Cutout, x: float, y: float, side: float, angle: float = 0.0) -> F64:
    """(2, 3) map that puts the face's middle on (x, y), ``side`` wide, turned by ``angle``
    degrees clockwise."""
    middle = (cutout.box[:2] + cutout.box[2:]) / 2
    matrix: F64 = np.asarray(
        cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), -angle, side / cutout.side)
    )
    matrix[:, 2] += (x - middle[0], y - middle[1])
    return matrix


def paste(
    canvas: Image, cutout: Cutout, matrix: F64, whole: bool, crop: float | None = None
) -> None:
    """Draw a photograph into ``canvas``, in place: all of it, or only its person. ``crop``: only
    what lies within this many box sides of the face's middle."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    image, matte = cutout.image, cutout.matte
    if whole:
        matte = np.ones(matte.shape, np.float32)
    if crop is not None:
        x, y = (cutout.box[:2] + cutout.box[2:]) / 2
        keep = np.zeros_like(matte)
        r = crop * cutout.side
        keep[max(0, int(y - r)) : int(y + r), max(0, int(x - r)) : int(x + r)] = 1
        matte = matte * keep
    if scale < 0.7:
        # Average first: a warp alone would alias.
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.35 / scale), np.uint8)
        matte = np.asarray(cv2.GaussianBlur(matte, (0, 0), 0.35 / scale), np.float32)
    height, width = canvas.shape[:2]
    h, w = image.shape[:2]
    corners = matrix @ np.array([[0, w, w, 0], [0, 0, h, h], [1, 1, 1, 1]], np.float64)
    x0, y0 = np.clip(np.floor(corners.min(1)) - 2, 0, (width, height)).astype(int)
    x1, y1 = np.clip(np.ceil(corners.max(1)) + 2, 0, (width, height)).astype(int)
    if x1 <= x0 or y1 <= y0:
        return
    local = matrix - [[0, 0, x0], [0, 0, y0]]
    drawn = cv2.warpAffine(image, local, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    share = cv2.warpAffine(matte, local, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    part = canvas[y0:y1, x0:x1]
    mixed = part + (drawn.astype(np.float32) - part) * share[..., None]
    part[:] = (mixed + 0.5).astype(np.uint8)


def truth(cutout: Cutout, matrix: F64, age: int = 1000) -> Truth:
    """Where the face of a pasted photograph is."""
    x, y = matrix @ np.append((cutout.box[:2] + cutout.box[2:]) / 2, 1.0)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return Truth(float(x), float(y), cutout.side * scale, age)


def moving(
    rng: np.random.Generator,
    parts: Sequence[tuple[Cutout, float, float, float, float, bool]],
    frames: int,
    sway: float = 0.05,
    arrive: int = 0,
) -> Iterator[Picture]:
    """Photographs (cutout, x, y, side, angle, whole) before a room, swaying by ``sway`` box sides;
    the last one is there from frame ``arrive`` on."""
    back = room(rng)
    phase = rng.uniform(0, 6, len(parts))
    for k in range(frames):
        canvas = back.copy()
        seen = []
        for n, (cutout, x, y, side, angle, whole) in enumerate(parts):
            late = arrive if n == len(parts) - 1 else 0
            if k < late:
                continue
            dx = sway * side * np.sin(k / 9 + phase[n])
            dy = 0.5 * sway * side * np.sin(k / 7 + 2 * phase[n])
            matrix = transform(cutout, x + dx, y + dy, side, angle + 2 * np.sin(k / 11 + phase[n]))
            paste(canvas, cutout, matrix, whole)
            seen.append(truth(cutout, matrix, k - late if late else 1000))
        yield noisy(canvas, rng, 1.5), seen


def grid(
    rng: np.random.Generator, cutouts: Sequence[Cutout], rows: int, columns: int, frames: int
) -> Iterator[Picture]:
    """A video call's gallery: one tile for each photograph, people swaying in their tiles."""
    width, height = SIZE
    w, h = width // columns, height // rows
    phase = rng.uniform(0, 6, len(cutouts))
    for k in range(frames):
        canvas = np.full((height, width, 3), 24, np.uint8)
        seen = []
        for n in range(rows * columns):
            cutout = cutouts[n % len(cutouts)]
            tile = np.full((h - 4, w - 4, 3), 60, np.uint8)
            side = 0.42 * (h - 4)
            x = (w - 4) / 2 + 0.1 * side * np.sin(k / 9 + phase[n % len(phase)])
            matrix = transform(cutout, x, 0.48 * (h - 4), side)
            paste(tile, cutout, matrix, True)
            left, top = (n % columns) * w + 2, (n // columns) * h + 2
            canvas[top : top + h - 4, left : left + w - 4] = tile
            t = truth(cutout, matrix)
            seen.append(Truth(t.x + left, t.y + top, t.side))
        yield noisy(canvas, rng, 1.5), seen


def _warped(image: Image, matrix: F64, size: tuple[int, int]) -> Image:
    """``image`` enlarged by ``matrix`` (2, 3) into a picture of ``size``; its border goes on."""
    out = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out, np.uint8)


def as_filmed(take: Take) -> Iterator[Picture]:
    """A clip as it is."""
    for image, box in zip(take.images, take.boxes, strict=True):
        x, y = (box[:2] + box[2:]) / 2
        yield image, [Truth(float(x), float(y), float(box[2] - box[0]))]


def filmed(
    cutout: Cutout, size: tuple[int, int], frames: int, rng: np.random.Generator
) -> Iterator[Picture]:
    """A photograph of one person as a webcam of ``size`` (width, height) pixels shows it, the
    camera swaying: hair, collars and what else belongs to people."""
    width, height = size
    h, w = cutout.image.shape[:2]
    middle = (cutout.box[:2] + cutout.box[2:]) / 2
    fits = max(width / w, height / h)
    scale = 1.06 * max(fits, float(rng.uniform(0.18, 0.4)) * height / cutout.side)
    phase = rng.uniform(0, 6)
    for k in range(frames):
        s = scale * (1 + 0.04 * np.sin(k / 11 + phase))
        aim = np.array([0.5 + 0.06 * np.sin(k / 9 + phase), 0.45 + 0.03 * np.sin(k / 13)])
        # Never past the photograph's border.
        move = np.clip(aim * size - s * middle, np.array(size) - s * np.array([w, h]), 0)
        matrix = np.array([[s, 0, move[0]], [0, s, move[1]]])
        yield noisy(_warped(cutout.image, matrix, size), rng, 2.0), [truth(cutout, matrix)]


def close_up(
    take: Take, size: int, frames: int, zoom: float, rng: np.random.Generator
) -> Iterator[Picture]:
    """A clip's face in a nearly square picture, its box ``zoom`` of the side, with a slow drift."""
    box = np.median(np.array(take.boxes), 0)
    side = float(box[2] - box[0])
    order = [*range(len(take.images)), *range(len(take.images) - 1, -1, -1)]
    phase = rng.uniform(0, 6)
    for k in range(frames):
        n = order[k % len(order)]
        scale = zoom * size / side * (1 + 0.06 * np.sin(k / 23 + phase))
        x = (box[0] + box[2]) / 2 + 0.08 * side * np.sin(k / 17 + phase)
        y = (box[1] + box[3]) / 2 - 0.05 * side + 0.05 * side * np.sin(k / 29)
        matrix = np.array([[scale, 0, size / 2 - scale * x], [0, scale, size / 2 - scale * y]])
        image = _warped(take.images[n], matrix, (size, size))
        at = take.boxes[n]
        middle = matrix @ np.append((at[:2] + at[2:]) / 2, 1.0)
        yield (
            image,
            [Truth(float(middle[0]), float(middle[1]), scale * float(at[2] - at[0]))],
        )


def behind_a_hand(
    rng: np.random.Generator, near: Cutout, far: Cutout, side: float, frames: int
) -> Iterator[Picture]:
    """Somebody in front puts a hand before the face at frame 20; at frame 40 a second person
    comes into view beside, ``side`` wide. The hidden face counts for nothing meanwhile."""
    back = room(rng)
    x = float(rng.choice([150, 1130]))
    y = float(rng.uniform(120, 560))
    for k in range(frames):
        canvas = back.copy()
        matrix = transform(near, 640 + 6 * np.sin(k / 9), 330, 210)
        paste(canvas, near, matrix, False)
        seen = []
        if k >= 40:
            other = transform(far, x + 0.2 * side * np.sin(k / 8), y, side)
            paste(canvas, far, other, False)
            seen.append(truth(far, other, k - 40))
        seen.append(replace(truth(near, matrix), hidden=k >= 20))
        if k >= 20:
            reach = min(1.0, (k - 19) / 4)
            tone = [int(v) for v in np.median(near.image[near.matte > 0.9], 0)]
            cv2.ellipse(canvas, (640, int(760 - 400 * reach)), (130, 170), 0, 0, 360, tone, -1)
            for finger in range(4):
                at = (550 + 60 * finger, int(640 - 430 * reach))
                cv2.ellipse(canvas, at, (24, 110), 0, 0, 360, [int(0.9 * v) for v in tone], -1)
        yield noisy(canvas, rng, 1.5), seen


def two_in_motion(
    rng: np.random.Generator, take: Take, other: Cutout, frames: int
) -> Iterator[Picture]:
    """A clip's person, and a second one who comes from behind the edge, past the first one's
    cheek, and leans back again."""
    back = room(rng)
    left = rng.random() < 0.5
    face = np.median(np.array(take.boxes), 0)
    factor = SIZE[1] / take.images[0].shape[0]
    side = float(face[2] - face[0]) * factor
    inside = 0
    for k in range(frames):
        n = k % (2 * len(take.images))
        n = min(n, 2 * len(take.images) - 1 - n)
        image = cv2.resize(
            take.images[n], None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR
        )
        canvas = back.copy()
        start = (SIZE[0] - image.shape[1]) // 2
        canvas[:, start : start + image.shape[1]] = image[: SIZE[1], : SIZE[0]]
        box = take.boxes[n] * factor
        at = (box[:2] + box[2:]) / 2 + (start, 0)
        swing = 0.5 - 0.5 * np.cos(k / 22)
        apart = side * (3.2 - 2.1 * swing)
        matrix = transform(
            other, at[0] + (-apart if left else apart), at[1] + 0.25 * side, 0.85 * side, 12 * swing
        )
        own = Truth(float(at[0]), float(at[1]), float(box[2] - box[0]))
        paste(canvas, other, matrix, False, 1.6)
        # In view from the frame on in which half of the face is.
        second = truth(other, matrix)
        inside = inside + 1 if 0 <= second.x < SIZE[0] else 0
        yield noisy(canvas, rng, 1.5), [own, replace(second, age=inside)]


def darkened(
    scene: Iterator[Picture], share: float, sigma: float, rng: np.random.Generator
) -> Iterator[Picture]:
    """The same in the dark: values times ``share``, and noise."""
    for image, seen in scene:
        yield noisy(cv2.convertScaleAbs(image, alpha=share), rng, sigma), seen


def lit(
    scene: Iterator[Picture], lamp: Sequence[float], rng: np.random.Generator
) -> Iterator[Picture]:
    """The same under a lamp of this colour (3,), BGR, its strongest channel 1, and noise."""
    for image, seen in scene:
        yield noisy(in_light(image, lamp), rng, 2.0), seen


def huge(cutout: Cutout, factor: float, frames: int, rng: np.random.Generator) -> Iterator[Picture]:
    """A face ``factor`` times as high as the frame."""
    for k in range(frames):
        canvas = room(rng) if k == 0 else np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        x, y = 640 + 40 * np.sin(k / 9), 360 + 0.12 * factor * 720 * np.sin(k / 30)
        matrix = transform(cutout, x, y, factor * SIZE[1])
        canvas[:] = _warped(cutout.image, matrix, SIZE)
        yield noisy(canvas, rng, 1.5), [Truth(640.0, 360.0, 700.0)]


def turned(picture: Picture, quarters: int) -> Picture:
    """By quarter turns against the clock."""
    image, seen = picture
    for _ in range(quarters % 4):
        width = image.shape[1]
        image = np.ascontiguousarray(np.rot90(image))
        seen = [Truth(t.y, width - 1 - t.x, t.side, t.age) for t in seen]
    return image, seen


def pasted_group(rng: np.random.Generator, cutouts: Sequence[Cutout]) -> Picture:
    """A group picture of people from single photographs, some before others."""
    canvas = room(rng)
    seen: list[Truth] = []
    columns = rng.permutation(len(cutouts))
    for row, n in enumerate(columns):
        side = float(rng.uniform(45, 95))
        x = 90 + (SIZE[0] - 180) * (row + 0.5) / len(cutouts) + rng.normal(0, 10)
        y = 250 + 120 * (row % 2) + rng.normal(0, 20)
        matrix = transform(cutouts[n], x, y, side, float(rng.normal(0, 8)))
        paste(canvas, cutouts[n], matrix, False, 1.5)
        here = truth(cutouts[n], matrix)
        # Who is mostly behind somebody pasted later has no face to be hidden.
        apart = [np.hypot(t.x - here.x, t.y - here.y) / (t.side + here.side) for t in seen]
        seen = [replace(t, hidden=a < 0.55) for t, a in zip(seen, apart, strict=True)]
        seen.append(here)
    return noisy(canvas, rng, 1.0), seen


def clutter(rng: np.random.Generator, frames: int) -> Iterator[Picture]:
    """A room without anybody, the camera swaying."""
    large = room(rng, (1400, 800))
    if rng.random() < 0.4:  # a page or a screen with writing
        cv2.rectangle(large, (690, 20), (1330, 780), (235, 238, 240), -1)
        for y in range(60, 760, 34):
            words = "".join(rng.choice(list("abcdefgh iklmnop rstuvw"), 34))
            cv2.putText(large, words, (700, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    phase = rng.uniform(0, 6)
    for k in range(frames):
        x = int(60 + 55 * np.sin(k / 19 + phase))
        y = int(40 + 35 * np.sin(k / 27 + 2 * phase))
        yield noisy(large[y : y + SIZE[1], x : x + SIZE[0]], rng, 2.0), []
