"""Who is hidden, who is painted, and what is taken for somebody: a truth set that can be rerun.

``deepcam evaluate --coverage`` makes the films of ``scenes`` from photographs and clips, sends
them through ``Anonymizer`` with a painter that fills in plain colours, and counts, with the places
of all faces known by construction:

* raw: more than 90 % of a face's middle came out as it went in;
* late: raw within the first half second after somebody came into view in the middle of a film;
* parts: more than a quarter of it did;
* needless: pictures with one ordinary person and anything but that person's painted face;
* floating: faces painted where nobody is; covers where nobody is.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence

import cv2
import numpy as np

from deepcam.errors import DeepcamError
from deepcam.evaluation import scenes as make
from deepcam.evaluation.coverage_figures import Row
from deepcam.evaluation.material import Material, Photo
from deepcam.evaluation.rooms import SIZE
from deepcam.evaluation.scenes import Cutout, Picture, Scene, Take, Truth
from deepcam.frames import Frame, Image, MaskedFrame, Reason, SafeFrame
from deepcam.frames.outlines import centre, fill, size
from deepcam.identity.types import Identity, nobody
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.protection.plans import Plan
from deepcam.runtime.quiet import seal

Say = Callable[[str], None]
Part = tuple[Material, bool, bool, int, int]
"""Material, small, live, number of the first scene, every how manieth."""
GROUPS = (
    "one person talking", "one person filmed", "close-up", "turned second face", "small face",
    "small face beside somebody", "gallery", "arriving beside a hidden face", "two in motion",
    "dark", "coloured light", "larger than the frame", "pasted group", "turned photograph",
    "portrait", "nobody",
)  # fmt: skip
LAMPS = (
    (1.0, 0.05, 0.05), (0.05, 1.0, 0.05), (0.0, 0.0, 1.0), (1.0, 0.2, 0.2), (1.0, 0.1, 0.8),
    (0.9, 1.0, 0.1), (0.2, 1.0, 0.3), (0.1, 0.8, 1.0), (1.0, 0.35, 0.3),
)  # fmt: skip
"""Colours of light, BGR."""
GRACE = 13
"""Frames of half a second: what is raw in them counts as ``late``."""


class PlainPainter:
    """Fills what is to be painted with one colour; notes where."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []

    def warm_up(self) -> None:
        """Nothing to load."""

    def paint(
        self, masked: MaskedFrame, plans: Sequence[Plan], identities: Mapping[int, Identity]
    ) -> dict[str, float]:
        """As the generator: under the mask only."""
        self.plans = [p for p in plans if p.face is not None and p.face.pose is not None]
        region = np.zeros(masked.mask.shape, np.uint8)
        for plan in self.plans:
            fill(region, plan.outline, 255)
        masked.image[(region & masked.mask) > 0] = (90, 120, 160)
        return {}


def open_plain(still: bool, live: bool = True) -> tuple[Anonymizer, PlainPainter]:
    """The camera's whole way with a painter in plain colours."""
    painter = PlainPainter()
    settings = AnonymizerSettings(still=still, live=live, session_seed=1, identity=1)
    person = nobody()
    anonymizer = Anonymizer(settings, generator=painter, sample=lambda _: person)
    return anonymizer, painter


def unchanged(raw: Image, safe: Image, face: Truth) -> float:
    """Share of the middle of ``face`` that came out as it went in, 0..1; 0 outside the picture."""
    height, width = raw.shape[:2]
    r = max(2.0, 0.3 * face.side)
    x0, x1 = max(0, int(face.x - r)), min(width, int(face.x + r) + 1)
    y0, y1 = max(0, int(face.y - r)), min(height, int(face.y + r) + 1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return 0.0
    a, b = raw[y0:y1, x0:x1], safe[y0:y1, x0:x1]
    return float((a == b).all(2).mean())


def judge(scene: Scene, live: bool = True) -> Row:
    """Play ``scene`` and count."""
    row, alone = Row(), 0
    anonymizer, painter = open_plain(scene.still, live)
    try:
        for number, (image, faces) in enumerate(scene.play()):
            frame = Frame(np.ascontiguousarray(image), number / make.FPS, number)
            if number == 0 and not scene.still:
                for _ in range(7):
                    anonymizer.process(frame)
            painter.plans = []
            safe = anonymizer.process(frame)
            _count(row, scene, frame, safe, faces, painter.plans)
            alone = alone + 1 if not faces and safe.reason is not Reason.GENERATED else 0
            row.longest = max(row.longest, alone)
    finally:
        anonymizer.close()
    if row.raw:
        row.worst.append(f"{scene.name}: {row.raw} of {row.faces}")
    return row


def _count(
    row: Row, scene: Scene, frame: Frame, safe: SafeFrame, faces: list[Truth], plans: list[Plan]
) -> None:
    row.frames += 1
    row.faces += sum(not f.hidden for f in faces)
    card = safe.reason is Reason.CARD
    row.cards += card
    for face in faces:
        if face.hidden:
            continue
        share = 0.0 if card else unchanged(frame.image, safe.image, face)
        if share > 0.9:
            if face.age < GRACE:
                row.late += 1
            else:
                row.raw += 1
        row.parts += share > 0.25
        row.painted += any(_same(p, face) for p in plans)
    row.floating += sum(not any(_same(p, face) for face in faces) for p in plans)
    if scene.ordinary:
        row.ordinary += 1
        row.needless += not (safe.reason is Reason.GENERATED and safe.generated == 1)
    if not faces:
        row.covers += safe.reason is not Reason.GENERATED


def _same(plan: Plan, face: Truth) -> bool:
    x, y = centre(plan.outline)
    return float(np.hypot(x - face.x, y - face.y)) < 0.5 * max(face.side, size(plan.outline))


# Material


def cutouts(photos: Sequence[Photo], most: int, say: Say) -> list[Cutout]:
    """Photographs in which the detector, looking at all of it, finds exactly one clear face."""
    from deepcam.tracking.backend import choose_backend

    backend = choose_backend(0.2)
    found: list[Cutout] = []
    try:
        for photo in photos:
            if len(found) >= most:
                break
            try:
                image = photo.read()
            except DeepcamError:
                continue
            shrink = min(1.0, 560 / max(image.shape[:2]))
            image = np.asarray(
                cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA),
                np.uint8,
            )
            height, width = image.shape[:2]
            backend.submit(image, [(0, 0, width, height)], [])
            ((seen,), _) = backend.collect()
            if len(seen) != 1 or seen[0].score < 0.75:
                continue
            people = backend.persons(image)
            if people is None:
                people = np.ones((2, 2), np.float32)
            matte = cv2.resize(people, (width, height), interpolation=cv2.INTER_LINEAR)
            matte = np.clip((matte - 0.3) / 0.4, 0, 1).astype(np.float32)
            found.append(Cutout(image, seen[0].box, matte))
    finally:
        backend.close()
    say(f"{len(found)} photographs with one clear face.")
    return found


def takes(material: Material, most: int, frames: int) -> list[tuple[str, Take]]:
    """Clips in which every frame shows one face to the detector."""
    from deepcam.tracking.backend import choose_backend

    backend = choose_backend(0.2)
    out = []
    try:
        # Near ones and far ones in turns.
        for clip in sorted(material.clips, key=lambda c: c.path.name[::-1]):
            images, _ = clip.read(frames)
            boxes = []
            for image in images:
                height, width = image.shape[:2]
                backend.submit(image, [(0, 0, width, height)], [])
                ((seen,), _) = backend.collect()
                one = bool(seen) and seen[0].score >= 0.3 and all(d.score < 0.5 for d in seen[1:])
                boxes += [seen[0].box] if one else []
            if images and len(boxes) == len(images):
                out.append((clip.path.stem, Take(images, boxes)))
            if len(out) >= most:
                break
    finally:
        backend.close()
    return out


def scenes(people: list[Cutout], clips: list[tuple[str, Take]], small: bool) -> Iterator[Scene]:
    """The truth set; each scene plays once. ``small``: the part that gates continuous
    integration."""
    each = 1 if small else 6
    long, near = (20, 40) if small else (60, 100)
    rng = np.random.default_rng

    def draw(seed: int, count: int) -> list[Cutout]:
        chosen = rng(seed).choice(len(people), count, replace=len(people) < count)
        return [people[i] for i in chosen]

    def film(group: str, name: str, frames: Iterator[Picture], ordinary: bool = False) -> Scene:
        return Scene(group, name, False, ordinary, lambda: frames)

    for name, take in clips:
        yield film("one person talking", name, make.as_filmed(take), True)
    for k, one in enumerate(people[: 4 if small else 80]):
        frames = make.filmed(one, SIZE if k % 2 else (640, 480), 30, rng(k))
        yield film("one person filmed", f"{k}", frames, True)
    for name, take in clips[: 3 if small else None]:
        if take.images[0].shape[0] < 400:
            for n, zoom in enumerate((0.62, 0.75)[: 1 if small else 2]):
                frames = make.close_up(take, 480 + 32 * n, near, zoom, rng(n))
                yield film("close-up", f"{name} {zoom}", frames, True)
    for k in range(5 * each):
        one, two = draw(1000 + k, 2)
        angle = (60, 90, 135, 180, 225, 270)[k % 6]
        parts = [(one, 400, 360, 150, 0, False), (two, 900, 360, 90 + 20 * (k % 4), angle, False)]
        yield film("turned second face", f"{angle} degrees {k}", make.moving(rng(k), parts, long))
    for k in range(4 * each):
        size = (20, 24, 28, 34, 42, 50)[k % 6]
        x, y = rng(50 + k).uniform((100, 100), (1180, 620))
        alone = [(draw(2000 + k, 1)[0], float(x), float(y), size, 0, k % 2 == 0)]
        yield film("small face", f"{size} px {k}", make.moving(rng(k), alone, long))
    for k in range(each):
        one, two = draw(2500 + k, 2)
        far = (two, 1000 + 30 * k, 200 + 50 * k, 22 + 5 * (k % 5), 0, False)
        both = [(one, 500, 380, 190, 0, False), far]
        yield film("small face beside somebody", f"{k}", make.moving(rng(k), both, long))
    shapes = [(4, 4), (7, 7)]
    if not small:
        shapes = [(2, 7), (3, 3), (3, 5), (4, 4), (5, 5), (6, 6), (7, 7)]
    for rows, columns in shapes:
        many = draw(3000 + rows, rows * columns)
        frames = make.grid(rng(rows), many, rows, columns, long)
        yield film("gallery", f"{rows}x{columns}", frames)
    for k in range(2 * each):
        one, two = draw(4000 + k, 2)
        frames = make.behind_a_hand(rng(k), one, two, 24 + 6 * (k % 6), 100)
        yield film("arriving beside a hidden face", f"{k}", frames)
    for k in range(2 * each if clips else 0):
        name, take = clips[k % len(clips)]
        frames = make.two_in_motion(rng(k), take, draw(5000 + k, 1)[0], 80)
        yield film("two in motion", f"{name} {k}", frames)
    for k in range(each):
        share = (0.04, 0.06, 0.1)[k % 3]
        plain = make.moving(rng(k), [(draw(6000 + k, 1)[0], 640, 360, 170, 0, False)], long)
        yield film("dark", f"x{share} {k}", make.darkened(plain, share, 3.0, rng(k)))
    for k in range(2 * each):
        lamp = LAMPS[k % len(LAMPS)]
        plain = make.moving(rng(k), [(draw(6500 + k, 1)[0], 640, 360, 170, 0, False)], long)
        yield film("coloured light", f"{lamp} {k}", make.lit(plain, lamp, rng(k)), True)
    for k in range(each):
        factor = (1.2, 2.0, 4.5, 7.0)[k % 4]
        frames = make.huge(draw(7000 + k, 1)[0], factor, long // 2, rng(k))
        yield film("larger than the frame", f"x{factor} {k}", frames)
    for k in range(4 * each):
        group = make.pasted_group(rng(k), draw(8000 + k, 5))
        yield _still("pasted group", f"{k}", group)
    for k in range(4 * each):
        side = float(rng(k).uniform(60, 320))
        one = draw(9000 + k, 1)[0]
        upright = next(make.moving(rng(k), [(one, 600, 360, side, 0, True)], 1))
        for quarters in range(4):
            turned = make.turned(upright, quarters)
            yield _still("turned photograph", f"{90 * quarters} {k}", turned)
    for k, one in enumerate(people[: 10 if small else 200]):
        x, y = (one.box[:2] + one.box[2:]) / 2
        seen = [Truth(float(x), float(y), one.side)]
        yield _still("portrait", f"{k}", (one.image, seen), True)
    for k in range(2 if small else 30):
        yield film("nobody", f"room {k}", make.clutter(rng(100 + k), near))


def _still(group: str, name: str, picture: Picture, ordinary: bool = False) -> Scene:
    return Scene(group, name, True, ordinary, lambda: iter([picture]))


def measure(
    material: Material, small: bool, say: Say, live: bool = True, jobs: int = 1
) -> dict[str, Row]:
    """All scenes, counted by group, in ``jobs`` processes. The people are of photographs that no
    shipped network was trained on. Raises ``DeepcamError`` when the material holds too little."""
    unseen = [photo for photo in material.photos if photo.unseen]
    material = Material(tuple(unseen), material.clips)
    work = [(material, small, live, n, jobs) for n in range(jobs)]
    found: list[tuple[str, Row]] = []
    if jobs < 2:
        found = _part(work[0], say)
    else:
        with multiprocessing.get_context("spawn").Pool(jobs, seal) as pool:
            for part, said in pool.imap(_quietly, work):
                found += part
                for line in said:
                    say(line)
    rows: dict[str, Row] = {}
    for group, row in sorted(found, key=lambda pair: GROUPS.index(pair[0])):
        rows.setdefault(group, Row()).add(row)
    return rows


def _quietly(job: Part) -> tuple[list[tuple[str, Row]], list[str]]:
    said: list[str] = []
    return _part(job, said.append), said


def _part(job: Part, say: Say) -> list[tuple[str, Row]]:
    """Every ``of``-th scene from number ``first`` on: its group and what was counted."""
    material, small, live, first, of = job
    photos = sorted(material.photos, key=lambda p: (p.source, p.path.name))
    order = np.random.default_rng(11).permutation(len(photos))
    # Every process reads the same people; one tells.
    tell = say if first == 0 else lambda _: None
    people = cutouts([photos[i] for i in order], 40 if small else 220, tell)
    if len(people) < 20:
        raise DeepcamError(
            "Too little was found: fewer than 20 photographs with one clear face.",
            "Add photographs of single people.",
        )
    clips = takes(material, 3 if small else 24, 75)
    rows: list[tuple[str, Row]] = []
    for number, scene in enumerate(scenes(people, clips, small)):
        if number % of != first:
            continue
        found = judge(scene, live)
        rows.append((scene.group, found))
        if found.raw or found.needless or found.floating:
            say(
                f"{scene.group}, {scene.name}: {found.raw} raw of {found.faces}, "
                f"{found.needless} needless of {found.frames}, {found.floating} floating"
            )
    return rows
